import ArgumentParser
import NIOCore
import SockeyeText
import SockeyeTransport

/// How progress is shown.
enum ProgressChoice: String, ExpressibleByArgument, CaseIterable {
  case auto, bar, plain, json, none
}

/// Shows how far a transfer has come, on standard error.
///
/// On a terminal, one line that is drawn anew a few times a second; elsewhere a plain line every few seconds, or none
/// before the first of them.
struct ProgressDisplay {
  private enum Style { case bar, plain, json, silent }

  private let style: Style
  private let interval: TimeAmount
  private let terminal: Terminal
  private var last: (name: String, time: NIODeadline, done: Int64)?
  private var bytesPerSecond: Double?
  private var isDrawn = false

  init(_ choice: ProgressChoice, terminal: Terminal = .error) {
    self.terminal = terminal
    switch choice {
    case .none: style = .silent
    case .json: style = .json
    case .plain: style = .plain
    case .bar: style = .bar
    case .auto: style = terminal.understandsControls ? .bar : .plain
    }
    interval = style == .bar ? .milliseconds(100) : .seconds(3)
  }

  /// Tells how far the transfer is.
  ///
  /// - Parameters:
  ///   - name: What is transferred.
  ///   - done: Bytes that are there, those of earlier runs included.
  ///   - total: Bytes of the whole, if known.
  ///   - now: The time.
  mutating func update(name: String, done: Int64, total: Int64?, now: NIODeadline = .now()) {
    guard style != .silent else { return }
    // A rate is that of one transfer, and of bytes that came while somebody looked.
    guard let last = self.last, last.name == name, last.done <= done else {
      self.last = (name, now, done)
      bytesPerSecond = nil
      return
    }
    let elapsed = now - last.time
    guard elapsed >= interval else { return }
    let current = Double(done - last.done) / (Double(elapsed.nanoseconds) / 1e9)
    bytesPerSecond = bytesPerSecond.map { $0 * 0.7 + current * 0.3 } ?? current
    self.last = (name, now, done)
    show(name: name, done: done, total: total)
  }

  /// Takes the bar off the screen, so that other lines can be written.
  mutating func clear() {
    guard isDrawn else { return }
    isDrawn = false
    StandardError.write("\r\u{1B}[K")
  }

  private mutating func show(name: String, done: Int64, total: Int64?) {
    let rate = bytesPerSecond ?? 0
    let line = ProgressLine(name: VisibleText.of(name), done: done, total: total, rate: rate, language: Speech.language)
    switch style {
    case .silent: return
    case .json:
      let total = total.map { ",\"total\":\($0)" } ?? ""
      let whole = Int64(exactly: rate.rounded()) ?? 0
      StandardError.say("{\"v\":1,\"event\":\"progress\",\"done\":\(done)\(total),\"bytesPerSecond\":\(whole)}")
    case .plain: StandardError.say("\(line.name): \(line.figures)")
    case .bar:
      isDrawn = true
      // The last column is left free: some terminals go to the next line once it is written.
      StandardError.write("\r\(line.text(columns: terminal.columns - 1))\u{1B}[K")
    }
  }
}
