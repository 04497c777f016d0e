import SockeyeWire
import Testing

@testable import SockeyeTCP

@Suite("Memory of a connection")
struct ConnectionMemoryTests {
  @Test(
    "An idle connection gives back what it needed while it was busy, and is small",
    arguments: CongestionControlAlgorithm.builtIn
  )
  func idle(algorithm: CongestionControlAlgorithm) {
    let script = SegmentScript.established(
      ConnectionConfiguration().with { $0.congestionControl = algorithm },
      options: .modern
    )
    script.writes(1_000_000)
    var sent: UInt32 = 0
    var seq: UInt32 = 1
    for _ in 0..<2_000 where script.connection.metrics(now: script.now).bytesAcknowledged < 1_000_000 {
      sent = script.drain().reduce(sent) { max($0, UInt32($1.payload.upperBound)) }
      // The peer's data arrives in the wrong order, so that both sides need their storage.
      script.receives(.ack, seq: seq + 1_000, ack: 1 + sent, length: 1_000)
      script.receives(.ack, seq: seq, ack: 1 + sent, length: 1_000)
      seq += 2_000
      script.connection.read(script.connection.readableCount, now: script.now)
      script.peerTimestamp = script.peerTimestamp.map { $0 + 10 }
      script.pass(.milliseconds(10))
    }
    #expect(script.connection.metrics(now: script.now).bytesAcknowledged == 1_000_000)
    let hasGaps = script.connection.outOfOrder.hasBlocks
    #expect(!hasGaps)
    script.pass(.seconds(600))
    script.drain()
    let heap = script.connection.outOfOrder.storageSize + script.connection.recovery.storageSize
    #expect(heap == 0)
    #expect(MemoryLayout<Connection>.size <= 1_016, "\(MemoryLayout<Connection>.size)")

    // And it goes on where it was.
    script.writes(10_000)
    for _ in 0..<20 where script.connection.metrics(now: script.now).bytesAcknowledged < 1_010_000 {
      sent = script.drain().reduce(sent) { max($0, UInt32($1.payload.upperBound)) }
      script.peerTimestamp = script.peerTimestamp.map { $0 + 10 }
      script.receives(.ack, seq: seq, ack: 1 + sent)
      script.pass(.milliseconds(10))
    }
    #expect(script.connection.metrics(now: script.now).bytesAcknowledged == 1_010_000)
  }
}
