import SockeyeTCP
import Testing

@testable import SockeyeHost

/// What a host's bookkeeping takes. What it takes over a transfer is measured by `Benchmarks/host_scale.c`.
@Suite("Memory of a host")
struct MemoryTests {
  @Test("A connection with empty buffers takes less than 2 KiB with its socket and all that finds them")
  func idleConnection() {
    let state = MemoryLayout<Stream<ByteRing>>.stride + MemoryLayout<Socket>.stride
    // A generation for each, a timer, and a place of the flow table when it is emptiest, of 3/8.
    let bookkeeping = 2 * MemoryLayout<UInt32>.stride + TimingWheel.nodeSize + FlowTable.placeSize * 8 / 3
    #expect(state + bookkeeping < 2048, "\(state) + \(bookkeeping)")
  }

  @Test("A connection in TIME-WAIT takes at most 120 bytes")
  func timeWait() {
    let size = TimeWaitTable.entrySize + MemoryLayout<UInt32>.stride + FlowTable.placeSize * 2
    #expect(size <= 120, "\(size)")
  }
}
