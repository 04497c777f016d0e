public import SockeyeText

/// What went wrong, in one line that a person can act on.
///
/// A failure says what failed, on what, and what to do about it. Its ``Kind`` is what programs act on: the command line
/// turns it into an exit code.
public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
  /// The classes of failure that a caller can tell apart.
  public enum Kind: Hashable, Sendable {
    /// None of the others.
    case other
    /// The request made no sense: a malformed endpoint, contradictory options.
    case usage
    /// A file of this machine could not be read or written.
    case localFile
    /// A name did not resolve, or a connection was refused, reset or unreachable.
    case network
    /// The peer's certificate was not accepted, or the TLS handshake failed.
    case tls
    /// The peer asked for credentials that were missing or wrong.
    case authentication
    /// The peer broke the protocol that it claims to speak.
    case peerProtocol
    /// The server answered with an error of its own, such as "not found".
    case serverReported
    /// What arrived is short, or its digest is wrong.
    case integrity
    /// A limit in time passed.
    case timedOut
    /// Going on would overwrite something, or use an unsafe name.
    case refusedLocally
    /// What the peer sent did not match what was expected of it.
    case expectationUnmet
  }

  /// The class of the failure.
  public let kind: Kind

  /// One line in every language, without a prefix and without a final full stop.
  public let phrase: Phrase

  /// The line in English, as programs and logs have it.
  public var message: String { phrase.english }

  /// Creates a failure.
  ///
  /// - Parameters:
  ///   - kind: The class of the failure.
  ///   - phrase: One line that says what failed, on what, and what to do.
  public init(_ kind: Kind, _ phrase: Phrase) {
    self.kind = kind
    self.phrase = phrase
  }

  /// The message.
  public var description: String { message }
}
