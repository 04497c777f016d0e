internal import NIOCore

/// Decides whether another connection would make a download faster.
///
/// More connections help where each is held down: by a long round trip, by loss, by a server that shares out its rate.
/// They do harm where the machine is the limit. So they are tried one by one, and kept adding as long as it pays.
struct ConnectionPlanner: Sendable {
  static let most = 4
  /// How often to look.
  static let period = TimeAmount.seconds(1)
  /// What another connection has to gain for yet another to be tried.
  static let gain = 1.15
  /// Above this many bytes a second it is not the network that is slow.
  static let fastEnough = 100e6
  /// What comes in so many seconds isn't worth a connection.
  static let secondsLeft = 3.0

  private(set) var connections = 1
  private var lastBytes: UInt64
  private var rateBefore: Double?
  private var isSettled = false

  /// - Parameter bytes: What has arrived so far.
  init(bytes: UInt64) { lastBytes = bytes }

  /// Looks at how far it is.
  ///
  /// - Parameters:
  ///   - bytes: What has arrived so far.
  ///   - seconds: The time since the last look.
  ///   - unclaimed: What nobody is fetching yet.
  /// - Returns: Whether to add a connection now.
  mutating func look(bytes: UInt64, seconds: Double, unclaimed: UInt64) -> Bool {
    let rate = Double(bytes - min(bytes, lastBytes)) / max(seconds, 0.001)
    lastBytes = bytes
    guard !self.isSettled, connections < Self.most else { return false }
    if let rateBefore, rate < rateBefore * Self.gain {
      isSettled = true
      return false
    }
    guard rate > 0, rate < Self.fastEnough, Double(unclaimed) / rate > Self.secondsLeft else { return false }
    self.rateBefore = rate
    connections += 1
    return true
  }

  /// A connection failed: the server doesn't like so many.
  mutating func lostOne() {
    connections -= 1
    isSettled = true
  }
}
