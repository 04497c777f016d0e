internal import NIOCore
internal import SockeyeTalk
internal import SockeyeText
internal import SockeyeTransport

extension ConsoleCore {
  /// What becomes of a request, at once or later.
  typealias Answer = (Result<JSONObject, ConsoleError>) -> Void

  /// Does what is asked.
  func perform(_ request: ConsoleRequest, from line: ConsoleLine, _ answer: @escaping Answer) {
    var members = request.members
    do throws(ConsoleError) {
      if request.operation == "hello" { return answer(.success(try greet(line, &members))) }
      if request.operation == "open" { return try open(&members, answer) }
      if request.operation == "record-end" { return try endRecord(&members, answer) }
      if request.operation == "diagram" { return try diagram(&members, answer) }
      if let result = try performForSession(request.operation, &members) { return answer(.success(result)) }
      if let result = try performForAll(request.operation, &members) { return answer(.success(result)) }
      throw ConsoleError(.usage, .unknownOperation(request.operation))
    } catch {
      answer(.failure(error))
    }
  }

  private func performForAll(_ operation: String, _ members: inout Members) throws(ConsoleError) -> JSONObject? {
    switch operation {
    case "state":
      try members.finish()
      return ["state": savedState]
    case "save-state": return try saveState(&members)
    case "preview": return try preview(&members)
    case "convert": return try convert(&members)
    case "import": return try importMessages(&members)
    case "export": return try exportMessages(&members)
    case "dry-run": return try dryRun(&members)
    default: return nil
    }
  }

  private func performForSession(_ operation: String, _ members: inout Members) throws(ConsoleError) -> JSONObject? {
    switch operation {
    case "close": return try close(&members)
    case "remove": return try remove(&members)
    case "rename": return try rename(&members)
    case "send": return try send(&members)
    case "kick", "half-close": return try end(operation, &members)
    case "add-peer": return try addPeer(&members)
    case "hold": return try hold(&members)
    case "release": return try release(&members)
    case "replay": return try replay(&members)
    case "status": return try watchStatus(&members)
    case "rules": return try setRules(&members)
    case "cycle": return try cycle(&members)
    case "stop": return try stop(&members)
    case "record": return try record(&members)
    default: return nil
    }
  }

  // MARK: The console itself

  /// The most that is kept for a page, in bytes of JSON.
  private static let largestState = 1 << 20

  private func saveState(_ members: inout Members) throws(ConsoleError) -> JSONObject {
    let state = members.value("state") ?? .null
    try members.finish()
    guard state.text.utf8.count <= Self.largestState else { throw ConsoleError(.usage, .stateTooLarge) }
    savedState = state
    return [:]
  }

  private func greet(_ line: ConsoleLine, _ members: inout Members) throws(ConsoleError) -> JSONObject {
    let wantsBlocks = try members.bool("blocks") ?? false
    try members.finish()
    guard !wantsBlocks || line.takeBlocks() else { throw ConsoleError(.usage, .unknownMember("blocks")) }
    return hello
  }

  private var hello: JSONObject {
    [
      "protocol": 1,
      "program": .string(configuration.program),
      "language": .string(configuration.language.rawValue),
      "diagrams": .bool(diagrams.sight != nil),
      "stack": configuration.stack.map { .string($0.argument) } ?? .null,
      "addresses": .strings(addresses),
      "encodings": ["utf-8", "gbk", "gb18030", "big5", "shift_jis", "euc-kr", "latin1", "utf-16le", "utf-16be"],
      "framings": ["raw", "gap", "line", "delimiter", "length", "fixed", "json"],
      "checksums": .strings(ChecksumAlgorithm.all.map(\.name)),
      "protocols": .strings(protocols.map(\.rawValue)),
      "sessions": .array(sessions.map(\.json)),
      "state": savedState,
    ]
  }

  /// The addresses of whoever's stack it is, every address first.
  private var addresses: [String] {
    guard let stack = configuration.stack else { return LocalAddresses.all }
    return ["0.0.0.0", "::"] + stack.addresses
  }

  /// What sessions may speak: a host of our own has neither Unix sockets nor groups.
  private var protocols: [SessionSettings.Kind] {
    SessionSettings.Kind.allCases.filter { configuration.stack == nil || !$0.isUnix && $0 != .multicast }
  }

  // MARK: Messages

  private func preview(_ members: inout Members) throws(ConsoleError) -> JSONObject {
    let message = try MessageForm(try members.requiredObject("message"))
    let id = try members.string("session")
    try members.finish()
    let session = try id.map { id throws(ConsoleError) in try find(id) }
    var variables = session?.variables ?? Variables()
    let encoding = session?.settings.encoding ?? .utf8
    let composed = try message.compose(encoding: encoding, framing: session?.settings.sendFraming ?? .raw, &variables)
    let bytes = Array(composed.bytes.readableBytesView)
    return [
      "bytes": .integer(bytes.count), "hex": .string(Hex.text(bytes)),
      "text": .string(String(decoding: Transcoder.convert(bytes, from: encoding, to: .utf8).bytes, as: UTF8.self)),
      "check": .string(Hex.text(composed.checksum)),
    ]
  }

  private func convert(_ members: inout Members) throws(ConsoleError) -> JSONObject {
    let text = try members.requiredString("text")
    let source = try members.choice("from", MessageForm.Form.self) ?? .text
    let destination = try members.choice("to", MessageForm.Form.self) ?? .text
    let name = try members.string("encoding") ?? "utf-8"
    try members.finish()
    do throws(Failure) {
      var settings = Composer.Settings()
      settings.encoding = try TextEncoding(name)
      settings.notation = source == .hex ? .hex : .text
      let typed = source == .hex ? MessageForm.paired(text) : text
      let bytes = Array(try Composer.compose([.typed(Array(typed.utf8))], settings).bytes.readableBytesView)
      if destination == .hex { return ["text": .string(Hex.text(bytes))] }
      let decoded = Transcoder.convert(bytes, from: settings.encoding, to: .utf8).bytes
      return ["text": .string(String(decoding: decoded, as: UTF8.self))]
    } catch {
      throw ConsoleError(error)
    }
  }
}

/// Bytes in hexadecimal, as people write them: digits in pairs, spaces between them.
enum Hex {
  private static let digits = Array("0123456789ABCDEF".utf8)

  static func text(_ bytes: some Collection<UInt8>) -> String {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count * 3)
    for byte in bytes {
      if !result.isEmpty { result.append(UInt8(ascii: " ")) }
      result += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
    return String(decoding: result, as: UTF8.self)
  }
}
