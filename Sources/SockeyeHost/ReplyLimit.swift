internal import SockeyeTCP
internal import SockeyeWire

/// How often a host answers what belongs to no connection: so often a second to each peer, and so often in all.
///
/// - A peer is an IPv4 address, or an IPv6 network of 64 bits: whoever has one address there has them all. Its share is an
///   eighth, so no peer uses up what is for others.
/// - What is left in all is noise, up to a quarter, drawn anew for each second: who counts the answers that he still gets
///   can't tell whether a packet under another's address has taken one (RFC 4443 section 2.4; found in real resolvers as
///   CVE-2020-25705). The first of the two checks is the peer's own, so what one is refused costs the others nothing.
struct ReplyLimit {
  private let key: SecretKey
  private let perSecond: Int
  private let share: Int
  private var peers: PeerTable<TokenBucket>
  private var left = 0
  private var renewal: Instant?

  /// A full limit. Nothing passes at a rate of zero; rates too small to be shared are exact.
  ///
  /// - Parameters:
  ///   - perSecond: answers a second, at most.
  ///   - key: a key that nothing else has.
  ///   - peerLimit: how many peers are remembered.
  init(perSecond: Int, key: SecretKey, peerLimit: Int) {
    self.key = key
    self.perSecond = max(perSecond, 0)
    share = max(self.perSecond / 8, min(self.perSecond, 8))
    peers = PeerTable(limit: peerLimit)
  }

  /// Takes one answer to `peer` out of both limits, if there is one.
  mutating func allows(_ peer: IPAddress, now: Instant, using generator: inout SecretGenerator) -> Bool {
    let share = self.share
    let isWithinShare = peers.update(hash(peer), new: TokenBucket(perSecond: share, now: now)) { $0.take(now: now) }
    guard isWithinShare else { return false }
    if renewal.map({ now >= $0 }) ?? true {
      let noise = perSecond < 32 ? 0 : perSecond / 4
      left = perSecond - Int(generator.next(below: UInt64(noise + 1)))
      renewal = now + .milliseconds(1000 + Int64(generator.next(below: 256)))
    }
    guard left > 0 else { return false }
    left -= 1
    return true
  }

  private func hash(_ peer: IPAddress) -> UInt64 {
    let address = peer.asIPv6
    let low = peer.isIPv4 ? address.low : 0
    let ports = PortPair(local: 0, remote: 0)
    return FourTuple(localAddress: (0, 0), remoteAddress: (address.high, low), ports: ports).flowHash(key)
  }
}
