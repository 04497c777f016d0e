import Glibc
import SockeyeService
import SockeyeText
import SockeyeTransport
import Synchronization

/// Writes the access log on a thread of its own, so that no request waits for a disk or for a terminal.
///
/// What cannot be written fast enough is dropped beyond some megabytes, and the log says how much.
final class AccessLog: Sendable {
  private struct State {
    var pending: [UInt8] = []
    var dropped = 0
    /// Whether the last lines could not be written, and that was said.
    var hasFailed = false
  }

  private let descriptor: CInt
  private let isJSON: Bool
  private let state = Mutex(State())
  private let writing = Mutex(())

  private static let mostPending = 8 << 20

  /// - Parameter path: A file to append to, or `-` for standard output.
  /// - Throws: A failure of kind `localFile`.
  init(path: String, isJSON: Bool) throws(Failure) {
    self.isJSON = isJSON
    descriptor = path == "-" ? STDOUT_FILENO : ArgumentFile.open(path, O_WRONLY | O_CREAT | O_APPEND, mode: 0o640)
    guard descriptor >= 0 else {
      throw Failure(.localFile, .cannotWriteLog(path, .system(errno).lowercased()))
    }
    startWriting()
  }

  /// Logs to standard error, for a person who watches.
  init() {
    self.isJSON = false
    descriptor = STDERR_FILENO
    startWriting()
  }

  /// Takes a record; never waits.
  func take(_ record: AccessRecord) {
    let now = Int64(time(nil))
    let line = self.isJSON ? record.jsonLine(at: now) : record.combinedLine(at: now)
    self.state.withLock { state in
      guard state.pending.count < Self.mostPending else {
        state.dropped += 1
        return
      }
      state.pending += Array(line.utf8) + [UInt8(ascii: "\n")]
    }
  }

  /// Writes what is pending.
  func flush() {
    writing.withLock { _ in
      let (bytes, dropped) = state.withLock { state in
        defer { state = State(hasFailed: state.hasFailed) }
        return (state.pending, state.dropped)
      }
      if !bytes.isEmpty { tell(write(bytes)) }
      if dropped > 0 { StandardError.say(.logLinesDropped(dropped)) }
    }
  }

  /// Says once that lines are lost, until some are written again.
  private func tell(_ problem: CInt?) {
    let isNews = state.withLock { state in
      defer { state.hasFailed = problem != nil }
      return !state.hasFailed
    }
    guard let problem, isNews else { return }
    StandardError.say(.accessLogFailed(.system(problem).lowercased()))
  }

  /// - Returns: The system's error, if there is one.
  private func write(_ bytes: [UInt8]) -> CInt? {
    bytes.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let part = UnsafeRawBufferPointer(rebasing: rest)
        let count = Glibc.write(descriptor, part.baseAddress, part.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return count == 0 ? EIO : errno }
        rest = rest.dropFirst(count)
      }
      return nil
    }
  }

  private func startWriting() {
    var thread = pthread_t()
    let context = Unmanaged.passRetained(self).toOpaque()
    pthread_create(
      &thread,
      nil,
      { context in
        guard let context else { return nil }
        let log = Unmanaged<AccessLog>.fromOpaque(context).takeRetainedValue()
        while true {
          usleep(100_000)
          log.flush()
        }
      },
      context
    )
    pthread_detach(thread)
  }
}
