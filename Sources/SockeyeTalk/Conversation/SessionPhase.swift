/// Where a session stands with its owner.
enum SessionPhase {
  /// The peer isn't there yet: it connects, or TLS shakes hands.
  case opening
  /// The peer waits for its turn.
  case waiting
  /// The peer is listened to and answered.
  case served
  /// All is said; the peer is heard out without being listened to.
  case leaving(CloseCause)
  /// Nothing more comes.
  case closed(CloseCause)

  /// Why the session ended, once it has or is about to.
  var cause: CloseCause? {
    switch self {
    case .opening, .waiting, .served: nil
    case .leaving(let cause), .closed(let cause): cause
    }
  }

  var isClosed: Bool { if case .closed = self { true } else { false } }
  var isServed: Bool { if case .served = self { true } else { false } }
}
