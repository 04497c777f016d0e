internal import NIOCore
internal import NIOHTTP1
internal import SockeyeTransport

/// One request after another over one connection, as a client; each body goes where it was planned to go.
///
/// The body of a response is not read before there is a plan for it, and no faster than the plan's store takes it: once
/// ``window`` bytes are on their way to the disk, nothing is read until some have arrived there.
final class HTTPExchangeHandler: ChannelDuplexHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundIn = Never
  typealias OutboundOut = HTTPClientRequestPart

  private enum State {
    case idle
    case awaitingHead(EventLoopPromise<HTTPResponseHead>, to: HTTPMethod)
    case planning(WaitingBody)
    case receiving(BodyReception)
    case closed(Failure)
  }

  /// What has come before there was a plan, and what then went wrong.
  private struct WaitingBody {
    let framing: BodyFraming
    var parts: [HTTPClientResponsePart] = []
    var failure: Failure?

    var isWhole: Bool {
      if case .end? = parts.last { true } else { false }
    }
  }

  /// Small enough to stay in a processor's cache: the same bytes are received, written and hashed on three threads.
  static let window = 4 << 20
  /// Parts of a body shorter than this are put together, up to the other number, before anybody looks at them: a server
  /// may send chunks of one byte, and each part costs the same as a long one.
  private static let shortPart = 4 << 10
  private static let mostGathered = 64 << 10

  private let url: DownloadURL
  private let idleLimit: TimeAmount
  private let streamEnd: StreamEndObserver
  /// Outlasts the channel, of which a body may be left that is to be written when its connection is long gone.
  private let eventLoop: any EventLoop
  private var state = State.idle
  private var gathered = ByteBuffer()
  /// What is yet to be sent of a request.
  private var outgoing: RequestBody?
  private var context: ChannelHandlerContext?
  private var lastActivity: NIODeadline
  private var idleCheck: RepeatedTask?
  private var wantsRead = false
  private var isThrottled = false
  private(set) var isReusable = true

  init(url: DownloadURL, idleLimit: TimeAmount, streamEnd: StreamEndObserver, on eventLoop: any EventLoop) {
    self.url = url
    self.streamEnd = streamEnd
    self.idleLimit = idleLimit
    self.eventLoop = eventLoop
    lastActivity = eventLoop.now
  }

  // MARK: Calls

  /// Sends a request.
  func send(_ head: HTTPRequestHead, body: RequestBody? = nil, promise: EventLoopPromise<HTTPResponseHead>) {
    guard let context, case .idle = state else {
      promise.fail(closingFailure)
      return
    }
    state = .awaitingHead(promise, to: head.method)
    lastActivity = now
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    outgoing = body
    sendNext()
  }

  /// Sends what follows of a request's body, a piece once the one before has been taken; nothing more once it is answered.
  private func sendNext() {
    guard let context, case .awaitingHead = state else { return }
    guard let body = outgoing else {
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
      return
    }
    body.next(on: context.eventLoop).assumeIsolated().whenComplete { result in
      guard let context = self.context, case .awaitingHead = self.state else { return }
      switch result {
      case .success(.end):
        self.outgoing = nil
        self.sendNext()
      case .success(.bytes(let bytes)):
        let written = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(self.wrapOutboundOut(.body(.byteBuffer(bytes))), promise: written)
        written.futureResult.assumeIsolated().whenSuccess { self.sent(bytes.readableBytes) }
      case .failure(let error):
        self.end(error as? Failure ?? Failure(.other, .failed(self.url, "\(error)")))
      }
    }
  }

  private func sent(_ count: Int) {
    lastActivity = now
    guard let eventLoop = context?.eventLoop, let next = outgoing?.sent(count, now: eventLoop.now) else { return }
    guard next > eventLoop.now else { return sendNext() }
    eventLoop.assumeIsolated().scheduleTask(deadline: next) { self.sendNext() }
  }

  /// Reads the body of the response whose head has come.
  func receive(_ plan: BodyPlan, promise: EventLoopPromise<BodyOutcome>) {
    guard case .planning(let waiting) = state else {
      promise.fail(closingFailure)
      return
    }
    state = .receiving(BodyReception(plan, url: url, framing: waiting.framing, promise: promise))
    lastActivity = now
    for part in waiting.parts { take(part) }
    if let failure = waiting.failure { end(failure) }
    readIfWanted()
  }

  private var now: NIODeadline { eventLoop.now }

  private var closingFailure: Failure {
    if case .closed(let failure) = state { return failure }
    return Failure(.network, .connectionIsClosed(url))
  }

  // MARK: Inbound

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    let period = TimeAmount.nanoseconds(max(idleLimit.nanoseconds / 4, 10_000_000))
    let handler = NIOLoopBound(self, eventLoop: eventLoop)
    idleCheck = eventLoop.scheduleRepeatedTask(initialDelay: period, delay: period) { _ in
      handler.value.checkIdle()
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    idleCheck?.cancel()
    self.context = nil
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    lastActivity = now
    let part = unwrapInboundIn(data)
    if case .body(let buffer) = part, buffer.readableBytes < Self.shortPart {
      gathered.writeImmutableBuffer(buffer)
      if gathered.readableBytes >= Self.mostGathered { takeGathered() }
    } else {
      takeGathered()
      take(part)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    takeGathered()
    context.fireChannelReadComplete()
  }

  private func takeGathered() {
    guard gathered.readableBytes > 0 else { return }
    let buffer = gathered
    gathered = ByteBuffer()
    take(.body(buffer))
  }

  func read(context: ChannelHandlerContext) {
    if mayRead { context.read() } else { wantsRead = true }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event { end(cutFailure) }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    end(cutFailure)
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    takeGathered()
    end(ExchangeFailure.make(error, url: url, cut: cutFailure))
  }

  private func take(_ part: HTTPClientResponsePart) {
    switch (state, part) {
    case (.awaitingHead(let promise, let method), .head(let head)):
      // A request that was answered before its end would go on in the middle of the next one.
      isReusable = head.isKeepAlive && outgoing == nil
      outgoing = nil
      // RFC 9112, section 6.3.
      let isDelimited =
        method == .HEAD || head.status == .noContent || head.headers.contains(name: "Content-Length")
        || head.headers.contains(name: "Transfer-Encoding")
      state = .planning(WaitingBody(framing: isDelimited ? .delimited : .untilClose))
      promise.succeed(head)
    case (.planning(let waiting), .end) where !isEndCredible(waiting.framing): end(cutFailure)
    case (.planning(var waiting), _) where waiting.failure == nil:
      state = .idle
      waiting.parts.append(part)
      state = .planning(waiting)
    case (.planning, _): break
    case (.receiving(let reception), .end) where !isEndCredible(reception.framing): end(cutFailure)
    case (.receiving, .body(let buffer)): take(buffer)
    case (.receiving(var reception), .end):
      guard reception.end() else { return end(cutFailure) }
      state = .receiving(reception)
      finishIfDone()
    case (.closed, _): break
    default: end(Failure(.peerProtocol, .unasked(url)))
    }
  }

  /// Whether the end that the decoder tells of is one that the server meant: to the decoder, a connection that was reset
  /// ends a body without length like one that was closed.
  private func isEndCredible(_ framing: BodyFraming) -> Bool {
    switch framing {
    case .delimited: true
    case .untilClose: streamEnd.hasEnded
    }
  }

  private func take(_ buffer: ByteBuffer) {
    guard case .receiving(var reception) = state else { return }
    // The only reference, so that what is collected is not copied for each part.
    state = .idle
    let step = reception.take(buffer)
    state = .receiving(reception)
    switch step {
    case .none: break
    case .fail(let failure): return end(failure)
    case .write(let buffer, let store, let plan, let offset): write(buffer, to: store, plan, at: offset)
    }
    if reception.isDisplaced { leave() }
  }

  // MARK: Storing

  private func write(_ buffer: ByteBuffer, to store: DownloadStore, _ plan: StorePlan, at offset: UInt64) {
    let eventLoop = eventLoop
    let handler = NIOLoopBound(self, eventLoop: eventLoop)
    store.write(buffer, at: offset) { failure in
      eventLoop.execute { handler.value.settle(buffer, failure) }
    }
    plan.lane?.add(buffer.readableBytes)
    if let limiter = plan.limiter {
      throttle(until: limiter.take(buffer.readableBytes, now: eventLoop.now), on: eventLoop)
    }
  }

  private func settle(_ buffer: ByteBuffer, _ failure: Failure?) {
    guard case .receiving(var reception) = state else { return }
    reception.settle(buffer)
    state = .receiving(reception)
    if let failure { return end(failure) }
    finishIfDone()
    readIfWanted()
  }

  /// Closes a connection whose bytes nobody wants any more. What came of it is decided before: closing tells at once
  /// that the connection is gone.
  private func leave() {
    isReusable = false
    finishIfDone()
    context?.close(promise: nil)
  }

  private func finishIfDone() {
    guard case .receiving(let reception) = state, reception.isDone else { return }
    reception.releaseClaim()
    state = .idle
    reception.promise.succeed(reception.outcome)
  }

  // MARK: Back-pressure

  private var mayRead: Bool {
    guard !isThrottled else { return false }
    switch state {
    case .planning: return false
    case .receiving(let reception): return reception.outstanding < Self.window
    default: return true
    }
  }

  private func readIfWanted() {
    guard wantsRead, mayRead, let context else { return }
    wantsRead = false
    lastActivity = now
    context.read()
  }

  private func throttle(until deadline: NIODeadline, on eventLoop: any EventLoop) {
    guard !isThrottled, deadline > eventLoop.now else { return }
    isThrottled = true
    _ = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
      self.isThrottled = false
      self.readIfWanted()
    }
  }

  private func checkIdle() {
    switch state {
    case .awaitingHead, .receiving:
      guard mayRead, now - lastActivity > idleLimit else { return }
      end(Failure(.timedOut, .serverSilent(url, idleLimit.seconds)))
    default: break
    }
  }

  // MARK: Endings

  private func end(_ failure: Failure) {
    isReusable = false
    switch state {
    case .closed: return
    case .idle: break
    case .planning(var waiting):
      // Told once there is a plan, after the bytes that came before it; never, if they were all there are.
      guard !waiting.isWhole else { return }
      waiting.failure = waiting.failure ?? failure
      state = .planning(waiting)
      return
    case .awaitingHead(let promise, _):
      state = .closed(failure)
      promise.fail(failure)
    case .receiving(let reception) where reception.isOver && failure.kind != .localFile:
      // All that was wanted has come, and is not hurt by what happens to its connection afterwards.
      break
    case .receiving(let reception):
      state = .closed(failure)
      reception.releaseClaim()
      reception.promise.fail(failure)
    }
    if case .idle = state { state = .closed(failure) }
    context?.close(promise: nil)
  }

  private var cutFailure: Failure {
    switch state {
    case .receiving(let reception): reception.cutFailure
    case .awaitingHead: Failure(.network, .closedWithoutAnswer(url))
    case .planning: Failure(.integrity, .connectionCut(url))
    default: Failure(.network, .serverClosed(url))
    }
  }
}
