import NIOCore
import SockeyeTransport

/// Carries a session's bytes over a stream's channel.
final class StreamCarrier: SessionCarrier {
  /// How far reading has come. Reads are asked for one by one; while one is being delivered, what is sent meanwhile is
  /// flushed once at its end.
  private enum Reading {
    case idle
    case asked
    case delivering
    /// This side has closed the channel.
    case closed
  }

  /// How long a peer may take to end its stream after we ended ours.
  static let lingering = TimeAmount.seconds(5)
  /// How long the peer's TCP may take to acknowledge what was said last before the kernel alone sees to it.
  private static let patience = TimeAmount.seconds(60)

  private(set) var context: ChannelHandlerContext?
  private var reading = Reading.idle
  private var needsFlush = false

  var lingering: TimeAmount? { Self.lingering }
  var isWritable: Bool { context?.channel.isWritable ?? false }

  /// What TCP is doing; nothing before and after the connection.
  var status: StreamStatus? { context.flatMap { StreamStatus.of($0.channel) } }

  var roundTrip: TimeAmount { status?.shortestRoundTrip ?? .zero }

  func attach(_ context: ChannelHandlerContext) { self.context = context }

  func detach() { context = nil }

  // MARK: Reading

  func read() {
    guard case .idle = reading, let context else { return }
    reading = .asked
    context.read()
  }

  /// A read brings something.
  func deliver() {
    if !isClosed { reading = .delivering }
  }

  /// A read has brought what it had.
  func delivered() {
    guard !isClosed else { return }
    reading = .idle
    flush()
  }

  // MARK: Writing

  func transmit(_ bytes: ByteBuffer) {
    needsFlush = true
    context?.write(NIOAny(bytes), promise: nil)
  }

  func flush() {
    guard needsFlush else { return }
    if case .delivering = reading { return }
    needsFlush = false
    context?.flush()
  }

  // MARK: Ending

  func perform(_ step: StreamEnds.Step, whenOut: @escaping () -> Void) {
    guard step != .nothing, let context else { return }
    needsFlush = false
    switch step {
    case .nothing: break
    case .endOutput:
      context.flush()
      context.close(mode: .output, promise: halfClosePromise(whenOut))
    case .drain:
      // Half-closing would close at once. An empty write behind all others tells when they are through.
      let out = promise { self.waitForAcknowledgment(from: .now(), then: whenOut) }
      context.writeAndFlush(NIOAny(ByteBuffer()), promise: out)
    case .close:
      reading = .closed
      context.close(promise: nil)
    }
  }

  private func promise(_ body: @escaping () -> Void) -> EventLoopPromise<Void>? {
    let promise = context?.eventLoop.makePromise(of: Void.self)
    promise?.futureResult.assumeIsolated().whenSuccess(body)
    return promise
  }

  /// A half-close that comes to its turn after the peer's FIN closes the channel, and fails with the reason of that close:
  /// everything before it is out all the same.
  private func halfClosePromise(_ body: @escaping () -> Void) -> EventLoopPromise<Void>? {
    let promise = context?.eventLoop.makePromise(of: Void.self)
    promise?.futureResult.assumeIsolated().whenComplete { result in
      switch result {
      case .success, .failure(ChannelError.outputClosed): body()
      case .failure: break
      }
    }
    return promise
  }

  /// A reset that answers what was sent last would go unnoticed on a closed socket.
  private func waitForAcknowledgment(from start: NIODeadline, then body: @escaping () -> Void) {
    guard let context else { return }
    switch status?.delivery {
    case .outstanding? where .now() - start < Self.patience:
      context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(5)) { [weak self] in
        self?.waitForAcknowledgment(from: start, then: body)
      }
    case .lost?: close()
    case .acknowledged?, .outstanding?, nil: body()
    }
  }

  /// Closes at once, and gives up what TLS hasn't got rid of.
  func close() {
    reading = .closed
    try? context?.pipeline.syncOperations.handler(type: CloseBehindWrites.self).abandon()
    context?.close(promise: nil)
  }

  /// Whether this side has closed the channel.
  var isClosed: Bool { if case .closed = reading { true } else { false } }
}
