import SockeyeText
import SockeyeTransport
import Synchronization

/// Tells on standard error of what may befall clients by the thousand: of the first at once, and of those within a second of
/// it, or of the line before, by one line with their number and what befell the last.
final class RepeatedComplaints: Sendable {
  private struct State {
    var isResting = false
    var held = 0
    var last = ""
  }

  private let state = Mutex(State())

  /// Tells of one more, now or later.
  func tell(_ complaint: String) {
    let isFirst = state.withLock { state in
      guard state.isResting else {
        state.isResting = true
        return true
      }
      state.held += 1
      state.last = complaint
      return false
    }
    guard isFirst else { return }
    StandardError.say("sockeye: \(complaint)")
    Task {
      repeat { try? await Task.sleep(for: .seconds(1)) } while tellHeld(endingRest: true)
    }
  }

  /// Tells of what waits. Returns whether there was anything.
  @discardableResult
  func tellHeld(endingRest: Bool = false) -> Bool {
    let (held, last) = state.withLock { state in
      defer { (state.held, state.last) = (0, "") }
      if endingRest, state.held == 0 { state.isResting = false }
      return (state.held, state.last)
    }
    guard held > 0 else { return false }
    let line =
      held == 1 ? last : Speech.text(Phrase("\(held) more, the last: \(last)", zh: "又有 \(held) 次，最后一次：\(last)"))
    StandardError.say("sockeye: \(line)")
    return true
  }
}
