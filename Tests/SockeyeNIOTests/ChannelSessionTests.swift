import SockeyeSimulator
import Testing

@Suite("Channels against packets")
struct ChannelSessionTests {
  @Test(
    "Whatever is done to channels and befalls their packets, each keeps its order and its promises",
    arguments: 0..<200 as Range<UInt64>
  )
  func anyOrder(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    func step() -> ChannelStep {
      let (first, second) = (random.next(), random.next())
      return ChannelStep(
        operation: UInt8(truncatingIfNeeded: first),
        a: UInt8(truncatingIfNeeded: first >> 8),
        b: UInt8(truncatingIfNeeded: first >> 16),
        c: UInt8(truncatingIfNeeded: first >> 24),
        value: UInt32(truncatingIfNeeded: second >> (second & 31))
      )
    }
    // Half of the seeds leave packets as they are.
    let session = ChannelSession(step())
    for _ in 0..<60 {
      var step = step()
      if seed.isMultiple(of: 2), step.operation % 24 < 6 { step.operation = 4 }
      session.run(step)
    }
    session.finish()
    #expect(session.problems.isEmpty, "seed \(seed)")
  }
}
