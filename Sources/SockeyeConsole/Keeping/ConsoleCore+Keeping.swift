internal import NIOCore
internal import SockeyeTalk
internal import SockeyeText
internal import SockeyeTransport

/// What a console keeps in a file from one start to the next.
extension ConsoleCore {
  /// Takes what was kept, and keeps what changes from here on. Its sessions are there, and closed.
  func keep(in file: KeptFile, _ kept: SessionFile?) {
    for entry in kept?.entries ?? [] { addSession(entry.settings, number: entry.id) }
    savedState = kept?.state ?? .null
    keeper = StateKeeper(
      file,
      transport,
      on: eventLoop
    ) { [weak self] in
      self.map { SessionFile.text($0.sessions, $0.savedState) }
    } tell: { [weak self] failure in
      self?.tellKept(failure)
    }
  }

  /// Told once for each run of failures: the disk may be full for hours.
  private func tellKept(_ failure: Failure?) {
    defer { keepingFails = failure != nil }
    guard let failure, !keepingFails else { return }
    tell([
      "event": "notice", "time": .count(WallTime.now.nanoseconds / 1_000_000),
      "text": .string(failure.phrase.text(in: configuration.language)),
    ])
  }
}
