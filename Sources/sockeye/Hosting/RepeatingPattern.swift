/// Bytes that a service sends over and over.
struct RepeatingPattern {
  let bytes: [UInt8]

  /// The bytes from a position in the endless stream on: as many as are in one piece.
  func withBytes<Result, Failure: Error>(
    from position: UInt64,
    atMost limit: UInt64,
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let start = Int(position % UInt64(bytes.count))
    let count = Int(min(UInt64(bytes.count - start), limit))
    return try body(bytes.span.bytes.extracting(start..<start + count))
  }

  /// RFC 864: lines of 72 of the 95 printing characters, each line one character further.
  static let characters: RepeatingPattern = {
    var bytes: [UInt8] = []
    for line in 0..<95 {
      for column in 0..<72 { bytes.append(UInt8(32 + (line + column) % 95)) }
      bytes += [13, 10]
    }
    return RepeatingPattern(bytes: bytes)
  }()

  /// What looks random, in a prime number of bytes: whatever is lost, doubled or moved by a round number shows.
  static let noise: RepeatingPattern = {
    var state: UInt64 = 1
    let bytes = (0..<1_048_573).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 56)
    }
    return RepeatingPattern(bytes: bytes)
  }()
}
