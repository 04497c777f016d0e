import Testing

@testable import SockeyeTCP

@Suite("Memory of the sender")
struct RecoverySizeTests {
  @Test("A sender at work is small, and one at rest less than half of it, with every algorithm")
  func sizes() {
    #expect(MemoryLayout<SentRecord>.stride == 64)
    #expect(MemoryLayout<LossRecovery>.size <= 720, "\(MemoryLayout<LossRecovery>.size)")
    #expect(MemoryLayout<BBR>.size <= 380, "\(MemoryLayout<BBR>.size)")
    #expect(MemoryLayout<LossRecoveryStorage>.size <= 280, "\(MemoryLayout<LossRecoveryStorage>.size)")
  }
}
