internal import NIOCore
internal import SockeyeTransport

/// What to do with the body of a response.
enum BodyPlan: Sendable {
  /// Read and forget, so that the connection can be used again.
  case discard
  /// Keep in memory, up to so many bytes.
  case collect(limit: Int)
  /// Write into a store.
  case store(DownloadStore, StorePlan)
}

/// Where in the file the body of a response belongs.
struct StorePlan: Sendable {
  /// Where its first byte goes, and how far the connection may write for now.
  var claim: Range<UInt64>
  /// Where the body has to end, if the response said so: not before it and not after it.
  var end: UInt64?
  /// How far the claim grows each time that it has been filled.
  var stride: UInt64
  /// What limits the rate.
  var limiter: RateLimiter?
  /// Who is told how much came.
  var lane: DownloadLane?
}

/// What came of a body.
struct BodyOutcome: Sendable {
  /// The bytes, if they were to be collected.
  var body = ByteBuffer()
  /// How many bytes went into the store.
  var stored: UInt64 = 0
}

/// How a response shows where its body ends.
enum BodyFraming: Sendable {
  /// By a length or by chunks: the decoder knows.
  case delimited
  /// By the end of the stream, which has to come in order to be believed.
  case untilClose
}
