internal import NIOCore
internal import SockeyeTalk
internal import SockeyeText

/// What a session records.
extension ConsoleSession {
  /// Begins a record.
  func beginRecord(_ name: RecordName, _ form: SessionRecord.Form, in directory: String) throws(ConsoleError) {
    guard record == nil else { throw ConsoleError(.usage, .recordsAlready(record?.name.text ?? "")) }
    let session = NIOLoopBound(WeakSession(self), eventLoop: eventLoop)
    let eventLoop = self.eventLoop
    let record = try SessionRecord(name, form, in: directory, settings, on: eventLoop) { event in
      eventLoop.execute { session.value.session?.recordChanged(event) }
    }
    record.begin(with: peers.values.map(\.peer).sorted { $0.number < $1.number })
    self.record = record
  }

  private func recordChanged(_ event: DescriptorWriter.Event) {
    if case .failed(let error) = event, let record {
      record.failed(error)
      self.record = nil
      tell(
        "notice",
        ["text": .string(ConsoleSentence.recordFailed(record.name.text, .system(error)).text(in: language))]
      )
    }
    if isReady { becameReady() }
  }

  /// Ends the record, if there is one.
  ///
  /// - Returns: Succeeds once everything is written, or can't be.
  func endRecord() -> EventLoopFuture<Void> {
    guard let record else { return eventLoop.makeSucceededVoidFuture() }
    self.record = nil
    let ended = record.end()
    becameReady()
    return ended
  }
}

private final class WeakSession {
  weak var session: ConsoleSession?
  init(_ session: ConsoleSession) { self.session = session }
}
