import NIOCore
import SockeyeTransport

/// Something that makes a body piece by piece, on threads where waiting for a disk does no harm.
protocol BodyProducer: AnyObject, Sendable {
  /// Makes the next piece, of some 64 KiB. Never called twice at once.
  ///
  /// - Returns: The piece, or `nil` after the last.
  /// - Throws: Anything; the connection is then cut, since its client cannot be told otherwise.
  func next(_ allocator: ByteBufferAllocator) throws -> ByteBuffer?
}

/// Sends one response's body as fast as the client takes it, and never holds more of it than a piece.
///
/// A piece of a file goes out by `sendfile`. Where that is impossible, inside TLS, it is read into a buffer: on the event
/// loop if the page cache has it, and on another thread if a disk has to be waited for.
final class BodyTransmission {
  /// A part of a body.
  enum Part {
    case bytes(ByteBuffer)
    case file(Range<Int64>)
  }

  /// Where the bytes come from.
  enum Source {
    case parts([Part], of: OpenedFile?)
    case producer(any BodyProducer, chunked: Bool)
  }

  /// How a body came to its end.
  enum Outcome: Hashable, Sendable {
    case complete
    /// The file changed, or could not be read: what was sent is not to be taken for the whole.
    case broken
  }

  /// Bytes that were given to the channel, framing included.
  private(set) var handedOver: Int64 = 0
  /// Whether it is we who wait: for a disk, or for the rate limit.
  private(set) var isPaused = false

  private let context: ChannelHandlerContext
  private let file: OpenedFile?
  private var parts: ArraySlice<Part>
  private let producer: (any BodyProducer)?
  private let isChunked: Bool
  private let byCopy: Bool
  private let pool: BlockingThreads
  /// In bytes per second.
  private let rate: Int64?
  private let started: NIODeadline
  private var inFlight = false
  private var ended = false
  private var isFirstPiece = true
  private let done: (Outcome) -> Void

  /// Bytes of a file given to `sendfile` at once, and in one turn of the event loop.
  ///
  /// Small on purpose. A client that keeps up takes a piece while the next one is being queued, and both find it in the
  /// processor's cache; the socket's buffer never fills, so nobody is put to sleep and woken for each refill. Measured
  /// beside pieces of 4 MiB, which run into a full buffer, this is faster and costs less.
  static let largestRegion: Int64 = 256 << 10
  /// Bytes of a file read into memory at once.
  static let largestCopy: Int64 = 256 << 10

  init(
    _ source: Source,
    context: ChannelHandlerContext,
    byCopy: Bool,
    rate: Int64?,
    pool: BlockingThreads,
    done: @escaping (Outcome) -> Void
  ) {
    self.context = context
    self.byCopy = byCopy
    self.rate = rate
    self.pool = pool
    started = rate == nil ? .now() : context.eventLoop.now
    self.done = done
    switch source {
    case .parts(let parts, let file):
      self.parts = parts[...]
      self.file = file
      self.producer = nil
      isChunked = false
    case .producer(let producer, let chunked):
      self.parts = []
      self.file = nil
      self.producer = producer
      isChunked = chunked
    }
  }

  /// Whether the file that is being sent is no longer the file that was opened.
  var fileHasChanged: Bool { self.file?.hasChanged ?? false }

  /// Begins, or goes on after the channel has become writable again.
  func resume() {
    while !self.ended, !self.inFlight {
      if self.producer != nil {
        sendProduced()
      } else if !self.sendPart() {
        return
      }
    }
  }

  /// The connection is gone.
  func abandon() { ended = true }

  private func end(_ outcome: Outcome) {
    guard !self.ended else { return }
    ended = true
    self.done(outcome)
  }

  // MARK: Files

  /// Sends one piece. Returns whether to go on at once.
  private func sendPart() -> Bool {
    guard let part = self.parts.first else {
      end(.complete)
      return false
    }
    switch part {
    case .bytes(let buffer):
      self.parts.removeFirst()
      let isLast = self.parts.isEmpty
      hand(.byteBuffer(buffer), count: buffer.readableBytes, flush: isLast, waiting: isLast)
      return !isLast
    case .file(let range):
      guard let file = self.file, isFirstPiece || !file.hasChanged else {
        end(.broken)
        return false
      }
      isFirstPiece = false
      let limit = pieceLimit
      let piece = range.lowerBound..<min(range.upperBound, range.lowerBound + limit)
      self.parts.removeFirst()
      if piece.upperBound < range.upperBound {
        self.parts = [.file(piece.upperBound..<range.upperBound)] + self.parts
      }
      if self.byCopy {
        copy(piece, of: file)
      } else {
        let region = FileRegion(
          fileHandle: file.handle,
          readerIndex: Int(piece.lowerBound),
          endIndex: Int(piece.upperBound)
        )
        hand(.fileRegion(region), count: piece.count, flush: true, waiting: true)
      }
      return false
    }
  }

