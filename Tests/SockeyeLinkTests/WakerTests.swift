import SockeyeTCP
import Testing

@testable import SockeyeLink

@Suite("Waking a loop")
struct WakerTests {
  @Test("A wake-up is seen by who looks and by who sleeps, until it is taken")
  func bell() throws {
    let waker = try Waker()
    #expect(!waker.hasRung)
    waker.wake()
    waker.wake()
    #expect(waker.hasRung)
    waker.sleep(until: .never)
    #expect(!waker.hasRung)
    let sleeper = try Sleeper()
    sleeper.waker.wake()
    try sleeper.sleep(until: .never, now: MonotonicClock.now)
    #expect(!sleeper.waker.hasRung)
  }
}
