import NIOCore

/// Sends datagrams, and waits for the answers: at a rate, or with so many under way at once.
final class DatagramRunner: ChannelInboundHandler, BenchRunner {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>
  typealias OutboundOut = AddressedEnvelope<ByteBuffer>

  private static let underWayAtOnce = 32
  /// An answer that takes longer is taken as lost.
  static let patience = TimeAmount.seconds(1)

  private let ground: BenchGround
  private let server: SocketAddress
  private let filler: ByteBuffer
  private var context: ChannelHandlerContext?
  private var pace: BenchPace?
  private var number: UInt64 = 0
  private var highest: UInt64 = 0
  /// When those that haven't been answered were due.
  private var underWay: [UInt64: NIODeadline] = [:]
  /// The next one at a rate.
  private var nextDue: NIODeadline?
  private var sweep: RepeatedTask?
  private var ended: EventLoopPromise<Void>?

  init(_ ground: BenchGround, server: SocketAddress, filler: ByteBuffer) {
    self.ground = ground
    self.server = server
    self.filler = filler
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func start(_ pace: BenchPace) {
    self.pace = pace
    let runner = NIOLoopBound(self, eventLoop: ground.eventLoop)
    sweep = ground.eventLoop.scheduleRepeatedTask(initialDelay: .milliseconds(100), delay: .milliseconds(100)) { _ in
      runner.value.forgetLost()
    }
    goOn()
  }

  func stop() -> EventLoopFuture<Void> {
    pace = nil
    let promise = ground.eventLoop.makePromise(of: Void.self)
    ended = promise
    finishIfDone()
    return promise.futureResult
  }

  private func finishIfDone() {
    guard underWay.isEmpty, let ended else { return }
    self.ended = nil
    sweep?.cancel()
    context?.close(promise: nil)
    ended.succeed(())
  }

  private func forgetLost() {
    let limit = ground.eventLoop.now - Self.patience
    underWay = underWay.filter { $0.value > limit }
    finishIfDone()
    goOn()
  }

  /// Sends what is due and the link takes.
  private func goOn() {
    guard pace != nil, let context else { return }
    var hasSent = false
    while context.channel.isWritable, let due = takeDue() {
      send(due, context)
      hasSent = true
    }
    if hasSent { context.flush() }
  }

  private func takeDue() -> NIODeadline? {
    let now = ground.eventLoop.now
    guard ground.settings.rate != nil else {
      return underWay.count < Self.underWayAtOnce ? now : nil
    }
    guard let due = nextDue ?? pace?.take(now: now) else { return nil }
    guard due > now else {
      nextDue = nil
      return due
    }
    if nextDue == nil { ground.eventLoop.assumeIsolated().scheduleTask(deadline: due) { self.goOn() } }
    nextDue = due
    return nil
  }

  private func send(_ due: NIODeadline, _ context: ChannelHandlerContext) {
    number += 1
    underWay[number] = due
    let size = ground.settings.size
    let allocator = context.channel.allocator
    let datagram = BenchDatagram.question(number: number, size: size, filler: filler, allocator: allocator)
    ground.tally.sent += 1
    ground.meter.sent(size)
    context.write(Self.wrapOutboundOut(AddressedEnvelope(remoteAddress: server, data: datagram)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let datagram = Self.unwrapInboundIn(data).data
    guard let number = BenchDatagram.number(ofAnswer: datagram), number <= self.number else { return }
    guard let due = underWay.removeValue(forKey: number) else {
      ground.tally.duplicates += 1
      return
    }
    ground.meter.received(datagram.readableBytes)
    if number < highest { ground.tally.reordered += 1 }
    highest = max(highest, number)
    ground.tally.record(ground.eventLoop.now - due)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    finishIfDone()
    if ground.settings.rate == nil { goOn() }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) { goOn() }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // A refusal; what it was for counts as lost.
    ground.meter.failed(error)
  }
}
