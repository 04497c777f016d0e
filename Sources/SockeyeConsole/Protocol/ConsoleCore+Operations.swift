internal import NIOCore
internal import SockeyeTalk
internal import SockeyeText
internal import SockeyeTransport

extension ConsoleCore {
  /// What becomes of a request, at once or later.
  typealias Answer = (Result<JSONObject, ConsoleError>) -> Void

  /// Does what is asked.
  func perform(_ request: ConsoleRequest, _ answer: @escaping Answer) {
    do throws(ConsoleError) {
      if let members = try performAtOnce(request) { answer(.success(members)) }
    } catch {
      answer(.failure(error))
    }
  }

  private func performAtOnce(_ request: ConsoleRequest) throws(ConsoleError) -> JSONObject? {
    var members = request.members
    switch request.operation {
    case "hello":
      try members.finish()
      return hello
    case "state":
      try members.finish()
      return ["state": savedState]
    case "save-state":
      let state = members.value("state") ?? .null
      try members.finish()
      guard state.text.utf8.count <= Self.largestState else { throw ConsoleError(.usage, .stateTooLarge) }
      savedState = state
      return [:]
    default: throw ConsoleError(.usage, .unknownOperation(request.operation))
    }
  }

  /// The most that is kept for a page, in bytes of JSON.
  private static let largestState = 1 << 20

  private var hello: JSONObject {
    [
      "protocol": 1,
      "program": .string(configuration.program),
      "language": .string(configuration.language.rawValue),
      "addresses": .strings(LocalAddresses.all),
      "encodings": ["utf-8", "gbk", "gb18030", "big5", "shift_jis", "euc-kr", "latin1", "utf-16le", "utf-16be"],
      "framings": ["raw", "gap", "line", "delimiter", "length", "fixed"],
      "checksums": .strings(ChecksumAlgorithm.all.map(\.name)),
      "sessions": [],
      "state": savedState,
    ]
  }
}
