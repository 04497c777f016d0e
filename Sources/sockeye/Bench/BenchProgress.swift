import Glibc
import SockeyeText

/// Shows how a bench goes on: on a terminal one line that is drawn anew each second, elsewhere a plain line every few seconds,
/// and as JSON an event each second on standard output.
struct BenchProgress {
  private let text: BenchText
  private let isJSON: Bool
  private let isQuiet: Bool
  private let hasTerminal = Terminal.error.understandsControls
  private var isDrawn = false
  private var calls = 0

  init(_ text: BenchText, isJSON: Bool, isQuiet: Bool) {
    self.text = text
    self.isJSON = isJSON
    self.isQuiet = isQuiet
  }

  mutating func show(_ seconds: Double, _ since: BenchMeter.Reading, _ interval: Double) {
    calls += 1
    if isQuiet { return }
    if isJSON {
      print(text.progressLine(seconds, since, interval))
      fflush(nil)
    } else if hasTerminal {
      isDrawn = true
      let line = DisplayWidth.shortened(text.progress(seconds, since, interval), to: Terminal.error.columns - 1)
      StandardError.write("\r\(line)\u{1B}[K")
    } else if calls % 3 == 0 {
      StandardError.say(text.progress(seconds, since, interval))
    }
  }

  /// Takes the line off the screen.
  mutating func clear() {
    guard isDrawn else { return }
    isDrawn = false
    StandardError.write("\r\u{1B}[K")
  }
}
