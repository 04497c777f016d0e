import Testing

@testable import SockeyeTCP

@Suite("Memory of the sender")
struct RecoverySizeTests {
  @Test("An idle connection's sender is small, with every algorithm")
  func sizes() {
    let inline = MemoryLayout<LossRecovery>.size
    let bbr = MemoryLayout<BBR>.size
    #expect(MemoryLayout<SentRecord>.stride == 64)
    #expect(inline <= 720, "\(inline)")
    #expect(inline + bbr <= 1_100, "\(inline) + \(bbr)")
  }
}
