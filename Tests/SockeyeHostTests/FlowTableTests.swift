import SockeyeSimulator
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

  @Test("It holds what a set holds", arguments: 0..<20 as Range<UInt64>)
  func againstSet(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var table = FlowTable(key: SecretKey(seed, 1))
    // The numbers are places in this list, as a host's are in its slab.
    let tuples = (0..<400).map { tuple(UInt64($0)) }
    var held = Set<Int>()
    for _ in 0..<5000 {
      let number = Int.random(in: 0..<400, using: &random)
      if held.contains(number) {
        table.remove(number, for: tuples[number])
        held.remove(number)
      } else if Bool.random(using: &random) {
        table.insert(number, for: tuples[number])
        held.insert(number)
      } else {
        table.remove(number, for: tuples[number])
      }
      #expect(table.count == held.count)
    }
    for number in 0..<400 {
      let found = table.number(of: tuples[number]) { tuples[$0] == tuples[number] }
      #expect(found == (held.contains(number) ? number : nil), "seed \(seed)")
    }
  }
}
