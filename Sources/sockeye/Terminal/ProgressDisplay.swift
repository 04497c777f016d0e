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
    switch style {
    case .silent: return
    case .json:
      let total = total.map { ",\"total\":\($0)" } ?? ""
      StandardError.say(
        "{\"v\":1,\"event\":\"progress\",\"done\":\(done)\(total),\"bytesPerSecond\":\(Int64(clamping: rate))}"
      )
    case .plain:
      StandardError.say("\(VisibleText.of(name)): \(self.figures(done: done, total: total, rate: rate))")
    case .bar:
      let figures = self.figures(done: done, total: total, rate: rate)
      let columns = self.terminal.columns
      var line = VisibleText.of(name)
      let room = max(0, columns - 1 - figures.count - 2)
      if let total, total > 0, room >= 30 {
        let width = min(30, room / 2)
        let filled = Int(Double(width) * min(1, Double(done) / Double(total)))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        line = "\(Self.shortened(line, to: room - width - 1)) \(bar)"
      } else {
        line = Self.shortened(line, to: room)
      }
      isDrawn = true
      StandardError.write("\r\(line)  \(figures)\u{1B}[K")
    }
  }

  private func figures(done: Int64, total: Int64?, rate: Double) -> String {
    var text = ByteText.of(done)
    if let total, total > 0 {
      text = "\(Int(min(100, Double(done) / Double(total) * 100))) %  \(text) of \(ByteText.of(total))"
    }
    text += "  \(ByteText.of(Int64(clamping: rate)))/s"
    if let total, rate > 0, total > done {
      text += "  \(Self.clock(Int64(clamping: Double(total - done) / rate))) left"
    }
    return text
  }

  private static func clock(_ seconds: Int64) -> String {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60)
    let padded = { (number: Int64) in number < 10 ? "0\(number)" : "\(number)" }
    return hours > 0 ? "\(hours):\(padded(minutes)):\(padded(rest))" : "\(minutes):\(padded(rest))"
  }

  private static func shortened(_ text: String, to width: Int) -> String {
    text.count <= width ? text : String(text.prefix(max(0, width - 1))) + "…"
  }
}

/// Amounts of data for people: three digits and a binary unit.
enum ByteText {
  static func of(_ bytes: Int64) -> String {
    let magnitude = Double(bytes.magnitude)
    let units: [(String, Double)] = [("TiB", 0x1p40), ("GiB", 0x1p30), ("MiB", 0x1p20), ("KiB", 0x1p10)]
    guard let (name, factor) = units.first(where: { magnitude >= $0.1 }) else { return "\(bytes) B" }
    let tenths = (magnitude / factor * 10).rounded()
    let value = tenths >= 1000 ? "\(Int64(tenths / 10))" : "\(Int64(tenths) / 10).\(Int64(tenths) % 10)"
    return "\(bytes < 0 ? "-" : "")\(value) \(name)"
  }
}

extension Int64 {
  /// The nearest number that fits.
  fileprivate init(clamping value: Double) {
    self = value.isNaN ? 0 : value >= 9e18 ? .max : value <= -9e18 ? .min : Int64(value)
  }
}
