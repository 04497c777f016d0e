import NIOCore
import NIOHTTP1

/// Asks an HTTP server for the same thing again and again, over a connection that is opened anew when the server closes it.
final class HTTPRunner: ChannelInboundHandler, BenchRunner {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  private static let pause = TimeAmount.milliseconds(20)

  private enum State {
    case closed
    case connecting
    case idle(ChannelHandlerContext)
    /// `head` is the response's, once it has come.
    case waiting(ChannelHandlerContext, head: HTTPResponseHead?)
  }

  private let ground: BenchGround
  private let head: HTTPRequestHead
  private var state = State.closed
  private var pace: BenchPace?
  private var due = NIODeadline.uptimeNanoseconds(0)

  init(_ ground: BenchGround) {
    self.ground = ground
    head = HTTPRequestHead(
      version: .http1_1,
      method: .GET,
      uri: ground.settings.target,
      headers: ["Host": ground.settings.host, "User-Agent": "sockeye/\(Version.text)"]
    )
  }

  func start(_ pace: BenchPace) {
    self.pace = pace
    next()
  }

  func stop() -> EventLoopFuture<Void> {
    pace = nil
    switch state {
    case .idle(let context), .waiting(let context, head: _): context.close(promise: nil)
    case .closed, .connecting: break
    }
    return ground.eventLoop.makeSucceededVoidFuture()
  }

  private func next() {
    let now = ground.eventLoop.now
    guard let due = pace?.take(now: now) else { return }
    self.due = due
    guard due > now else { return ask() }
    ground.eventLoop.assumeIsolated().scheduleTask(deadline: due) { self.ask() }
  }

  private func ask() {
    guard pace != nil else { return }
    switch state {
    case .closed: connect()
    case .idle(let context): send(context)
    case .connecting, .waiting: break
    }
  }

  private func connect() {
    state = .connecting
    let runner = NIOLoopBound(self, eventLoop: ground.eventLoop)
    ground.connect { channel in
      try channel.pipeline.syncOperations.addHTTPClientHandlers()
      try channel.pipeline.syncOperations.addHandler(runner.value)
    }.assumeIsolated().whenFailure { error in self.failed(error) }
  }

  private func failed(_ error: any Error) {
    state = .closed
    guard pace != nil else { return }
    ground.meter.failed(error)
    ground.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) { self.ask() }
  }

  func handlerAdded(context: ChannelHandlerContext) {
    guard pace != nil else { return context.close(promise: nil) }
    send(context)
  }

  private func send(_ context: ChannelHandlerContext) {
    state = .waiting(context, head: nil)
    context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
    context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .waiting(_, let answer) = state else { return }
    switch Self.unwrapInboundIn(data) {
    case .head(let head):
      // RFC 9110, section 15.2: what the final response follows.
      if (100..<200).contains(head.status.code) { return }
      state = .waiting(context, head: head)
    case .body(let bytes): ground.meter.received(bytes.readableBytes)
    case .end:
      guard let answer else { return }
      if pace != nil {
        ground.tally.record(ground.eventLoop.now - due)
        if !(200..<300).contains(answer.status.code) { ground.tally.refusals += 1 }
      }
      if answer.isKeepAlive {
        state = .idle(context)
      } else {
        state = .closed
        context.close(promise: nil)
      }
      next()
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    switch state {
    case .idle(let own) where own === context: state = .closed
    case .waiting(let own, _) where own === context: failed(ChannelError.eof)
    default: break
    }
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if case .waiting(let own, _) = state, own === context { failed(error) }
    context.close(promise: nil)
  }
}
