import SockeyeTCP
import Testing

@testable import SockeyeHost

@Suite("Flow table")
struct FlowTableTests {
  private func tuple(_ number: UInt64) -> FourTuple {
    FourTuple(
      localAddress: (0, 1),
      remoteAddress: (number >> 4, number & 3),
      ports: PortPair(local: 80, remote: UInt16(number & 0xF))
    )
  }

  @Test("It holds what a dictionary holds", arguments: 0..<20 as Range<UInt64>)
  func againstDictionary(seed: UInt64) {
    var random = Seeded(seed)
    var table = FlowTable<Int>(key: SecretKey(seed, 1))
    var dictionary: [FourTuple: Int] = [:]
    for step in 0..<5000 {
      let tuple = tuple(UInt64.random(in: 0..<400, using: &random))
      if Bool.random(using: &random) {
        table[tuple] = step
        dictionary[tuple] = step
      } else {
        table[tuple] = nil
        dictionary[tuple] = nil
      }
      #expect(table.count == dictionary.count)
    }
    for number in 0..<400 as Range<UInt64> {
      #expect(table[tuple(number)] == dictionary[tuple(number)], "seed \(seed)")
    }
  }
}
