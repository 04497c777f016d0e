internal import NIOCore
internal import SockeyeTalk
internal import SockeyeText

/// The operations on other programs' files of messages.
extension ConsoleCore {
  /// Reads a file of messages.
  func importMessages(_ members: inout Members) throws(ConsoleError) -> JSONObject {
    let kind = try members.choice("kind", QuickFile.self)
    let data = try members.requiredString("data")
    try members.finish()
    guard let bytes = Base64.bytes(data) else { throw ConsoleError(.usage, .memberTakes("data", .base64)) }
    let text = QuickFile.decoded(bytes)
    let file = kind ?? QuickFile(lookingAt: text)
    return ["kind": .string(file.rawValue), "messages": .array(file.read(text).map(\.json))]
  }

  /// Writes a file of messages.
  func exportMessages(_ members: inout Members) throws(ConsoleError) -> JSONObject {
    guard let kind = try members.choice("kind", QuickFile.self) else {
      throw ConsoleError(.usage, .memberMissing("kind"))
    }
    let json = try members.array("messages", atMost: QuickMessage.most) ?? []
    try members.finish()
    let messages = try json.map { json throws(ConsoleError) in try QuickMessage.read(json) }
    return ["file": .string(kind.fileName), "data": .string(Base64.text(try Self.write(messages, as: kind)))]
  }

  private static func write(_ messages: [(QuickMessage, MessageForm)], as kind: QuickFile) throws(ConsoleError)
    -> [UInt8]
  {
    switch kind {
    case .csv: return Array(TableFile.write(messages.map(\.0)).utf8)
    case .sscom:
      let text = Array(SSCOMFile.write(messages.map(\.0)).utf8)
      guard let encoding = try? TextEncoding("gbk") else { return text }
      return Transcoder.convert(text, from: .utf8, to: encoding).bytes
    case .packetSender:
      var variables = Variables()
      let composed = try messages.map { message, form throws(ConsoleError) in
        let bytes = try form.compose(encoding: .utf8, framing: .raw, &variables).bytes
        return (message, Array(bytes.readableBytesView))
      }
      return Array(PacketSenderFile.write(composed).utf8)
    }
  }
}