  private var pieceLimit: Int64 {
    let limit = self.byCopy ? Self.largestCopy : Self.largestRegion
    guard let rate = self.rate else { return limit }
    return min(limit, max(4096, rate / 4))
  }

  private func copy(_ piece: Range<Int64>, of file: OpenedFile) {
    var buffer = self.context.channel.allocator.buffer(capacity: piece.count)
    if let count = file.readCached(into: &buffer, at: piece.lowerBound, count: piece.count) {
      copied(buffer, count: count, piece: piece)
      return
    }
    whenRead { allocator in
      var buffer = allocator.buffer(capacity: piece.count)
      _ = try file.read(into: &buffer, at: piece.lowerBound, count: piece.count)
      return buffer
    } then: { transmission, buffer in
      transmission.copied(buffer ?? ByteBuffer(), count: buffer?.readableBytes ?? 0, piece: piece)
    }
  }

  private func copied(_ buffer: ByteBuffer, count: Int, piece: Range<Int64>) {
    guard count > 0 else { return end(.broken) }
    let rest = (piece.lowerBound + Int64(count))..<piece.upperBound
    if !rest.isEmpty { self.parts = [.file(rest)] + self.parts }
    hand(.byteBuffer(buffer), count: count, flush: true, waiting: true)
  }

  // MARK: Producers

  private func sendProduced() {
    guard let producer = self.producer else { return }
    whenRead { allocator in
      try producer.next(allocator)
    } then: { transmission, piece in
      guard let piece else {
        if transmission.isChunked { transmission.write("0\r\n\r\n", flush: true) }
        return transmission.end(.complete)
      }
      if transmission.isChunked { transmission.write(String(piece.readableBytes, radix: 16) + "\r\n", flush: false) }
      let count = piece.readableBytes
      if transmission.isChunked {
        transmission.hand(.byteBuffer(piece), count: count, flush: false, waiting: false)
        transmission.inFlight = true
        transmission.hand(.byteBuffer(ByteBuffer(string: "\r\n")), count: 2, flush: true, waiting: true)
      } else {
        transmission.hand(.byteBuffer(piece), count: count, flush: true, waiting: true)
      }
    }
  }

  private func write(_ text: String, flush: Bool) {
    hand(.byteBuffer(ByteBuffer(string: text)), count: text.utf8.count, flush: flush, waiting: false)
  }

  // MARK: The channel

  private func whenRead(
    _ work: @escaping @Sendable (ByteBufferAllocator) throws -> ByteBuffer?,
    then body: @escaping (BodyTransmission, ByteBuffer?) -> Void
  ) {
    inFlight = true
    isPaused = true
    let allocator = self.context.channel.allocator
    self.pool.run(on: self.context.eventLoop) { try work(allocator) }.assumeIsolated().whenComplete {
      result in
      self.inFlight = false
      self.isPaused = false
      guard !self.ended else { return }
      switch result {
      case .success(let buffer):
        body(self, buffer)
        self.resume()
      case .failure: self.end(.broken)
      }
    }
  }

  private func hand(_ data: IOData, count: Int, flush: Bool, waiting: Bool) {
    handedOver += Int64(count)
    guard waiting else {
      self.context.write(NIOAny(data), promise: nil)
      if flush { self.context.flush() }
      return
    }
    inFlight = true
    let promise = self.context.eventLoop.makePromise(of: Void.self)
    // Holds the file open for as long as the channel may still look at it.
    let file = self.file
    promise.futureResult.assumeIsolated().whenComplete { result in
      withExtendedLifetime(file) {
        self.inFlight = false
        guard case .success = result, !self.ended else { return }
        self.goOnWithinRate()
      }
    }
    self.context.write(NIOAny(data), promise: promise)
    if flush { self.context.flush() }
  }

  /// Leaves the event loop to other connections, and the processor to the client, before the next piece.
  private func goOnNextTurn() {
    guard self.file != nil, !self.parts.isEmpty else { return resume() }
    inFlight = true
    self.context.eventLoop.assumeIsolated().execute {
      self.inFlight = false
      self.resume()
    }
  }

  private func goOnWithinRate() {
    guard let rate = self.rate, !self.parts.isEmpty || self.producer != nil else { return goOnNextTurn() }
    let due = started + .nanoseconds(Int64(Double(handedOver) / Double(max(1, rate)) * 1e9))
    guard due > self.context.eventLoop.now else { return resume() }
    inFlight = true
    isPaused = true
    self.context.eventLoop.assumeIsolated().scheduleTask(deadline: due) {
      self.inFlight = false
      self.isPaused = false
      self.resume()
    }
  }
}
