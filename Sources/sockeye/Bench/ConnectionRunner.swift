import NIOCore

/// Opens a connection, has a message sent back over it, waits until the server has closed it, and opens the next.
final class ConnectionRunner: BenchRunner {
  /// How long to wait after a failure.
  private static let pause = TimeAmount.milliseconds(20)

  private let ground: BenchGround
  private let message: ByteBuffer
  private var pace: BenchPace?

  init(_ ground: BenchGround, message: ByteBuffer) {
    self.ground = ground
    self.message = message
  }

  func start(_ pace: BenchPace) {
    self.pace = pace
    next()
  }

  func stop() -> EventLoopFuture<Void> {
    pace = nil
    return ground.eventLoop.makeSucceededVoidFuture()
  }

  private func next() {
    let now = ground.eventLoop.now
    guard let due = pace?.take(now: now) else { return }
    guard due > now else { return begin(due) }
    ground.eventLoop.assumeIsolated().scheduleTask(deadline: due) { self.begin(due) }
  }

  private func begin(_ due: NIODeadline) {
    guard pace != nil else { return }
    let exchange = Exchange(message, meter: ground.meter)
    let handler = NIOLoopBound(exchange, eventLoop: ground.eventLoop)
    exchange.whenDone = { error in self.ended(due, error) }
    ground.connect { channel in
      try channel.pipeline.syncOperations.addHandler(handler.value)
    }.assumeIsolated().whenFailure { error in exchange.end(error) }
  }

  private func ended(_ due: NIODeadline, _ error: (any Error)?) {
    guard pace != nil else { return }
    guard let error else {
      ground.tally.record(ground.eventLoop.now - due)
      return next()
    }
    ground.meter.failed(error)
    ground.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) { self.next() }
  }

  /// One connection.
  private final class Exchange: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    var whenDone: (((any Error)?) -> Void)?
    private let message: ByteBuffer
    private let meter: BenchMeter
    private var received = 0

    init(_ message: ByteBuffer, meter: BenchMeter) {
      self.message = message
      self.meter = meter
    }

    func end(_ error: (any Error)?) {
      let told = whenDone
      whenDone = nil
      told?(error)
    }

    func handlerAdded(context: ChannelHandlerContext) {
      let size = UInt32(clamping: message.readableBytes)
      var whole = BenchRequest(kind: .exchange, size: size).bytes
      whole.writeImmutableBuffer(message)
      meter.sent(message.readableBytes)
      context.writeAndFlush(Self.wrapOutboundOut(whole), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let count = Self.unwrapInboundIn(data).readableBytes
      received += count
      meter.received(count)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      if case ChannelEvent.inputClosed = event { finish(context, ChannelError.eof) }
    }

    func channelInactive(context: ChannelHandlerContext) { finish(context, ChannelError.eof) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { finish(context, error) }

    private func finish(_ context: ChannelHandlerContext, _ error: any Error) {
      context.close(promise: nil)
      end(received == message.readableBytes ? nil : error)
    }
  }
}
