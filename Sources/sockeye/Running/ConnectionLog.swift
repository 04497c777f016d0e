import ArgumentParser
import Glibc
import NIOCore
import SockeyeGateway
import SockeyeText
import SockeyeTransport
import Synchronization

/// What is told of a command's connections at its end.
enum ReportChoice: String, ExpressibleByArgument, CaseIterable {
  case auto, table, json, none

  /// What `auto` stands for: a table for a person, nothing for a program, whose standard error may be compared.
  func resolved(_ terminal: Terminal) -> ReportChoice {
    self == .auto ? (terminal.isTerminal ? .table : .none) : self
  }
}

/// Takes down a command's connections. Memory doesn't grow with their number.
final class ConnectionLog: Sendable {
  private static let longest = 1_000

  private struct State {
    var rows: [(row: ConnectionRow, line: String)] = []
    var others = 0
    var open = 0
    var waiting: CheckedContinuation<Void, Never>?

    /// Who waits for the end of all, if that has come.
    mutating func takeWaiting(_ isOver: Bool) -> CheckedContinuation<Void, Never>? {
      guard isOver else { return nil }
      defer { waiting = nil }
      return waiting
    }
  }

  private let state = Mutex(State())
  /// Where all is written down, or -1.
  private let file: Int32

  /// - Parameter path: a file for all events; nil for none.
  /// - Throws: a failure of kind `localFile`.
  init(file path: String?) throws(Failure) {
    file = path.map { ArgumentFile.open($0, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOCTTY) } ?? -1
    guard let path, file < 0 else { return }
    throw Failure(.localFile, .cannotWriteLog(path, .system(errno)))
  }

  deinit {
    if file >= 0 { close(file) }
  }

  /// Takes an event down.
  func note(_ event: GatewayEvent) {
    let line = event.line
    if file >= 0 { write(line) }
    let waiting = state.withLock { state in
      switch event {
      case .opened: state.open += 1
      case .closed: state.open -= 1
      case .asked, .failed, .refused, .datagramsEnded: break
      }
      if let row = ConnectionRow(event) {
        if state.rows.count < Self.longest { state.rows.append((row, line)) } else { state.others += 1 }
      }
      return state.takeWaiting(state.open == 0)
    }
    waiting?.resume()
  }

  /// One write is one line, also where others write to the file. What the disk has no room for is lost.
  private func write(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = Glibc.write(file, bytes, bytes.count)
  }

  /// Waits until no connection is open: what a command has said last arrives though it has ended, as the kernel would have
  /// it. Whoever doesn't end a connection that the command has ended is waited for so long.
  func untilAllHaveEnded(within limit: Duration) async {
    let timer = Task {
      try await Task.sleep(for: limit)
      state.withLock { $0.takeWaiting(true) }?.resume()
    }
    await withCheckedContinuation { continuation in
      let isOver = state.withLock { state in
        if state.open > 0 { state.waiting = continuation }
        return state.open == 0
      }
      if isOver { continuation.resume() }
    }
    timer.cancel()
  }

  /// Tells of all connections, on standard error.
  func tell(_ choice: ReportChoice) {
    let (rows, others) = state.withLock { ($0.rows, $0.others) }
    switch choice.resolved(.error) {
    case .auto, .none: return
    case .table:
      for line in ConnectionTable.lines(rows.map(\.row), others: others, in: Speech.language) {
        StandardError.say(line)
      }
    case .json:
      for entry in rows { StandardError.say(entry.line) }
    }
  }
}
