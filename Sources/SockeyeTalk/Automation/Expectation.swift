public import NIOCore
public import SockeyeTransport

/// What the peer is expected to say, and by when.
public struct Expectation: Sendable {
  /// The regular expression that what it says must contain.
  public let pattern: String
  /// How long that may take.
  public let limit: TimeAmount

  /// Creates an expectation.
  ///
  /// - Parameters:
  ///   - pattern: A regular expression as Swift's `Regex` reads it.
  ///   - limit: How long the peer may take.
  /// - Throws: A failure of kind `usage` when the expression can't be read.
  public init(pattern: String, within limit: TimeAmount) throws(Failure) {
    do {
      _ = try Regex(pattern)
    } catch {
      throw Failure(.usage, .badPattern(pattern, "\(error)"))
    }
    self.pattern = pattern
    self.limit = limit
  }
}

/// Looks for an expectation in what a peer says.
///
/// What is kept is bounded: a match may stretch over the last 64 KiB.
struct ExpectationMatcher: ~Copyable {
  private static let window = 65_536
  private let regex: Regex<AnyRegexOutput>
  private var transcoder: Transcoder?
  private var recent: [UInt8] = []

  init?(_ expectation: Expectation, encoding: TextEncoding) {
    guard let regex = try? Regex(expectation.pattern) else { return nil }
    self.regex = regex.matchingSemantics(.unicodeScalar)
    transcoder = encoding.isUTF8 ? nil : Transcoder(from: encoding, to: .utf8)
  }

  /// Takes what the peer said next.
  ///
  /// - Returns: Whether the expectation is met.
  mutating func consume(_ bytes: ByteBuffer) -> Bool {
    if transcoder != nil {
      transcoder?.convert(bytes.readableBytesView, into: &recent)
    } else {
      recent.append(contentsOf: bytes.readableBytesView)
    }
    defer {
      if recent.count > Self.window { recent.removeFirst(recent.count - Self.window) }
    }
    return String(decoding: recent, as: UTF8.self).firstMatch(of: regex) != nil
  }
}
