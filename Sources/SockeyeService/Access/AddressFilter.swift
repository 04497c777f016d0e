public import NIOCore
public import SockeyeTransport

/// A block of addresses in the notation of CIDR: `192.0.2.0/24`, `2001:db8::/32`, or one address.
public struct AddressBlock: Hashable, Sendable {
  private let prefix: [UInt8]
  private let length: Int

  /// Reads a block.
  ///
  /// - Throws: A failure of kind `usage`.
  public init(_ text: String) throws(Failure) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = try? SocketAddress(ipAddress: String(parts[0]), port: 0) else {
      throw Failure(.usage, .badBlock(text))
    }
    prefix = Self.bytes(of: address)
    guard parts.count == 2 else {
      self.length = prefix.count * 8
      return
    }
    guard let length = UInt8(parts[1]), Int(length) <= prefix.count * 8 else {
      throw Failure(.usage, .badPrefix(text, prefix.count * 8))
    }
    self.length = Int(length)
  }

  /// Whether an address lies in the block. An IPv4 address that arrived by IPv6 counts as IPv4.
  public func contains(_ address: SocketAddress) -> Bool {
    let bytes = Self.bytes(of: address)
    guard bytes.count == prefix.count else { return false }
    for index in 0..<(length / 8) where bytes[index] != prefix[index] { return false }
    let rest = length % 8
    return rest == 0 || (bytes[length / 8] ^ prefix[length / 8]) >> (8 - rest) == 0
  }

  private static func bytes(of address: SocketAddress) -> [UInt8] {
    switch address {
    case .v4:
      // After the family and the port.
      return self.bytes(of: address, 4..<8)
    case .v6:
      // After the family, the port and the flow label.
      let bytes = self.bytes(of: address, 8..<24)
      let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xff && bytes[11] == 0xff
      return isMapped ? Array(bytes.suffix(4)) : bytes
    case .unixDomainSocket:
      return []
    }
  }

  private static func bytes(of address: SocketAddress, _ range: Range<Int>) -> [UInt8] {
    address.withSockAddr { pointer, size in
      Array(UnsafeRawBufferPointer(start: pointer, count: size)[range])
    }
  }
}

/// Who may connect: those allowed, if any are named, less those denied.
public struct AddressFilter: Sendable {
  /// If not empty, nobody else is admitted.
  public var allowed: [AddressBlock] = []
  /// Addresses that are turned away, even if they are allowed.
  public var denied: [AddressBlock] = []

  /// Admits everybody.
  public init() {}

  /// Whether a peer is admitted. One without an address, on a Unix domain socket, always is.
  func admits(_ peer: SocketAddress?) -> Bool {
    guard let peer, peer.protocol != .unix else { return true }
    if denied.contains(where: { $0.contains(peer) }) { return false }
    return allowed.isEmpty || allowed.contains { $0.contains(peer) }
  }
}
