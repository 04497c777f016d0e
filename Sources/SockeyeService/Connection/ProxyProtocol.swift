import NIOCore

/// The PROXY protocol, versions 1 and 2, by which a proxy says on whose behalf it connects.
///
/// It is believed only from addresses that the operator named, and there it is demanded.
enum ProxyProtocol {
  /// What the first bytes of a connection come to.
  enum Result {
    case incomplete
    case malformed
    /// A header of so many bytes; no source when the proxy speaks for itself or for an unknown address.
    case header(length: Int, source: SocketAddress?)
  }

  private static let signature: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]
  /// The longest line of version 1, with its end.
  private static let longestLine = 107

  static func parse(_ buffer: ByteBuffer) -> Result {
    let bytes = Array(buffer.readableBytesView.prefix(16 + 65_535))
    if bytes.starts(with: signature) { return parseBlock(bytes) }
    if signature.starts(with: bytes) { return .incomplete }
    let word = Array("PROXY ".utf8)
    guard bytes.starts(with: word) || word.starts(with: bytes) else { return .malformed }
    return parseLine(bytes)
  }

  /// Version 1: `PROXY TCP4 192.0.2.1 198.51.100.2 40000 80` and CR LF.
  private static func parseLine(_ bytes: [UInt8]) -> Result {
    guard let end = bytes.prefix(longestLine).firstIndex(of: UInt8(ascii: "\n")) else {
      return bytes.count >= longestLine ? .malformed : .incomplete
    }
    guard end > 0, bytes[end - 1] == UInt8(ascii: "\r") else { return .malformed }
    let words = String(decoding: bytes[..<(end - 1)], as: UTF8.self).split(
      separator: " ",
      omittingEmptySubsequences: false
    )
    guard words.count >= 2 else { return .malformed }
    switch words[1] {
    case "UNKNOWN":
      return .header(length: end + 1, source: nil)
    case "TCP4", "TCP6":
      guard words.count == 6, let port = UInt16(words[4]), UInt16(words[5]) != nil,
        let source = try? SocketAddress(ipAddress: String(words[2]), port: Int(port)),
        (source.protocol == .inet) == (words[1] == "TCP4")
      else { return .malformed }
      return .header(length: end + 1, source: source)
    default:
      return .malformed
    }
  }

  /// Version 2: the signature, version and command, family, the length of the rest, the addresses.
  private static func parseBlock(_ bytes: [UInt8]) -> Result {
    guard bytes.count >= 16 else { return .incomplete }
    guard bytes[12] >> 4 == 2, bytes[12] & 15 <= 1 else { return .malformed }
    let length = 16 + (Int(bytes[14]) << 8 | Int(bytes[15]))
    guard bytes.count >= length else { return .incomplete }
    guard bytes[12] & 15 == 1 else { return .header(length: length, source: nil) }
    let body = bytes[16..<length]
    switch bytes[13] >> 4 {
    case 1:
      guard body.count >= 12 else { return .malformed }
      return .header(length: length, source: address(body.prefix(4), port: body.dropFirst(8)))
    case 2:
      guard body.count >= 36 else { return .malformed }
      return .header(length: length, source: address(body.prefix(16), port: body.dropFirst(32)))
    default:
      return .header(length: length, source: nil)
    }
  }

  private static func address(_ address: ArraySlice<UInt8>, port: ArraySlice<UInt8>) -> SocketAddress? {
    let port = Int(port[port.startIndex]) << 8 | Int(port[port.startIndex + 1])
    return try? SocketAddress(packedIPAddress: ByteBuffer(bytes: address), port: port)
  }
}
