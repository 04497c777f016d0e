/// What is put at the end of a typed line.
public enum LineEnding: String, Sendable, CaseIterable {
  /// Nothing.
  case none
  /// A line feed.
  case lf
  /// A carriage return.
  case cr
  /// A carriage return and a line feed.
  case crlf

  /// The ending itself, in ASCII.
  public var bytes: [UInt8] {
    switch self {
    case .none: []
    case .lf: [0x0A]
    case .cr: [0x0D]
    case .crlf: [0x0D, 0x0A]
    }
  }
}
