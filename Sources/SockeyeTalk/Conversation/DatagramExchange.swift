import NIOCore

/// What a client that sends datagrams has to remember: UDP knows no connection and no end.
struct DatagramExchange {
  private(set) var session: DatagramSession?
  /// Whether anything came from those who were spoken to.
  private(set) var hasHeard = false
  private var quiet: Scheduled<Void>?
  private var dropped = 0

  mutating func begin(with session: DatagramSession) {
    self.session = session
    hasHeard = false
  }

  mutating func heard(_ message: Message) {
    if !message.marks.contains(.unexpectedSource) { hasHeard = true }
  }

  /// Waits for silence anew.
  mutating func wait(_ timer: Scheduled<Void>) {
    quiet?.cancel()
    quiet = timer
  }

  mutating func drop() { dropped += 1 }

  /// What to say of datagrams that were dropped, if any were.
  mutating func takeNoticeOfDropped() -> String? {
    guard dropped > 0 else { return nil }
    defer { dropped = 0 }
    return "\(dropped) datagrams dropped: the output was not read"
  }
}
