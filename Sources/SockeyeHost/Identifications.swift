internal import SockeyeTCP
internal import SockeyeWire

/// The identifications of packets that may be fragmented (RFC 791, RFC 8200 section 4.5).
///
/// What one receiver sees of them tells nothing of what others were sent, whom nobody could find and reset who couldn't count
/// their packets: a packet that can't be fragmented has none (RFC 6864 section 4.1).
///
/// - IPv4 has 16 bits, too few to be drawn: two packets whose fragments are under way at once would soon share one. So
///   each pair of addresses counts by itself, from a random number on (RFC 7739 section 5.1, RFC 6864 section 4.3).
/// - IPv6 has 32 bits, which are random for each packet (RFC 7739 section 5.2).
struct Identifications {
  private let key: SecretKey
  private var counters: PeerTable<UInt16>

  /// Identifications under a key of their own, which remember so many pairs of addresses.
  init(key: SecretKey, peerLimit: Int) {
    self.key = key
    counters = PeerTable(limit: peerLimit)
  }

  /// The next one from one address to another, of IPv4.
  mutating func next(
    from source: IPv4Address,
    to destination: IPv4Address,
    protocolNumber: UInt8,
    using generator: inout SecretGenerator
  ) -> UInt16 {
    let pair = FourTuple(
      localAddress: (0, UInt64(source.rawValue)),
      remoteAddress: (0, UInt64(destination.rawValue)),
      ports: PortPair(local: UInt16(protocolNumber), remote: 0)
    )
    let start = UInt16(truncatingIfNeeded: generator.next())
    return counters.update(pair.flowHash(key), new: start) { counter in
      counter &+= 1
      return counter
    }
  }

  /// The next one of IPv6.
  func next(using generator: inout SecretGenerator) -> UInt32 {
    UInt32(truncatingIfNeeded: generator.next())
  }
}
