import CAllocator
import SockeyeTCP

/// Prints how many full-sized segments a second the engine and the codec exchange, both ends on one core.
func measureSpeed(seconds: Double) {
  measureSpeed(seconds: seconds, segmentsPerPlan: Exchange.longestPlan)
  measureSpeed(seconds: seconds, segmentsPerPlan: 1)
}

private func measureSpeed(seconds: Double, segmentsPerPlan: Int) {
  let clock = ContinuousClock()
  var exchange = Exchange(over: PacketSlots(), segmentsPerPlan: segmentsPerPlan)
  var best = 0.0
  var total = 0
  let start = clock.now
  while clock.now - start < .seconds(seconds) {
    let before = clock.now
    let segments = exchange.segments
    exchange.run(segments: 200_000)
    best = max(best, Double(exchange.segments - segments) / ((clock.now - before) / .seconds(1)))
    total += exchange.segments - segments
  }
  let mean = Double(total) / ((clock.now - start) / .seconds(1))
  let answers = Double(exchange.segments) / Double(max(exchange.acknowledgments, 1))
  print(
    """
    \(segmentsPerPlan) segments a plan: \(Int(mean)) segments/s on average, \(Int(best)) at best \
    (\(Int(1e9 / best)) ns each; one acknowledgment for \(Int(answers)) segments)
    """
  )
}

/// Prints what an idle connection holds, struct and heap; returns whether that is less than a kibibyte.
func measureMemory() -> Bool {
  let count = 1_000
  let size = MemoryLayout<Connection>.size
  let pairs = UnsafeMutablePointer<Exchange>.allocate(capacity: count)
  let slots = PacketSlots()
  let before = heap_in_use()
  for index in 0..<count {
    (pairs + index).initialize(to: Exchange(over: slots, warmUp: 100_000))
    pairs[index].idle()
  }
  let heap = Int(heap_in_use() - before) / (2 * count)
  let bytes = size + heap
  print("\(bytes) bytes an idle connection: \(size) of the value, \(bytes - size) of heap")
  pairs.deinitialize(count: count)
  pairs.deallocate()
  return bytes < 1_024
}
