import NIOCore
import SockeyeTransport
import Synchronization

/// A connection to the server of a bench beside those that are measured: it tells which address answers, and how much of its
/// processor the server uses.
struct BenchControl: Sendable {
  /// The server's address.
  let address: SocketAddress
  private let channel: any Channel
  private let handler: NIOLoopBound<Handler>

  /// Connects.
  ///
  /// - Throws: A failure of kind `network`, `timedOut`, `usage`, or `peerProtocol` where it is no server of ours.
  static func open(
    _ endpoint: Endpoint,
    over transport: Transport,
    options: ConnectOptions
  ) async throws(Failure) -> (BenchControl, Duration) {
    // Kept here: whoever closes at once has emptied the pipeline by the time that anybody could look for it.
    let made = Mutex<NIOLoopBound<Handler>?>(nil)
    let channel = try await transport.connect(to: endpoint, options: options) { channel in
      let handler = Handler(channel.eventLoop)
      try channel.pipeline.syncOperations.addHandler(handler)
      made.withLock { $0 = NIOLoopBound(handler, eventLoop: channel.eventLoop) }
    }
    guard let address = channel.remoteAddress, let handler = made.withLock({ $0 }) else {
      throw Failure(.network, .closedAtOnceByOther(endpoint))
    }
    let control = BenchControl(address: address, channel: channel, handler: handler)
    guard let used = await control.processorTime() else {
      channel.close(promise: nil)
      throw Failure(.peerProtocol, .notBenchServer(endpoint))
    }
    return (control, used)
  }

  /// How much of its processor the server has used; nil when it doesn't answer within five seconds.
  func processorTime() async -> Duration? {
    let standing = try? await channel.eventLoop.flatSubmit { handler.value.ask() }.get()
    return standing.map { .nanoseconds(Int64(clamping: $0.processorNanoseconds)) }
  }

  func close() { channel.close(promise: nil) }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let eventLoop: any EventLoop
    private var context: ChannelHandlerContext?
    private var answer = ByteBuffer()
    private var asked: EventLoopPromise<BenchStanding>?

    init(_ eventLoop: any EventLoop) {
      self.eventLoop = eventLoop
    }

    func handlerAdded(context: ChannelHandlerContext) {
      self.context = context
      context.write(Self.wrapOutboundOut(BenchRequest(kind: .processorTime).bytes), promise: nil)
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func ask() -> EventLoopFuture<BenchStanding> {
      guard let context, context.channel.isActive, asked == nil else {
        return eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel)
      }
      let promise = eventLoop.makePromise(of: BenchStanding.self)
      asked = promise
      context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(integer: UInt8(0))), promise: nil)
      let timeout = eventLoop.assumeIsolated().scheduleTask(in: .seconds(5)) { self.end(.failure(ChannelError.eof)) }
      promise.futureResult.assumeIsolated().whenComplete { _ in timeout.cancel() }
      return promise.futureResult
    }

    private func end(_ result: Result<BenchStanding, any Error>) {
      let promise = asked
      asked = nil
      promise?.completeWith(result)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      answer.writeImmutableBuffer(Self.unwrapInboundIn(data))
      do throws(BenchRequest.NotARequest) {
        if let standing = try BenchStanding.read(from: &answer) { end(.success(standing)) }
      } catch {
        end(.failure(error))
        context.close(promise: nil)
      }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) { end(.failure(ChannelError.eof)) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      end(.failure(error))
      context.close(promise: nil)
    }
  }
}
