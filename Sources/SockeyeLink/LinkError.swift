internal import Glibc

/// A link that can't be used, and what the system said.
public struct LinkError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was tried, as the beginning of a sentence: "cannot open the TUN device sock0".
  public var attempt: String
  /// The system's error number.
  public var number: Int32

  /// An attempt, and why it failed: the current `errno` unless said.
  public init(_ attempt: String, number: Int32? = nil) {
    self.number = number ?? errno
    self.attempt = attempt
  }

  /// One line, without a full stop.
  public var description: String { "\(attempt): \(String(cString: strerror(number)))" }
}
