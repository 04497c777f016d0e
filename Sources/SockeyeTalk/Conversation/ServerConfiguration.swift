public import NIOCore
public import SockeyeTransport

/// How a server of conversations behaves.
public struct ServerConfiguration: Sendable {
  /// How each conversation is held.
  public var conversation = ConversationConfiguration()
  /// Whether datagrams are listened for, not streams.
  public var isDatagram = false
  /// How streams are listened for.
  public var listen = ListenOptions()
  /// How datagrams are listened for.
  public var datagrams = DatagramOptions()
  /// Whether the server ends with its first client.
  public var isOnce = false
  /// How many clients are served at a time; the others wait, first come first served.
  public var maximumClients: Int?
  /// How many clients may wait; more are not accepted until then.
  public var maximumWaiting = 1024
  /// How many peers that send datagrams are remembered at a time.
  public var maximumDatagramPeers = 65_536
  /// Who is admitted.
  public var filter = AddressFilter()
  /// What is said to all clients.
  public var input: InputSettings?
  /// Whether nothing but the echo is wanted: no event but ``ConversationEvent/listening(_:)`` and notices is reported.
  public var isBareEcho = false

  /// The defaults.
  public init() {}
}

/// Which addresses are admitted.
public struct AddressFilter: Sendable {
  /// A network: an address and how many of its bits count.
  public struct Network: Hashable, Sendable {
    fileprivate let bytes: [UInt8]
    fileprivate let prefixLength: Int

    /// Reads a network such as `10.0.0.0/8`, `2001:db8::/32`, or a single address.
    ///
    /// - Throws: A failure of kind `usage`.
    public init(_ text: String) throws(Failure) {
      let parts = text.split(separator: "/", omittingEmptySubsequences: false)
      guard let host = parts.first, let bytes = SocketAddressBytes.of(String(host)), parts.count <= 2 else {
        throw Failure(.usage, .badNetwork(text))
      }
      let bits = bytes.count * 8
      guard let length = parts.count == 1 ? bits : Int(parts[1]), (0...bits).contains(length) else {
        throw Failure(.usage, .badPrefix(text, bits))
      }
      self.bytes = bytes
      prefixLength = length
    }

    fileprivate func contains(_ address: [UInt8]) -> Bool {
      guard address.count == bytes.count else { return false }
      let whole = prefixLength / 8
      guard address[..<whole] == bytes[..<whole] else { return false }
      let rest = prefixLength % 8
      guard rest > 0 else { return true }
      let mask = UInt8(truncatingIfNeeded: 0xFF00 >> rest)
      return address[whole] & mask == bytes[whole] & mask
    }
  }

  /// Networks that are admitted; none means all.
  public var allowed: [Network] = []
  /// Networks that are not, whatever else is said.
  public var denied: [Network] = []

  /// Admits everybody.
  public init() {}

  /// Whether a peer is admitted. A peer without an Internet address always is.
  public func admits(_ address: SocketAddress?) -> Bool {
    if allowed.isEmpty && denied.isEmpty { return true }
    guard let address, let bytes = SocketAddressBytes.of(address) else { return true }
    if denied.contains(where: { $0.contains(bytes) }) { return false }
    return allowed.isEmpty || allowed.contains { $0.contains(bytes) }
  }
}

/// The bytes of an Internet address.
enum SocketAddressBytes {
  static func of(_ text: String) -> [UInt8]? {
    guard let address = try? SocketAddress(ipAddress: text, port: 0) else { return nil }
    return of(address)
  }

  /// Four bytes, or sixteen. An IPv4 address inside IPv6 has four.
  static func of(_ address: SocketAddress) -> [UInt8]? {
    guard let bytes = address.addressBytes else { return nil }
    let isMapped = bytes.count == 16 && bytes[..<10].allSatisfy { $0 == 0 } && bytes[10..<12].allSatisfy { $0 == 0xFF }
    return isMapped ? Array(bytes[12...]) : bytes
  }
}
