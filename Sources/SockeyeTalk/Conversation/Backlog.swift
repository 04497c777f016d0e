import NIOCore

/// How far a client is behind with what all are told.
///
/// A client that takes a little longer is waited for; one that is stuck is not, so that the others hear on. What is kept
/// for it meanwhile is bounded.
struct Backlog {
  /// How long everybody waits for one.
  static let patience = TimeAmount.seconds(1)
  /// What is kept for one who is stuck, in bytes, beyond what its channel holds anyway.
  static let most = 1 << 20

  private enum State {
    case level
    case behind
    case stuck(bytes: Int)
  }

  private var state = State.level

  /// Whether the others wait for this client.
  var isWaitedFor: Bool { if case .behind = state { true } else { false } }

  /// Somebody found that the client takes no more.
  ///
  /// - Returns: Whether that is new: in ``patience`` it is to be looked again.
  mutating func noteBehind() -> Bool {
    guard case .level = state else { return false }
    state = .behind
    return true
  }

  /// The patience with the client is over.
  mutating func noteStuck() {
    if case .behind = state { state = .stuck(bytes: 0) }
  }

  /// The client takes more again.
  mutating func noteLevel() { state = .level }

  /// Keeps something for the client.
  ///
  /// - Returns: Whether there is room for it.
  mutating func keep(_ count: Int) -> Bool {
    guard case .stuck(let bytes) = state else { return true }
    state = .stuck(bytes: bytes + count)
    return bytes + count <= Self.most
  }
}
