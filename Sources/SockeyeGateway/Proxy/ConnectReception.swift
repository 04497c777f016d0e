internal import NIOCore
internal import SockeyeText

/// A client that speaks HTTP and asks for a tunnel by CONNECT (RFC 9110, section 9.3.6), the only method that there is.
struct ConnectReception: ProxyReception {
  /// The longest head of a request, in bytes.
  static let longestHead = 16 << 10

  private let wantsUser: Bool
  private var head: [UInt8] = []
  private var destination: ProxyDestination?

  init(wantsUser: Bool) { self.wantsUser = wantsUser }

  var name: String { "http" }

  mutating func take(_ buffer: inout ByteBuffer) throws(ReceptionFault) -> ReceptionStep {
    while let byte = buffer.readInteger(as: UInt8.self) {
      head.append(byte)
      guard head.count <= Self.longestHead else { throw Self.fault("431 Request Header Fields Too Large") }
      guard byte == UInt8(ascii: "\n"), Self.isComplete(head) else { continue }
      return try judge()
    }
    return .wait
  }

  private static func isComplete(_ head: [UInt8]) -> Bool {
    head.suffix(4).elementsEqual("\r\n\r\n".utf8) || head.suffix(2).elementsEqual("\n\n".utf8)
  }

  private mutating func judge() throws(ReceptionFault) -> ReceptionStep {
    guard head.allSatisfy({ $0 < 0x7f && ($0 >= 0x20 || $0 == 0x09 || $0 == 0x0a || $0 == 0x0d) }) else {
      throw Self.fault("400 Bad Request")
    }
    // A carriage return and a line feed are one character.
    let lines = String(decoding: head, as: UTF8.self).split(
      omittingEmptySubsequences: false,
      whereSeparator: \.isNewline
    )
    let words = lines.first?.split(separator: " ", omittingEmptySubsequences: false) ?? []
    guard words.count == 3, words[2] == "HTTP/1.1" || words[2] == "HTTP/1.0" else {
      throw Self.fault("400 Bad Request")
    }
    guard words[0] == "CONNECT" else {
      throw Self.fault("405 Method Not Allowed", ["Allow: CONNECT"], "This proxy only carries tunnels (curl -p).\n")
    }
    guard let colon = words[1].lastIndex(of: ":"), let port = Self.port(words[1][words[1].index(after: colon)...]),
      let destination = ProxyDestination(words[1][..<colon], port: port)
    else { throw Self.fault("400 Bad Request") }
    guard wantsUser else { return .request(.connect(destination)) }
    self.destination = destination
    guard let (user, password) = Self.credentials(lines.dropFirst()) else { throw Self.wrongPassword }
    return .check(user: user, password: password)
  }

  /// A number without a sign.
  private static func port(_ text: Substring) -> UInt16? {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt16(text) : nil
  }

  /// What the only Proxy-Authorization field says, in the scheme that tells the password itself (RFC 7617).
  private static func credentials(_ fields: some Sequence<Substring>) -> (user: String, password: [UInt8])? {
    let values = fields.compactMap { field -> Substring? in
      let parts = field.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      return parts.count == 2 && parts[0].lowercased() == "proxy-authorization" ? parts[1] : nil
    }
    let words = values.first?.split(whereSeparator: \.isWhitespace) ?? []
    guard values.count == 1, words.count == 2, words[0].lowercased() == "basic", words[1].utf8.count <= 1024,
      let bytes = Base64.bytes(words[1]), let colon = bytes.firstIndex(of: UInt8(ascii: ":"))
    else { return nil }
    return (String(decoding: bytes[..<colon], as: UTF8.self), Array(bytes[(colon + 1)...]))
  }

  mutating func checked(_ isUser: Bool) throws(ReceptionFault) -> ReceptionStep {
    guard isUser, let destination else { throw Self.wrongPassword }
    return .request(.connect(destination))
  }

  private static var wrongPassword: ReceptionFault {
    fault("407 Proxy Authentication Required", ["Proxy-Authenticate: Basic realm=\"sockeye\", charset=\"UTF-8\""])
  }

  private static func fault(_ status: String, _ fields: [String] = [], _ body: String = "") -> ReceptionFault {
    ReceptionFault(answer: response(status, fields, body))
  }

  private static func response(_ status: String, _ fields: [String] = [], _ body: String = "") -> ByteBuffer {
    let lines =
      ["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)", "Connection: close"] + fields + ["", body]
    return ByteBuffer(string: lines.joined(separator: "\r\n"))
  }

  func answer(to outcome: ProxyOutcome) -> ByteBuffer {
    switch outcome {
    // No field says how long the answer is: what follows is the server's (RFC 9110, section 9.3.6).
    case .done: ByteBuffer(string: "HTTP/1.1 200 Connection established\r\n\r\n")
    case .refused(.tooMany), .failed(.noRoom): Self.response("503 Service Unavailable")
    case .refused, .failed(.prohibited): Self.response("403 Forbidden")
    case .failed(.timedOut): Self.response("504 Gateway Timeout")
    case .failed, .unknownName: Self.response("502 Bad Gateway")
    }
  }
}
