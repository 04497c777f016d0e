internal import NIOCore
internal import SockeyeTalk
internal import SockeyeText

/// What a session says.
extension ConsoleSession {
  /// Composes a message, and says it.
  ///
  /// - Returns: Who was told, and what.
  func say(
    _ message: MessageForm,
    to peers: [Int]?,
    as speaker: Speaker
  ) throws(ConsoleError) -> (Telling, ComposedMessage) {
    guard let conversation else { throw ConsoleError(.missing, .notOpen) }
    let composed = try message.compose(encoding: settings.encoding, framing: settings.sendFraming, &variables)
    self.speaker = speaker
    defer { self.speaker = .user }
    return (conversation.say(composed.bytes, to: peers), composed)
  }

  /// Takes other settings, for when it is opened again.
  func change(_ settings: SessionSettings) {
    self.settings = settings
    setRules(settings.rules)
  }

  func rename(_ name: String) {
    settings.name = VisibleText.of(String(decoding: name.utf8.prefix(SessionSettings.longestName), as: UTF8.self))
    tellState()
  }
}
