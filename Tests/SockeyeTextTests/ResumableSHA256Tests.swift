import CSockeyeDigests
import Crypto
import SockeyeSimulator
import Testing

@testable import SockeyeText

@Suite("Download: SHA-256 that can be taken up again")
struct DownloadDigestTests {
  private func bytes(of random: inout SeededGenerator, _ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
  }

  @Test("It gives swift-crypto's digest, however the bytes are split", arguments: 0..<40)
  func splits(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let count = Int.random(in: 0...2000, using: &random)
    let bytes = bytes(of: &random, count)
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
    var random = SeededGenerator(seed: 3)
    let bytes = bytes(of: &random, 2048)
    var first = ResumableSHA256()
    bytes[..<cut].withUnsafeBytes { first.update($0) }
    var second = ResumableSHA256(first.state)
    bytes[cut...].withUnsafeBytes { second.update($0) }
    #expect(second.finalize() == Array(SHA256.hash(data: bytes)))
    #expect(first.finalize() == Array(SHA256.hash(data: bytes[..<cut])), "finalizing changes nothing")
  }

  @Test("The processor's instructions and plain arithmetic agree")
  func implementations() {
    var random = SeededGenerator(seed: 4)
    let blocks = bytes(of: &random, 64 * 37)
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
