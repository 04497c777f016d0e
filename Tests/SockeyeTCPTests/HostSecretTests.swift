import Testing

@testable import SockeyeTCP

@Suite("A host's secret, and what derives from it")
struct HostSecretTests {
  @Test("The block of RFC 8439 section 2.3.2 is what the RFC says")
  func vector() {
    var key = InlineArray<8, UInt32>(repeating: 0)
    for index in 0..<8 { key[index] = 0x0302_0100 + 0x0404_0404 * UInt32(index) }
    let block = ChaCha20(key: key, counter: 1, nonce: [0x0900_0000, 0x4A00_0000, 0])
    let expected: [UInt32] = [
      0xE4E7_F110, 0x1559_3BD1, 0x1FDD_0F50, 0xC471_20A3, 0xC7F4_D1C7, 0x0368_C033, 0x9AAA_2204, 0x4E6C_D4C3,
      0x4664_82D2, 0x09AA_9F07, 0x05D7_C214, 0xA202_8BD9, 0xD19C_12B5, 0xB94E_16DE, 0xE883_D0CB, 0x4E3C_50A2,
    ]
    #expect((0..<16).map { block.words[$0] } == expected)
  }

  private func secret(_ bytes: [UInt8]) -> HostSecret? { HostSecret(bytes.span.bytes) }

  private func words(_ key: SecretKey) -> [UInt64] { [key.first, key.second] }

  @Test("A secret of fewer than 32 bytes is none")
  func length() {
    for count in 0..<32 { #expect(secret([UInt8](repeating: 7, count: count)) == nil) }
    #expect(secret([UInt8](repeating: 7, count: 32)) != nil)
  }

  @Test("Every bit of a secret counts, in every key, however long the secret is", arguments: [32, 33, 64, 100])
  func allBits(count: Int) throws {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37) }
    for purpose in SecretPurpose.allCases {
      var seen: Set<[UInt64]> = [words(try #require(secret(bytes)).key(for: purpose))]
      for bit in 0..<count * 8 {
        var changed = bytes
        changed[bit / 8] ^= 1 << UInt8(bit % 8)
        seen.insert(words(try #require(secret(changed)).key(for: purpose)))
      }
      #expect(seen.count == count * 8 + 1, "\(purpose)")
    }
  }

  @Test("No two purposes share a word of their keys, nor do the generator and what it draws")
  func separation() {
    let secret = HostSecret(seed: 1)
    var generator = secret.generator()
    let drawn = (0..<1000).map { _ in generator.next() }
    let all = SecretPurpose.allCases.flatMap { words(secret.key(for: $0)) } + drawn
    #expect(Set(all).count == all.count)
  }

  @Test("A key in use changes with its period, and none of them is the key itself")
  func rotation() {
    let key = SecretKey(1, 2)
    let all = words(key) + (0..<1000 as Range<UInt64>).flatMap { words(key.rotated(to: $0)) }
    #expect(Set(all).count == all.count)
  }

  @Test("The generator gives numbers below a bound, all of them, and the same for the same seed")
  func generator() {
    var (first, second) = (HostSecret(seed: 9).generator(), HostSecret(seed: 9).generator())
    var other = HostSecret(seed: 10).generator()
    let numbers = (0..<1000).map { _ in first.next(below: 10) }
    #expect(Set(numbers) == Set(0..<10))
    #expect((0..<1000).map { _ in second.next(below: 10) } == numbers)
    #expect((0..<1000).map { _ in other.next(below: 10) } != numbers)
  }
}
