import NIOCore

/// What a client has to do next, and by when.
///
/// While a response is sent there is no deadline but progress: what the kernel has taken off our hands is the only one
/// that a slow reader cannot fake.
struct ConnectionDeadline {
  /// What a client may be late with.
  enum Awaited: Hashable, Sendable {
    case firstBytes
    case request
    case requestBody
    case nextRequest
    /// The end of its side, and its reading of what it was told.
    case farewell
  }

  private enum State {
    case awaiting(Awaited, due: NIODeadline)
    /// A response is being sent. `mark` is how far it had come at `since`.
    case sending(mark: Int64, since: NIODeadline?)
  }

  /// How things stand.
  enum Verdict: Hashable, Sendable {
    case inTime
    case late(Awaited)
    /// Nothing of a response has moved, for a while or for too long.
    case stuck(tooLong: Bool)
  }

  private var state: State
  private let timeouts: FileServiceConfiguration.Timeouts

  init(timeouts: FileServiceConfiguration.Timeouts, now: NIODeadline) {
    self.timeouts = timeouts
    state = .awaiting(.firstBytes, due: now + timeouts.request)
  }

  /// Whether this is what the client has to do next.
  func awaits(_ awaited: Awaited) -> Bool {
    if case .awaiting(awaited, _) = state { true } else { false }
  }

  /// Whether the client is in the middle of nothing.
  var isIdle: Bool { awaits(.firstBytes) || awaits(.nextRequest) }

  /// Starts the client's time for something.
  mutating func await(_ awaited: Awaited, now: NIODeadline) {
    let time =
      switch awaited {
      case .firstBytes, .request: timeouts.request
      case .requestBody: timeouts.stall
      case .nextRequest: timeouts.idle
      case .farewell: timeouts.linger
      }
    state = .awaiting(awaited, due: now + time)
  }

  /// The client has moved on with what it was waited for.
  mutating func advanced(now: NIODeadline) {
    if case .awaiting(let awaited, _) = state { state = .awaiting(awaited, due: now + timeouts.stall) }
  }

  /// A response is being sent, or is about to be.
  mutating func watchProgress() { state = .sending(mark: -1, since: nil) }

  /// Looks at the time.
  ///
  /// - Parameter progress: How far a response has come, in bytes; `nil` when it is we who wait.
  mutating func check(_ now: NIODeadline, progress: () -> Int64?) -> Verdict {
    switch state {
    case .awaiting(let awaited, let due):
      return now >= due ? .late(awaited) : .inTime
    case .sending(let mark, let since):
      guard let progress = progress() else {
        state = .sending(mark: mark, since: nil)
        return .inTime
      }
      guard progress == mark, let since else {
        state = .sending(mark: progress, since: now)
        return .inTime
      }
      return .stuck(tooLong: now - since >= timeouts.stall)
    }
  }
}
