/// The one secret of a host: 256 bits that its owner draws from the system when the host starts, and shows to nobody
/// (RFC 6528 section 3, RFC 4086).
///
/// It is never used itself. Each purpose has a key of its own, derived by a pseudo-random function of the secret and the
/// purpose, so that whatever an observer works out about one tells nothing about another, or about the secret.
public struct HostSecret: Sendable {
  /// Bytes that a secret has at least.
  public static var length: Int { 32 }

  private let words: InlineArray<8, UInt32>

  /// A secret of the given bytes, which must be unpredictable: from getrandom(2), or a generator of random numbers in hardware.
  ///
  /// All bytes count, where there are more than are asked for: text in hexadecimal has its entropy spread over twice as many.
  ///
  /// - Parameter bytes: at least `length`; with fewer the answer is nil.
  public init?(_ bytes: RawSpan) {
    guard bytes.byteCount >= Self.length else { return nil }
    var words = InlineArray<8, UInt32>(repeating: 0)
    for start in stride(from: 0, to: bytes.byteCount, by: Self.length) {
      // The pseudo-random function between the pieces keeps them from cancelling each other out.
      if start > 0 { words = Self.block(words, .secret).asKey }
      for offset in 0..<min(Self.length, bytes.byteCount - start) {
        let byte = bytes.unsafeLoad(fromByteOffset: start + offset, as: UInt8.self)
        words[offset / 4] ^= UInt32(byte) << UInt32(offset % 4 * 8)
      }
    }
    self.words = words
  }

  /// What a simulation derives its randomness from: the same for the same seed. 64 bits can be tried out, so no host on a
  /// network may have such a secret.
  public init(seed: UInt64) {
    words = [UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32), 0, 0, 0, 0, 0, 0]
  }

  /// The key for one purpose.
  public func key(for purpose: SecretPurpose) -> SecretKey {
    let block = Self.block(words, purpose)
    return SecretKey(block.doubleWord(at: 0), block.doubleWord(at: 1))
  }

  /// A generator of unpredictable numbers that nothing else shares.
  public func generator() -> SecretGenerator {
    SecretGenerator(key: Self.block(words, .generator).asKey)
  }

  private static func block(_ words: InlineArray<8, UInt32>, _ purpose: SecretPurpose) -> ChaCha20 {
    ChaCha20(key: words, nonce: [purpose.rawValue, 0, 0])
  }
}

/// What a secret is used for. No two purposes share a key.
public enum SecretPurpose: UInt32, Sendable, CaseIterable {
  /// The pieces of a long secret.
  case secret = 1
  /// Initial sequence numbers.
  case initialSequenceNumber
  /// Where the timestamps of a connection begin.
  case timestampOffset
  /// Where the ports to one destination begin.
  case portOffset
  /// SYN cookies.
  case synCookie
  /// Fast-open cookies.
  case fastOpenCookie
  /// The places of connections in their table.
  case connectionTable
  /// The places of connections in TIME-WAIT.
  case timeWaitTable
  /// The places of peers in the table of the limit of ICMP errors.
  case errorLimit
  /// The places of peers in the table of the limit of resets.
  case resetLimit
  /// The places of peers in the table of the limit of echo replies.
  case echoLimit
  /// The identification of packets that may be fragmented.
  case identification
  /// Numbers that belong to nothing: ports that an application leaves to the host, noise in limits.
  case generator
  /// The places of sources of connections in TIME-WAIT.
  case timeWaitSources
  /// The places of flows that wait for an answer in their table.
  case flowTable
}

/// Unpredictable numbers: ChaCha20 whose key each block replaces, so that what was drawn earlier can't be told from what the
/// generator holds later.
///
/// It gives the same numbers for the same secret, which is what lets a simulation run again.
public struct SecretGenerator: RandomNumberGenerator, Sendable {
  private var key: InlineArray<8, UInt32>
  private var spare: InlineArray<4, UInt64> = [0, 0, 0, 0]
  private var spareCount = 0

  init(key: InlineArray<8, UInt32>) {
    self.key = key
  }

  /// 64 bits.
  public mutating func next() -> UInt64 {
    if spareCount == 0 {
      let block = ChaCha20(key: key, nonce: [0, 0, 0])
      key = block.asKey
      for place in 0..<4 { spare[place] = block.doubleWord(at: 4 + place) }
      spareCount = 4
    }
    spareCount -= 1
    defer { spare[spareCount] = 0 }
    return spare[spareCount]
  }

  /// A number below `bound`, which must be positive. For bounds of at most 2^32 its bias is below 2^-32.
  public mutating func next(below bound: UInt64) -> UInt64 {
    next().multipliedFullWidth(by: bound).high
  }
}
