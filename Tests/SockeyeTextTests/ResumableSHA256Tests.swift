import CSockeyeDigests
import Crypto
import Testing

@testable import SockeyeText

@Suite("Download: SHA-256 that can be taken up again")
struct DownloadDigestTests {
  @Test("It gives swift-crypto's digest, however the bytes are split", arguments: 0..<40)
  func splits(seed: UInt64) {
    var random = TestRandom(seed: seed)
    let bytes = random.bytes(Int.random(in: 0...2000, using: &random))
    var hash = ResumableSHA256()
    var rest = bytes[...]
    while !rest.isEmpty {
      let head = rest.prefix(Int.random(in: 0...200, using: &random))
      Array(head).withUnsafeBytes { hash.update($0) }
      rest = rest.dropFirst(head.count)
    }
    #expect(hash.finalize() == Array(SHA256.hash(data: bytes)), "seed \(seed)")
    #expect(hash.state.count == UInt64(bytes.count))
  }

  @Test("A state that was written down goes on as if nothing had been", arguments: [0, 1, 63, 64, 65, 1000])
  func takenUp(cut: Int) {
    var random = TestRandom(seed: 3)
    let bytes = random.bytes(2048)
    var first = ResumableSHA256()
    bytes[..<cut].withUnsafeBytes { first.update($0) }
    var second = ResumableSHA256(first.state)
    bytes[cut...].withUnsafeBytes { second.update($0) }
    #expect(second.finalize() == Array(SHA256.hash(data: bytes)))
    #expect(first.finalize() == Array(SHA256.hash(data: bytes[..<cut])), "finalizing changes nothing")
  }

  @Test("The processor's instructions and plain arithmetic agree")
  func implementations() {
    var random = TestRandom(seed: 4)
    let blocks = random.bytes(64 * 37)
    var fast = ResumableSHA256.State.initial.words
    var portable = fast
    sockeye_sha256_compress(&fast, blocks, 37)
    sockeye_sha256_compress_portable(&portable, blocks, 37)
    #expect(fast == portable)
  }

  @Test("A digest is read from 64 hexadecimal digits and nothing else")
  func hexadecimal() throws {
    let digest = try #require(SHA256Sum(hexadecimal: String(repeating: "0aF9", count: 16)))
    #expect(digest.description == String(repeating: "0af9", count: 16))
    for text in [
      "", "0", String(repeating: "g", count: 64), String(repeating: "a", count: 63), String(repeating: "é", count: 32),
    ] {
      #expect(SHA256Sum(hexadecimal: text) == nil)
    }
  }
}

/// A small generator that a seed determines (xorshift64*).
struct TestRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { self.state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> UInt64 {
    self.state ^= self.state >> 12
    self.state ^= self.state << 25
    self.state ^= self.state >> 27
    return self.state &* 0x2545_F491_4F6C_DD1D
  }

  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: self.next() >> 32) } }
}
