internal import SockeyeHost
internal import SockeyeWire

/// `struct sockaddr_in` and `struct sockaddr_in6` as Linux lays them out, byte by byte, so that they are the same wherever
/// this is compiled.
enum SocketAddress {
  static let internet: CInt = 2
  static let internet6: CInt = 10
  private static let length4 = 16
  private static let length6 = 28

  /// The endpoint that a caller's address names.
  ///
  /// - Throws: `invalid` if it is too short, `addressFamily` if it is of no family known here.
  static func read(_ address: UnsafeRawPointer?, _ length: UInt32) throws(SocketError) -> Endpoint {
    guard let address, length >= 2 else { throw .invalid }
    let bytes = UnsafeRawBufferPointer(start: address, count: Int(length))
    let family = CInt(bytes.loadUnaligned(as: UInt16.self))
    switch family {
    case internet:
      guard bytes.count >= length4 else { throw .invalid }
      let raw = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
      return Endpoint(.v4(IPv4Address(rawValue: raw)), port: port(bytes))
    case internet6:
      guard bytes.count >= length6 else { throw .invalid }
      let high = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      let low = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
      return Endpoint(.v6(IPv6Address(high: high, low: low)), port: port(bytes))
    default:
      throw .addressFamily
    }
  }

  private static func port(_ bytes: UnsafeRawBufferPointer) -> UInt16 {
    UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
  }

  /// Writes an endpoint for a socket of `family` where a caller wants it, cut off where its room ends, and how long it is.
  static func write(
    _ endpoint: Endpoint,
    family: AddressFamily,
    to address: UnsafeMutableRawPointer?,
    _ length: UnsafeMutablePointer<UInt32>?
  ) {
    guard let address, let length else { return }
    var bytes: [UInt8]
    switch (family, endpoint.address) {
    case (.v4, .v4(let own)):
      bytes = header(internet, endpoint.port) + bigEndian(UInt64(own.rawValue), count: 4)
      bytes += [UInt8](repeating: 0, count: length4 - bytes.count)
    case (_, let own):
      bytes = header(internet6, endpoint.port) + [0, 0, 0, 0]
      bytes += bigEndian(own.asIPv6.high, count: 8) + bigEndian(own.asIPv6.low, count: 8) + [0, 0, 0, 0]
    }
    UnsafeMutableRawBufferPointer(start: address, count: min(Int(length.pointee), bytes.count))
      .copyBytes(from: bytes.prefix(Int(length.pointee)))
    length.pointee = UInt32(bytes.count)
  }

  private static func header(_ family: CInt, _ port: UInt16) -> [UInt8] {
    withUnsafeBytes(of: UInt16(truncatingIfNeeded: family)) { [UInt8]($0) } + bigEndian(UInt64(port), count: 2)
  }

  private static func bigEndian(_ value: UInt64, count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * (count - 1 - $0))) }
  }
}
