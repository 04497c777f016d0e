import Testing

@testable import SockeyeTCP

@Suite("Table of peers")
struct PeerTableTests {
  @Test("Each peer has a value of its own, which stays while there is room")
  func values() {
    var table = PeerTable<Int>(limit: 64)
    for round in 1...10 {
      for peer in 0..<64 as Range<UInt64> {
        let value = table.update(peer, new: 0) { value in
          value += 1
          return value
        }
        #expect(value == round, "peer \(peer)")
      }
    }
  }

  @Test("Who was heard of longest ago is forgotten first, and begins anew")
  func replacement() {
    var table = PeerTable<Int>(limit: 4)
    for peer in 0..<4 as Range<UInt64> { table.update(peer, new: 1) { $0 = Int(peer) + 10 } }
    #expect(table.update(0, new: 1) { $0 } == 10)
    #expect(table.update(9, new: 1) { $0 } == 1)
    #expect([0, 2, 3, 9].map { table.update($0, new: -1) { $0 } } == [10, 12, 13, 1])
    #expect(table.update(1, new: 1) { $0 } == 1)
  }
}
