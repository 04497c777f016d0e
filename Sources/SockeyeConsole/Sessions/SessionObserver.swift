internal import SockeyeTalk

/// Hears one opening of a session: what an earlier one still has to say is not heard.
final class SessionObserver: ConversationObserver {
  private weak var session: ConsoleSession?
  private let opening: Int
  var onReady: (() -> Void)?

  init(_ session: ConsoleSession, opening: Int) {
    self.session = session
    self.opening = opening
  }

  var isReady: Bool { session?.isReady ?? true }

  func conversation(_ event: ConversationEvent) { session?.heard(event, opening: opening) }
}
