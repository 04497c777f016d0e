import NIOCore
import SockeyeDownload
import SockeyeText
import SockeyeTransport
import Synchronization

/// Where a transfer says what it does, above the line that shows how far it is.
final class TransferOutput: Sendable {
  let progress = DownloadProgress()
  /// Whether events are printed for programs.
  let json: Bool
  /// Whether nothing is said but errors.
  let quiet: Bool
  private let display: Mutex<ProgressDisplay>

  init(_ flags: TransferFlags) {
    json = flags.json
    quiet = flags.quiet
    display = Mutex(ProgressDisplay(flags.quiet ? .none : flags.progress))
  }

  /// Waits for a transfer's end, shows meanwhile how far it is, and ends it when a signal comes.
  ///
  /// - Parameters:
  ///   - work: The transfer; answers what failed.
  ///   - end: Called when it has ended.
  func follow(
    _ work: @escaping @Sendable () async -> Failure?,
    end: @Sendable () async -> Void
  ) async throws {
    let work = Task { await work() }
    Signals.shared.onEnding { _ in work.cancel() }
    let display = Task {
      while !Task.isCancelled {
        draw()
        try? await Task.sleep(for: .milliseconds(100))
      }
    }
    let failure = await work.value
    display.cancel()
    await display.value
    await end()
    clear()
    if let signal = Signals.shared.ending {
      if let failure { StandardError.say("sockeye: \(failure.phrase.spoken)") }
      throw SignalEnding(signal: signal)
    }
    if let failure { throw failure }
  }

  /// Tells a person.
  func say(_ phrase: Phrase) {
    display.withLock {
      $0.clear()
      StandardError.say(phrase.spoken)
    }
  }

  /// Tells a program.
  func print(_ line: JSONLine) {
    display.withLock {
      $0.clear()
      StandardOutput.say(line.line)
    }
  }

  /// Tells of one of several that failed; the last one's failure becomes the program's, and is said at its end.
  func say(_ failure: Failure, isLast: Bool) {
    if !isLast { say(ProgramSentence.of("sockeye", failure.phrase).phrase) }
  }

  /// How fast so many bytes went; that of a file that is over in a moment says nothing.
  static func rate(of bytes: UInt64, in duration: Duration) -> String? {
    guard bytes >= 1 << 20 else { return nil }
    return ByteText.of(Int64(Double(bytes) / max(duration / .seconds(1), 0.001))) + "/s"
  }

  private func draw() {
    let now = self.progress.snapshot
    guard !now.file.isEmpty else { return }
    display.withLock {
      $0.update(name: now.file, done: Int64(clamping: now.completed), total: now.total.map { Int64(clamping: $0) })
    }
  }

  private func clear() { display.withLock { $0.clear() } }
}
