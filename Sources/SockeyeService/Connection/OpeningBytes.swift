import NIOCore

/// What the first bytes of a connection say about the protocol that its client speaks.
enum OpeningBytes {
  /// What is known so far.
  enum Verdict: Hashable, Sendable {
    /// More bytes, or a quiet time, are needed.
    case undecided
    /// A TLS record of type handshake.
    case tls
    /// The request line of HTTP.
    case http
    /// A file's name, complete with its line's end.
    case bareName
  }

  /// The longest first line that is waited for, in bytes.
  static let longestLine = 16 * 1024

  /// Tells the protocols apart.
  ///
  /// A method that HTTP knows, and a space, is HTTP at once. Any other first line is HTTP if it ends as a request line
  /// does, so that an unknown method is answered as HTTP demands. What is left is a bare name.
  static func judge(_ buffer: ByteBuffer) -> Verdict {
    buffer.withUnsafeReadableBytes { bytes in
      guard let first = bytes.first else { return .undecided }
      if first == 0x16 { return bytes.count == 1 ? .undecided : bytes[1] == 0x03 ? .tls : .bareName }
      // RFC 9112, section 2.2: an empty line before a request is skipped.
      let rest = bytes.drop { $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n") }
      if Self.methods.contains(where: { rest.starts(with: $0) }) { return .http }
      guard !rest.isEmpty, let end = rest.firstIndex(of: UInt8(ascii: "\n")) else {
        return bytes.count > Self.longestLine ? .bareName : .undecided
      }
      return Self.isRequestLine(rest[..<end]) ? .http : .bareName
    }
  }

  private static let methods: [[UInt8]] = ["GET ", "HEAD ", "PUT ", "POST ", "PATCH ", "DELETE ", "OPTIONS "].map {
    Array($0.utf8)
  }

  private static func isRequestLine(_ line: Slice<UnsafeRawBufferPointer>) -> Bool {
    guard let space = line.lastIndex(of: UInt8(ascii: " ")) else { return false }
    return line[(space + 1)...].starts(with: "HTTP/".utf8)
  }
}
