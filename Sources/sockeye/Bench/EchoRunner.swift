import NIOCore

/// Sends a message and waits until it is back, again and again.
final class EchoRunner: BenchStream, BenchRunner {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let ground: BenchGround
  private let message: ByteBuffer
  var context: ChannelHandlerContext?
  private var pace: BenchPace?
  private var due = NIODeadline.uptimeNanoseconds(0)
  /// How much of the message isn't back yet.
  private var left = 0

  init(_ ground: BenchGround, message: ByteBuffer) {
    self.ground = ground
    self.message = message
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    context.writeAndFlush(Self.wrapOutboundOut(BenchRequest(kind: .echo).bytes), promise: nil)
  }

  func start(_ pace: BenchPace) {
    self.pace = pace
    next()
  }

  func stop() -> EventLoopFuture<Void> {
    pace = nil
    context?.close(promise: nil)
    return ground.eventLoop.makeSucceededVoidFuture()
  }

  private func next() {
    let now = ground.eventLoop.now
    guard let due = pace?.take(now: now) else { return }
    self.due = due
    guard due > now else { return send() }
    ground.eventLoop.assumeIsolated().scheduleTask(deadline: due) { self.send() }
  }

  private func send() {
    guard pace != nil, let context else { return lost(ChannelError.eof) }
    left = message.readableBytes
    ground.meter.sent(left)
    context.writeAndFlush(Self.wrapOutboundOut(message), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let count = Self.unwrapInboundIn(data).readableBytes
    ground.meter.received(count)
    guard pace != nil, left > 0 else { return }
    left -= count
    guard left <= 0 else { return }
    ground.tally.record(ground.eventLoop.now - due)
    next()
  }

  func lost(_ error: any Error) {
    guard pace != nil else { return }
    pace = nil
    ground.meter.failed(error)
  }
}
