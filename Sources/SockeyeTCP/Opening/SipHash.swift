/// SipHash-2-4 (Aumasson, Bernstein 2012): a pseudo-random function of 64-bit words under a secret key.
///
/// What an attacker must not predict about a tuple comes from it: initial sequence numbers, timestamp offsets, port offsets,
/// SYN and fast-open cookies, places in tables; each under a key of its own, which `HostSecret` derives. All take whole words,
/// so the last block holds nothing but the length.
struct SipHash {
  private var v0: UInt64
  private var v1: UInt64
  private var v2: UInt64
  private var v3: UInt64
  private var count: UInt64 = 0

  init(_ key: SecretKey) {
    v0 = key.first ^ 0x736f_6d65_7073_6575
    v1 = key.second ^ 0x646f_7261_6e64_6f6d
    v2 = key.first ^ 0x6c79_6765_6e65_7261
    v3 = key.second ^ 0x7465_6462_7974_6573
  }

  /// Takes eight bytes in.
  mutating func combine(_ word: UInt64) {
    count &+= 8
    compress(word)
  }

  /// The hash of what was taken in.
  consuming func finalize() -> UInt64 {
    compress(count << 56)
    v2 ^= 0xFF
    round()
    round()
    round()
    round()
    return v0 ^ v1 ^ v2 ^ v3
  }

  private mutating func compress(_ word: UInt64) {
    v3 ^= word
    round()
    round()
    v0 ^= word
  }

  private mutating func round() {
    v0 = v0 &+ v1
    v1 = rotate(v1, 13) ^ v0
    v0 = rotate(v0, 32)
    v2 = v2 &+ v3
    v3 = rotate(v3, 16) ^ v2
    v0 = v0 &+ v3
    v3 = rotate(v3, 21) ^ v0
    v2 = v2 &+ v1
    v1 = rotate(v1, 17) ^ v2
    v2 = rotate(v2, 32)
  }

  private func rotate(_ word: UInt64, _ bits: UInt64) -> UInt64 {
    word << bits | word >> (64 - bits)
  }
}

/// 128 secret bits for one purpose (RFC 6528 section 3, MUST-9). `HostSecret` derives them.
public struct SecretKey: Sendable {
  let first: UInt64
  let second: UInt64

  /// The key made of the given words, which must be random and unknown to everybody else.
  public init(_ first: UInt64, _ second: UInt64) {
    self.first = first
    self.second = second
  }

  /// The key that stands for this one during one period of its use.
  func rotated(to period: UInt64) -> SecretKey {
    var hash = SipHash(self)
    hash.combine(period)
    var other = hash
    other.combine(1)
    return SecretKey(hash.finalize(), other.finalize())
  }
}

/// The two addresses and ports that tell one connection from all others. An IPv4 address stands in the low 32 bits.
public struct FourTuple: Hashable, Sendable {
  /// The address on this side: its high and its low 64 bits.
  public var localAddress: (high: UInt64, low: UInt64) { (localHigh, localLow) }
  /// The peer's address: its high and its low 64 bits.
  public var remoteAddress: (high: UInt64, low: UInt64) { (remoteHigh, remoteLow) }

  private let localHigh: UInt64
  private let localLow: UInt64
  private let remoteHigh: UInt64
  private let remoteLow: UInt64
  /// The local and the remote port.
  public var ports: PortPair

  /// The tuple of the given addresses, in 64-bit halves, and ports.
  public init(
    localAddress: (high: UInt64, low: UInt64),
    remoteAddress: (high: UInt64, low: UInt64),
    ports: PortPair
  ) {
    localHigh = localAddress.high
    localLow = localAddress.low
    remoteHigh = remoteAddress.high
    remoteLow = remoteAddress.low
    self.ports = ports
  }

  /// The keyed hash of the tuple, and of `extra`. No key may serve for two purposes.
  func hash(_ key: SecretKey, includesLocalPort: Bool = true, extra: UInt64 = 0) -> UInt64 {
    var hash = SipHash(key)
    hash.combine(localHigh)
    hash.combine(localLow)
    hash.combine(remoteHigh)
    hash.combine(remoteLow)
    let local = includesLocalPort ? UInt64(ports.local) : 0
    hash.combine(local << 16 | UInt64(ports.remote))
    hash.combine(extra)
    return hash.finalize()
  }
}

extension FourTuple {
  /// The keyed hash by which a host finds the connection of a segment.
  public func flowHash(_ key: SecretKey) -> UInt64 {
    hash(key)
  }
}
