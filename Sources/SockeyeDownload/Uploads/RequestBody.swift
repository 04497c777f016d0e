internal import NIOCore
internal import SockeyeTransport

/// The body of a request, read from its source piece by piece while it is sent.
struct RequestBody: Sendable {
  /// What comes next of it.
  enum Piece: Sendable {
    case bytes(ByteBuffer)
    case end
  }

  private let source: UploadSource
  private let threads: BlockingThreads
  private let limiter: RateLimiter?
  private let onSent: @Sendable (Int) -> Void
  private var offset: UInt64
  private let end: UInt64?

  /// - Parameters:
  ///   - first: Where in the source it begins.
  ///   - onSent: Told how many bytes a connection has taken, each time.
  init(
    _ source: UploadSource,
    from first: UInt64,
    threads: BlockingThreads,
    limiter: RateLimiter?,
    onSent: @escaping @Sendable (Int) -> Void
  ) {
    self.source = source
    self.threads = threads
    self.limiter = limiter
    self.onSent = onSent
    offset = first
    end = source.size
  }

  /// Whether it can be sent a second time.
  var isRepeatable: Bool { end != nil }

  /// Reads the next piece.
  ///
  /// - Returns: A piece, on the event loop; a failure of kind `integrity` for a file that has become shorter.
  func next(on eventLoop: any EventLoop) -> EventLoopFuture<Piece> {
    let left = end.map { $0 - offset }
    let most = min(UInt64(limiter?.readSize ?? UploadSource.pieceSize), left ?? .max)
    guard most > 0 else { return eventLoop.makeSucceededFuture(.end) }
    return threads.run(on: eventLoop) { [source, offset] in
      let bytes = try source.read(at: offset, Int(most))
      if bytes.isEmpty, left != nil { throw Failure(.integrity, .shrankMeanwhile(source.name)) }
      return bytes.isEmpty ? .end : .bytes(ByteBuffer(bytes: bytes))
    }
  }

  /// The connection has taken so many bytes.
  ///
  /// - Returns: When the next may follow.
  mutating func sent(_ count: Int, now: NIODeadline) -> NIODeadline {
    offset += UInt64(count)
    onSent(count)
    return limiter?.take(count, now: now) ?? now
  }
}
