import SockeyeTCP
import Testing

@testable import SockeyeLink

@Suite("Looking for packets before sleeping")
struct AdaptivePollingTests {
  @Test("Nobody looks who has not been woken soon")
  func idle() {
    var polling = AdaptivePolling()
    #expect(polling.duration == .zero)
    polling.slept(.milliseconds(1))
    #expect(polling.duration == .zero)
  }

  @Test("After a short sleep the next one begins with a look, until three have been long")
  func conversation() {
    var polling = AdaptivePolling()
    polling.slept(AdaptivePolling.shortSleep)
    #expect(polling.duration == AdaptivePolling.longest)
    polling.slept(.milliseconds(1))
    polling.slept(.milliseconds(1))
    #expect(polling.duration > .zero)
    polling.slept(.milliseconds(1))
    #expect(polling.duration == .zero)
  }
}
