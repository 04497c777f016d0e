import SockeyeTCP

/// A congestion controller that makes no sense: each time it is told something, it sets the window and the threshold to
/// something absurd.
struct ErraticController: CongestionController {
  let ownsWindow: Bool
  private var state: UInt64
  private var kept: CongestionWindow?

  init(ownsWindow: Bool, state: UInt64) {
    self.ownsWindow = ownsWindow
    self.state = state | 1
  }

  var pacingRate: UInt64 { absurdity(state >> 16) }
  var holdsBack: Bool { state >> 20 & 1 == 0 }

  mutating func sent(_ count: UInt64, inFlightBefore: UInt64, isApplicationLimited: Bool, at now: Instant) { advance() }

  mutating func acknowledged(_ sample: CongestionSample, window: inout CongestionWindow) { upset(&window) }

  mutating func lost(_ loss: LostTransmission, window: inout CongestionWindow, at now: Instant) { upset(&window) }

  mutating func congested(
    _ signal: CongestionSignal,
    flight: UInt64,
    window: inout CongestionWindow,
    at now: Instant
  ) {
    upset(&window)
  }

  mutating func recovered(window: inout CongestionWindow, at now: Instant) { upset(&window) }

  mutating func spurious(window: inout CongestionWindow, at now: Instant) { upset(&window) }

  mutating func restarted(afterIdle idle: Interval, window: inout CongestionWindow, at now: Instant) { upset(&window) }

  private mutating func upset(_ window: inout CongestionWindow) {
    advance()
    if state >> 24 & 7 == 0, let kept { window = kept }
    if state >> 27 & 7 == 0 { kept = window }
    window.set(absurdity(state >> 32))
    window.slowStartThreshold = absurdity(state >> 40)
  }

  private mutating func advance() {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
  }

  private func absurdity(_ bits: UInt64) -> UInt64 {
    switch bits & 7 {
    case 0: 0
    case 1: 1
    case 2: .max
    case 3: .max - 1
    case 4: 1 << 31
    case 5: bits & 0xFFFF
    default: bits & 0xFF_FFFF
    }
  }
}
