internal import NIOCore
internal import SockeyeTalk

/// The operations on a forwarder's messages.
extension ConsoleCore {
  private func takeForwarder(_ members: inout Members) throws(ConsoleError) -> ConsoleSession {
    let session = try takeSession(&members)
    guard session.settings.kind == .forwarder else { throw ConsoleError(.usage, .noForwarder) }
    return session
  }

  private func takeNumber(_ members: inout Members) throws(ConsoleError) -> Int {
    guard let number = try members.integer("message", in: 1...Int.max) else {
      throw ConsoleError(.usage, .memberMissing("message"))
    }
    return number
  }

  func hold(_ members: inout Members) throws(ConsoleError) -> JSONObject {
    let session = try takeForwarder(&members)
    let isHolding = try members.bool("hold") ?? true
    try members.finish()
    session.hold(isHolding)
    return [:]
  }

  func release(_ members: inout Members) throws(ConsoleError) -> JSONObject {
    let session = try takeForwarder(&members)
    let number = try takeNumber(&members)
    let drops = try members.bool("drop") ?? false
    let form = try members.object("data").map { json throws(ConsoleError) in try MessageForm(json) }
    try members.finish()
    let replacement = try form.map { form throws(ConsoleError) in
      try form.compose(encoding: session.settings.encoding, framing: .raw, &session.variables).bytes
    }
    try session.release(number) { bytes in drops ? nil : replacement ?? bytes }
    return [:]
  }

  func replay(_ members: inout Members) throws(ConsoleError) -> JSONObject {
    let session = try takeForwarder(&members)
    let number = try takeNumber(&members)
    try members.finish()
    try session.replay(number)
    return [:]
  }
}
