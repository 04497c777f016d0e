import Testing

@testable import SockeyeSimulator

@Suite("Seeded generator")
struct SeededGeneratorTests {
  @Test("xoshiro256** gives the published numbers for the state 1, 2, 3, 4")
  func publishedNumbers() {
    var generator = SeededGenerator(state: (1, 2, 3, 4))
    #expect(generator.next() == 11_520)
    #expect(generator.next() == 0)
    #expect(generator.next() == 1_509_978_240)
    #expect(generator.next() == 1_215_971_899_390_074_240)
  }

  @Test("SplitMix64 gives the published numbers for the seed zero")
  func publishedExpansion() {
    var expander = SplitMix64(state: 0)
    #expect(expander.next() == 0xE220_A839_7B1D_CDAF)
    #expect(expander.next() == 0x6E78_9E6A_A1B9_65F4)
    #expect(expander.next() == 0x06C4_5D18_8009_454F)
  }

  @Test("The same seed gives the same numbers, another seed others")
  func seeds() {
    var first = SeededGenerator(seed: 7)
    var second = SeededGenerator(seed: 7)
    var third = SeededGenerator(seed: 8)
    let numbers = (0..<100).map { _ in first.next() }
    let sameNumbers = (0..<100).map { _ in second.next() }
    let otherNumbers = (0..<100).map { _ in third.next() }
    #expect(numbers == sameNumbers)
    #expect(numbers != otherNumbers)
  }

  @Test("Numbers below a bound are below it and evenly spread")
  func bounded() {
    var generator = SeededGenerator(seed: 1)
    var counts = [Int](repeating: 0, count: 6)
    for _ in 0..<60_000 { counts[Int(generator.below(6))] += 1 }
    for count in counts { #expect((9_600...10_400).contains(count)) }
    #expect(generator.below(0) == 0)
    #expect(generator.below(1) == 0)
  }

  @Test("A range is drawn from both ends, the widest included")
  func ranges() {
    var generator = SeededGenerator(seed: 2)
    var seen: Set<Int> = []
    for _ in 0..<1_000 { seen.insert(generator.within(-2...2)) }
    #expect(seen == [-2, -1, 0, 1, 2])
    #expect(generator.within(3...3) == 3)
    _ = generator.within(.min ... .max)
  }

  @Test("A chance comes up as often as it says, and never and always spend no number")
  func chances() {
    var generator = SeededGenerator(seed: 3)
    var hits = 0
    for _ in 0..<100_000 where generator.chance(0.1) { hits += 1 }
    #expect((9_600...10_400).contains(hits))
    var spent = SeededGenerator(seed: 4)
    var unspent = SeededGenerator(seed: 4)
    #expect(spent.chance(0) == false)
    #expect(spent.chance(-1) == false)
    #expect(spent.chance(1) == true)
    #expect(spent.chance(.nan) == false)
    let next = unspent.next()
    #expect(spent.next() == next)
  }

  @Test("Logarithmic numbers have as many bits as asked for, each count as often as another")
  func logarithmic() {
    var generator = SeededGenerator(seed: 5)
    var counts = [Int](repeating: 0, count: 9)
    for _ in 0..<9_000 {
      let number = generator.logarithmic(bits: 4...12)
      #expect((16..<8_192).contains(number))
      counts[63 - number.leadingZeroBitCount - 4] += 1
    }
    #expect(counts.allSatisfy { (800...1_200).contains($0) }, "\(counts)")
  }
}
