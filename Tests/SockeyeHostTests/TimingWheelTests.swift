import SockeyeSimulator
import SockeyeTCP
import Testing

@testable import SockeyeHost

@Suite("Timing wheel")
struct TimingWheelTests {
  @Test(
    "Timers run at their time to the nanosecond, as an unsorted list of them says",
    arguments: 0..<40 as Range<UInt64>
  )
  func againstList(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var now: Int64 = Int64.random(in: 0...1 << 50, using: &random)
    var wheel = TimingWheel(now: Instant(nanoseconds: now))
    var list: [Int: Int64] = [:]
    for _ in 0..<3000 {
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<5:
        let timer = Int.random(in: 0..<50, using: &random)
        let ahead = Int64.random(in: 0...1 << Int64.random(in: 0...56, using: &random), using: &random)
        list[timer] = now + ahead
        wheel.schedule(timer, at: Instant(nanoseconds: now + ahead))
      case 5:
        let timer = Int.random(in: 0..<50, using: &random)
        list[timer] = nil
        wheel.schedule(timer, at: .never)
      case 6:
        // To just before, at, or just after the next.
        if let next = list.values.min() { now = max(now, next + Int64.random(in: -1...1, using: &random)) }
      default:
        now += Int64.random(in: 0...1 << Int64.random(in: 0...40, using: &random), using: &random)
      }
      while let timer = wheel.popExpired(now: Instant(nanoseconds: now)) {
        guard let deadline = list.removeValue(forKey: timer), deadline <= now else {
          Issue.record("seed \(seed): timer \(timer) ran and was not due")
          return
        }
        #expect(list.values.allSatisfy { $0 >= deadline }, "seed \(seed): out of order")
      }
      #expect(list.values.allSatisfy { $0 > now }, "seed \(seed): a timer that was due didn't run")
      let next = list.values.min().map { Instant(nanoseconds: $0) } ?? .never
      guard wheel.nextDeadline() == next else {
        Issue.record("seed \(seed): next is \(wheel.nextDeadline()), not \(next)")
        return
      }
    }
  }

  @Test("A deadline that has passed is due at once, and one that never comes never is")
  func extremes() {
    var wheel = TimingWheel(now: Instant(nanoseconds: 1 << 40))
    wheel.schedule(3, at: .zero)
    wheel.schedule(4, at: Instant(nanoseconds: .max - 1))
    #expect(wheel.nextDeadline() == .zero)
    #expect(wheel.popExpired(now: Instant(nanoseconds: 1 << 40)) == 3)
    #expect(wheel.popExpired(now: Instant(nanoseconds: 1 << 41)) == nil)
    #expect(wheel.nextDeadline() == Instant(nanoseconds: .max - 1))
    wheel.schedule(4, at: .never)
    #expect(wheel.nextDeadline() == .never)
  }
}
