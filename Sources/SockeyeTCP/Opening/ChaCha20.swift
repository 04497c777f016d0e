/// The block function of ChaCha20 (RFC 8439 section 2.3): a pseudo-random function of 128 bits under a key of 256 bits.
///
/// It stands between a host's one secret and all keys that derive from it. Who doesn't know the key can't tell its 64 bytes
/// from noise, and can go back neither to the key nor to another block.
struct ChaCha20 {
  /// The block, as sixteen words.
  private(set) var words: InlineArray<16, UInt32>

  /// The block of a key, a counter and a nonce.
  init(key: InlineArray<8, UInt32>, counter: UInt32 = 0, nonce: InlineArray<3, UInt32>) {
    var input = InlineArray<16, UInt32>(repeating: 0)
    input[0] = 0x6170_7865
    input[1] = 0x3320_646E
    input[2] = 0x7962_2D32
    input[3] = 0x6B20_6574
    for index in 0..<8 { input[4 + index] = key[index] }
    input[12] = counter
    for index in 0..<3 { input[13 + index] = nonce[index] }
    words = input
    for _ in 0..<10 {
      quarterRound(0, 4, 8, 12)
      quarterRound(1, 5, 9, 13)
      quarterRound(2, 6, 10, 14)
      quarterRound(3, 7, 11, 15)
      quarterRound(0, 5, 10, 15)
      quarterRound(1, 6, 11, 12)
      quarterRound(2, 7, 8, 13)
      quarterRound(3, 4, 9, 14)
    }
    for index in 0..<16 { words[index] &+= input[index] }
  }

  /// The 64 bits at a place of eight bytes.
  func doubleWord(at place: Int) -> UInt64 {
    UInt64(words[2 * place]) | UInt64(words[2 * place + 1]) << 32
  }

  /// The first half of the block, as a key.
  var asKey: InlineArray<8, UInt32> {
    var key = InlineArray<8, UInt32>(repeating: 0)
    for index in 0..<8 { key[index] = words[index] }
    return key
  }

  private mutating func quarterRound(_ a: Int, _ b: Int, _ c: Int, _ d: Int) {
    words[a] &+= words[b]
    words[d] = Self.rotate(words[d] ^ words[a], 16)
    words[c] &+= words[d]
    words[b] = Self.rotate(words[b] ^ words[c], 12)
    words[a] &+= words[b]
    words[d] = Self.rotate(words[d] ^ words[a], 8)
    words[c] &+= words[d]
    words[b] = Self.rotate(words[b] ^ words[c], 7)
  }

  private static func rotate(_ word: UInt32, _ bits: UInt32) -> UInt32 {
    word << bits | word >> (32 - bits)
  }
}
