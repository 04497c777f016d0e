package import NIOCore

/// HTTP's CONNECT (RFC 9110, section 9.3.6).
package struct ConnectNegotiation: ProxyNegotiation {
  /// The longest head that an answer may have, all interim ones together, in bytes.
  package static let longestHead = 16 << 10

  private let proxy: ProxyServer
  private let target: ProxyTarget
  private var head: [UInt8] = []
  private var taken = 0

  package init(_ proxy: ProxyServer, to target: ProxyTarget) {
    self.proxy = proxy
    self.target = target
  }

  /// The target has a port, whatever it is (RFC 9112, section 3.2.3).
  package func start() -> ByteBuffer {
    let authority = "\(Endpoint(location: .network(host: target.host, port: target.port)))"
    var lines = ["CONNECT \(authority) HTTP/1.1", "Host: \(authority)", "User-Agent: sockeye"]
    if let authorization = proxy.authorization { lines.append("Proxy-Authorization: \(authorization)") }
    return ByteBuffer(string: (lines + ["", ""]).joined(separator: "\r\n"))
  }

  package mutating func take(_ buffer: inout ByteBuffer) throws(Failure) -> ProxyStep {
    while let byte = buffer.readInteger(as: UInt8.self) {
      head.append(byte)
      taken += 1
      guard taken <= Self.longestHead else { throw Failure(.peerProtocol, .headTooLong(proxy)) }
      guard byte == UInt8(ascii: "\n"), Self.isComplete(head) else { continue }
      let line = String(decoding: head.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }, as: UTF8.self)
      head.removeAll(keepingCapacity: true)
      if try judge(line) { return .connected }
    }
    return .wait
  }

  private static func isComplete(_ head: [UInt8]) -> Bool {
    head.suffix(4).elementsEqual("\r\n\r\n".utf8) || head.suffix(2).elementsEqual("\n\n".utf8)
  }

  /// - Returns: Whether the connection is there; not yet, after an interim answer (section 15.2).
  private func judge(_ line: String) throws(Failure) -> Bool {
    let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard words.count >= 2, words[0].hasPrefix("HTTP/1."), words[1].utf8.count == 3, let status = UInt(words[1]),
      status >= 100
    else { throw Failure(.peerProtocol, .notProxy(proxy)) }
    switch status {
    case 100..<200: return false
    case 200..<300: return true
    // tinyproxy refuses a wrong password by the status that servers have.
    case 401, 407:
      throw Failure(.authentication, proxy.login == nil ? .needsName(proxy) : .refusesName(proxy))
    default:
      // What the proxy can't reach for the moment it says by the statuses of a gateway (sections 15.6.3 and 15.6.5).
      let isShown = words.count > 2 && words[2].utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f }
      let reason = isShown ? " \(words[2].prefix(80))" : ""
      let isPassing = status == 429 || status >= 500
      throw Failure(isPassing ? .network : .serverReported, .refuses(proxy, target.name, "\(status)\(reason)"))
    }
  }
}
