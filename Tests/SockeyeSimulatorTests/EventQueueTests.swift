import SockeyeSimulator
import SockeyeTCP
import Testing

@Suite("Event queue")
struct EventQueueTests {
  @Test("Events come out in the order of time, and equal times in the order they went in")
  func order() {
    var generator = SeededGenerator(seed: 5)
    var queue = EventQueue<Int>()
    var times: [Instant] = []
    for number in 0..<2_000 {
      let time = Instant(nanoseconds: Int64(generator.below(100)))
      times.append(time)
      queue.schedule(number, at: time)
    }
    #expect(queue.count == 2_000)
    var previous: (time: Instant, event: Int)?
    while let next = queue.removeFirst() {
      #expect(times[next.event] == next.time)
      if let previous {
        #expect(previous.time <= next.time)
        if previous.time == next.time { #expect(previous.event < next.event) }
      }
      previous = next
    }
    #expect(queue.isEmpty)
    #expect(queue.nextTime == nil)
  }

  @Test("Only what is due is taken")
  func due() {
    var queue = EventQueue<Int>()
    queue.schedule(1, at: Instant(nanoseconds: 10))
    #expect(queue.removeFirst(dueAt: Instant(nanoseconds: 9)) == nil)
    #expect(queue.removeFirst(dueAt: Instant(nanoseconds: 10))?.event == 1)
    #expect(queue.removeFirst(dueAt: .never) == nil)
  }
}
