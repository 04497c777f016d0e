import ArgumentParser
import Glibc

/// When to use colour.
enum ColorChoice: String, ExpressibleByArgument, CaseIterable {
  case auto, always, never
}

/// What is known of the terminal that a descriptor may be.
struct Terminal {
  static let input = Terminal(descriptor: STDIN_FILENO)
  static let output = Terminal(descriptor: STDOUT_FILENO)
  static let error = Terminal(descriptor: STDERR_FILENO)

  let descriptor: Int32

  /// Whether a person may be looking.
  var isTerminal: Bool { isatty(descriptor) == 1 }

  /// Whether another descriptor leads to the same terminal.
  func isSame(as other: Terminal) -> Bool {
    var (mine, theirs) = (stat(), stat())
    guard isTerminal, other.isTerminal, fstat(descriptor, &mine) == 0, fstat(other.descriptor, &theirs) == 0 else {
      return false
    }
    return mine.st_rdev == theirs.st_rdev
  }

  /// The width in columns; 80 where it cannot be told.
  var columns: Int {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// Whether the terminal understands more than lines of text.
  var understandsControls: Bool {
    guard isTerminal, let kind = Self.variable("TERM") else { return false }
    return kind != "dumb"
  }

  /// Whether to write in colour (no-color.org: a NO_COLOR that is not empty forbids it).
  func usesColor(_ choice: ColorChoice) -> Bool {
    switch choice {
    case .always: true
    case .never: false
    case .auto: understandsControls && (Self.variable("NO_COLOR") ?? "").isEmpty
    }
  }

  private static func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}
