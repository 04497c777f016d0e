import NIOCore
import SockeyeTransport

/// Something that makes a body piece by piece, on threads where waiting for a disk does no harm.
protocol BodyProducer: AnyObject {
  /// Makes the next piece, of some 64 KiB.
  ///
  /// - Returns: The piece, empty if it takes another call to make one, or `nil` after the last.
  /// - Throws: Anything; the connection is then cut, since its client cannot be told otherwise.
  func next(_ allocator: ByteBufferAllocator) throws -> ByteBuffer?
}

/// Sends one response's body as fast as the client takes it, and never holds more of it than a piece.
///
/// A piece of a file goes out by `sendfile`. Where that is impossible, inside TLS, it is read into a buffer: on the event
/// loop if the page cache has it, and on another thread if a disk has to be waited for.
final class BodyTransmission {
  /// Where the bytes come from.
  enum Source {
    case parts(BodyPlan, of: OpenedFile)
    case producer(any BodyProducer, chunked: Bool)
  }

  /// How a body came to its end.
  enum Outcome: Hashable, Sendable {
    case complete
    /// The file changed, or could not be read: what was sent is not to be taken for the whole.
    case broken
  }

  /// How bytes are brought to the client.
  struct Way {
    /// Whether what is in a file has to go through memory.
    var byCopy: Bool
    /// How fast it may go, in bytes per second.
    var rate: Int64?
    /// Threads that may wait for a disk.
    var pool: BlockingThreads
  }

  private enum State {
    /// The next piece can be sent.
    case ready
    /// The channel has a piece.
    case writing
    /// A piece is being read from the disk.
    case reading
    /// The rate limit has the next piece wait, or the other connections do.
    case resting
    case ended
  }

  /// Bytes that were given to the channel, framing included.
  private(set) var handedOver: Int64 = 0
  /// Those of them that the kernel has taken.
  private(set) var taken: Int64 = 0

  private let context: ChannelHandlerContext
  private var source: Source
  private let way: Way
  private let started: NIODeadline
  private var state = State.ready
  private let done: (Outcome) -> Void

  /// Bytes of a file given to `sendfile` at once, and in one turn of the event loop.
  ///
  /// Small on purpose. A client that keeps up takes a piece while the next one is being queued, and both find it in the
  /// processor's cache; the socket's buffer never fills, so nobody is put to sleep and woken for each refill. Measured
  /// beside pieces of 4 MiB, which run into a full buffer, this is faster and costs less.
  static let largestRegion: Int64 = 256 << 10
  /// Bytes of a file read into memory at once.
  static let largestCopy: Int64 = 256 << 10

  init(_ source: Source, context: ChannelHandlerContext, way: Way, done: @escaping (Outcome) -> Void) {
    self.context = context
    self.source = source
    self.way = way
    started = context.eventLoop.now
    self.done = done
  }

  /// Whether it is we who wait: for a disk, or for the rate limit.
  var isPaused: Bool { state == .reading || state == .resting }

  /// Whether the file that is being sent is no longer the file that was opened.
  var fileHasChanged: Bool {
    if case .parts(_, let file) = source { file.hasChanged } else { false }
  }

  /// Begins to send.
  func start() { goOn() }

  /// The connection is gone.
  func abandon() { state = .ended }

  private func end(_ outcome: Outcome) {
    guard state != .ended else { return }
    state = .ended
    done(outcome)
  }

  private func goOn() {
    while state == .ready {
      switch source {
      case .parts(var plan, let file):
        let piece = plan.next(largest: largestPiece)
        source = .parts(plan, of: file)
        sendPiece(piece, of: file)
      case .producer(let producer, let chunked):
        sendNext(of: producer, chunked: chunked)
      }
    }
  }

  // MARK: Files

  private func sendPiece(_ piece: BodyPlan.Part?, of file: OpenedFile) {
    switch piece {
    case nil: end(.complete)
    case .bytes(let buffer)?:
      if isAtEnd { hand(.byteBuffer(buffer), count: buffer.readableBytes) } else { write(buffer) }
    case .file(let range)?:
      // Right after opening, when nothing has been handed over yet, it is what it was.
      guard handedOver == 0 || !file.hasChanged else { return end(.broken) }
      if way.byCopy { return copy(range, of: file) }
      let region = FileRegion(
        fileHandle: file.handle,
        readerIndex: Int(range.lowerBound),
        endIndex: Int(range.upperBound)
      )
      hand(.fileRegion(region), count: range.count)
    }
  }

