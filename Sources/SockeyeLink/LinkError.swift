internal import Glibc

/// A link that can't be used, and what the system said.
public struct LinkError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was tried, as the beginning of a sentence: "cannot open the TUN device sock0".
  public var attempt: String
  /// The system's error number.
  public var number: Int32
  /// What it was tried with.
  public var subject: Subject

  /// What fails.
  public enum Subject: Hashable, Sendable {
    /// A device, or what is needed to wait for it.
    case device
    /// A capture.
    case file
  }

  /// An attempt, and why it failed: the current `errno` unless said.
  public init(_ attempt: String, number: Int32? = nil, subject: Subject = .device) {
    self.number = number ?? errno
    self.attempt = attempt
    self.subject = subject
  }

  /// One line, without a full stop.
  public var description: String { "\(attempt): \(String(cString: strerror(number)))" }
}
