import NIOCore

/// Moves as many bytes as will go, in one direction.
final class BulkRunner: BenchStream, BenchRunner {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// How long what has been sent may take to arrive.
  private static let patience = TimeAmount.seconds(30)

  private let ground: BenchGround
  private let direction: BenchDirection
  private let ended: EventLoopPromise<Void>
  var context: ChannelHandlerContext?
  private var source: BulkSource?
  private var answer = ByteBuffer()
  private var isRunning = false
  private(set) var arrival: BenchArrival?

  init(_ ground: BenchGround, _ direction: BenchDirection) {
    self.ground = ground
    self.direction = direction
    ended = ground.eventLoop.makePromise()
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func start(_ pace: BenchPace) {
    isRunning = true
    guard let context else { return lost(ChannelError.ioOnClosedChannel) }
    let kind = direction == .up ? BenchRequest.Kind.discard : .source
    context.writeAndFlush(Self.wrapOutboundOut(BenchRequest(kind: kind).bytes), promise: nil)
    guard direction == .up else { return }
    let meter = ground.meter
    source = BulkSource(context) { meter.sent($0) }
  }

  func stop() -> EventLoopFuture<Void> {
    isRunning = false
    source?.stop()
    if direction == .up, let context {
      context.close(mode: .output, promise: nil)
      let ended = ended
      ground.eventLoop.scheduleTask(in: Self.patience) { ended.succeed(()) }
    } else {
      context?.close(promise: nil)
      ended.succeed(())
    }
    return ended.futureResult
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = Self.unwrapInboundIn(data)
    guard direction == .up else { return ground.meter.received(bytes.readableBytes) }
    answer.writeImmutableBuffer(bytes)
    guard let count = answer.readInteger(as: UInt64.self) else { return }
    arrival = BenchArrival(bytes: count, time: ground.eventLoop.now)
    context.close(promise: nil)
    ended.succeed(())
  }

  func lost(_ error: any Error) {
    if isRunning { ground.meter.failed(error) }
    isRunning = false
    ended.succeed(())
  }
}