  private var isAtEnd: Bool {
    if case .parts(let plan, _) = source { plan.isEmpty } else { false }
  }

  private var largestPiece: Int64 {
    let limit = way.byCopy ? Self.largestCopy : Self.largestRegion
    return way.rate.map { min(limit, max(4096, $0 / 4)) } ?? limit
  }

  private func copy(_ piece: Range<Int64>, of file: OpenedFile) {
    var buffer = context.channel.allocator.buffer(capacity: piece.count)
    if let count = file.readCached(into: &buffer, at: piece.lowerBound, count: piece.count) {
      return copied(buffer, count: count, piece: piece)
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
    guard count > 0, case .parts(var plan, let file) = source else { return end(.broken) }
    plan.putBack((piece.lowerBound + Int64(count))..<piece.upperBound)
    source = .parts(plan, of: file)
    hand(.byteBuffer(buffer), count: count)
  }

  // MARK: Producers

  /// A producer on its way to the thread that has it make one piece.
  ///
  /// Unchecked: nobody has a producer but its transmission, which touches it on one thread at a time. While a piece is being
  /// made, the state is `reading`, in which nothing else is sent, and nothing is begun before the piece is there.
  private struct Turn: @unchecked Sendable {
    let producer: any BodyProducer
  }

  private func sendNext(of producer: any BodyProducer, chunked: Bool) {
    let producer = Turn(producer: producer)
    whenRead { allocator in
      try producer.producer.next(allocator)
    } then: { transmission, piece in
      guard let piece else {
        if chunked {
          transmission.write(ByteBuffer(staticString: "0\r\n\r\n"))
          transmission.context.flush()
        }
        return transmission.end(.complete)
      }
      // Nothing has been made yet; an empty chunk would be the last one.
      guard piece.readableBytes > 0 else { return }
      guard chunked else { return transmission.hand(.byteBuffer(piece), count: piece.readableBytes) }
      // RFC 9112, section 7.1.
      transmission.write(ByteBuffer(string: String(piece.readableBytes, radix: 16) + "\r\n"))
      transmission.write(piece)
      transmission.hand(.byteBuffer(ByteBuffer(staticString: "\r\n")), count: 2)
    }
  }

  // MARK: The channel

  private func whenRead(
    _ work: @escaping @Sendable (ByteBufferAllocator) throws -> ByteBuffer?,
    then body: @escaping (BodyTransmission, ByteBuffer?) -> Void
  ) {
    state = .reading
    let allocator = context.channel.allocator
    way.pool.run(on: context.eventLoop) { try work(allocator) }.assumeIsolated().whenComplete { result in
      guard self.state != .ended else { return }
      self.state = .ready
      switch result {
      case .success(let buffer):
        body(self, buffer)
        self.goOn()
      case .failure: self.end(.broken)
      }
    }
  }

  /// Writes something that more follows at once.
  private func write(_ bytes: ByteBuffer) {
    handedOver += Int64(bytes.readableBytes)
    context.write(NIOAny(IOData.byteBuffer(bytes)), promise: nil)
  }

  /// Writes something, and goes on when the kernel has taken it.
  private func hand(_ data: IOData, count: Int) {
    handedOver += Int64(count)
    state = .writing
    let promise = context.eventLoop.makePromise(of: Void.self)
    // Holds the file open for as long as the channel may still look at it.
    let source = self.source
    promise.futureResult.assumeIsolated().whenComplete { result in
      withExtendedLifetime(source) {
        guard case .success = result, self.state != .ended else { return }
        self.taken = self.handedOver
        self.rest()
      }
    }
    context.writeAndFlush(NIOAny(data), promise: promise)
  }

  /// Leaves the event loop to other connections, and the processor to the client, before the next piece of a file, and
  /// keeps to the rate.
  private func rest() {
    state = .ready
    guard !isAtEnd else { return goOn() }
    if let rate = way.rate {
      let due = started + .nanoseconds(Int64(Double(handedOver) / Double(max(1, rate)) * 1e9))
      guard due > context.eventLoop.now else { return goOn() }
      state = .resting
      context.eventLoop.assumeIsolated().scheduleTask(deadline: due) { self.hasRested() }
    } else if case .parts = source {
      state = .writing
      context.eventLoop.executeAfterPolling { self.hasRested() }
    } else {
      goOn()
    }
  }

  private func hasRested() {
    guard state != .ended else { return }
    state = .ready
    goOn()
  }
}
