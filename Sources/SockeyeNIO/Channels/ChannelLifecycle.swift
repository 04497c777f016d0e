internal import NIOCore

/// How far a channel has come. A transition returns what its pipeline is to be told.
struct ChannelLifecycle {
  private enum State {
    case fresh
    case registered
    case connecting(Attempt)
    /// Active, and the pipeline doesn't know yet: the promise of who asked for it is fulfilled first.
    case activating
    case active
    case closed
  }

  /// A connection that is being opened.
  struct Attempt {
    let promise: EventLoopPromise<Void>?
    /// Ends it when it takes too long.
    let timeout: Scheduled<Void>?
  }

  /// What a pipeline is told of its channel's end.
  struct Farewell {
    var wasActive = false
    var wasRegistered = false
    /// What was being opened, and has failed.
    var attempt: Attempt?
  }

  private var state = State.fresh

  var isOpen: Bool {
    if case .closed = state { false } else { true }
  }

  /// Between the moment before `channelActive` and the one before `channelInactive`.
  var isActive: Bool {
    switch state {
    case .activating, .active: true
    case .fresh, .registered, .connecting, .closed: false
    }
  }

  /// Registered, and whatever comes after it but the end.
  var isRegistered: Bool {
    switch state {
    case .registered, .connecting, .activating, .active: true
    case .fresh, .closed: false
    }
  }

  var isConnecting: Bool {
    if case .connecting = state { true } else { false }
  }

  /// Registers a fresh channel. Returns whether it was one.
  mutating func register() -> Bool {
    guard case .fresh = state else { return false }
    state = .registered
    return true
  }

  /// Begins to open a connection. The channel is registered.
  mutating func beginConnecting(_ attempt: Attempt) {
    guard case .registered = state else { return }
    state = .connecting(attempt)
  }

  /// Becomes active, without having told the pipeline. Returns the attempt that has succeeded.
  mutating func beginActivation() -> Attempt? {
    switch state {
    case .registered:
      state = .activating
      return nil
    case .connecting(let attempt):
      state = .activating
      return attempt
    case .fresh, .activating, .active, .closed:
      return nil
    }
  }

  /// Returns whether the pipeline is to be told that it is active: not if the channel was closed meanwhile.
  mutating func finishActivation() -> Bool {
    guard case .activating = state else { return false }
    state = .active
    return true
  }

  /// Ends. The channel is open.
  mutating func close() -> Farewell {
    defer { state = .closed }
    switch state {
    case .fresh, .closed: return Farewell()
    case .registered, .activating: return Farewell(wasRegistered: true)
    case .connecting(let attempt): return Farewell(wasRegistered: true, attempt: attempt)
    case .active: return Farewell(wasActive: true, wasRegistered: true)
    }
  }
}
