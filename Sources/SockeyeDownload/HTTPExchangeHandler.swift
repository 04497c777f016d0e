internal import Glibc
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL
internal import SockeyeTransport

/// What to do with the body of a response.
enum BodyPlan: Sendable {
  /// Read and forget, so that the connection can be used again.
  case discard
  /// Keep in memory, up to so many bytes.
  case collect(limit: Int)
  /// Write into a store.
  case store(DownloadStore, StorePlan)
}

/// Where in the file the body of a response belongs.
struct StorePlan: Sendable {
  /// Where its first byte goes, and how far the connection may write for now.
  var claim: Range<UInt64>
  /// Where the body has to end, if the response said so: not before it and not after it.
  var end: UInt64?
  /// How far the claim grows each time that it has been filled.
  var stride: UInt64
  /// What limits the rate.
  var limiter: RateLimiter?
}

/// What came of a body.
struct BodyOutcome: Sendable {
  /// The bytes, if they were to be collected.
  var body = ByteBuffer()
  /// Whether it was left unread from some point on, because another connection had what followed.
  var isDisplaced = false
  /// How many bytes went into the store.
  var stored: UInt64 = 0
}

/// One request after another over one connection, as a client; each body goes where it was planned to go.
///
/// The body of a response is not read before there is a plan for it, and no faster than the plan's store takes it: once
/// ``window`` bytes are on their way to the disk, nothing is read until some have arrived there.
final class HTTPExchangeHandler: ChannelDuplexHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundIn = Never
  typealias OutboundOut = HTTPClientRequestPart

  private struct Receiving {
    let plan: BodyPlan
    let promise: EventLoopPromise<BodyOutcome>
    var outcome = BodyOutcome()
    var position: UInt64
    var claimEnd: UInt64
    /// What the bytes cost that the store has not written and hashed yet.
    var outstanding = 0
    var isEnded = false
  }

  private enum State {
    case idle
    case awaitingHead(EventLoopPromise<HTTPResponseHead>)
    /// What has come before there was a plan, and what then went wrong.
    case planning([HTTPClientResponsePart], Failure?)
    case receiving(Receiving)
    case closed(Failure)
  }

  /// Small enough to stay in a processor's cache: the same bytes are received, written and hashed on three threads.
  static let window = 4 << 20
  /// What a buffer costs beside its bytes: the page that a single one makes resident, and the bookkeeping. A server that
  /// sends byte by byte shall not fill the memory with them.
  private static let bufferOverhead = 4 << 10
  /// Parts of a body shorter than this are put together, up to the other number, before anybody looks at them: a server
  /// may send chunks of one byte, and each part costs the same as a long one.
  private static let shortPart = 4 << 10
  private static let mostGathered = 64 << 10

  private let url: DownloadURL
  private let idleLimit: TimeAmount
  private let streamEnd: StreamEndObserver
  private var state = State.idle
  private var gathered = ByteBuffer()
  private var context: ChannelHandlerContext?
  private var lastActivity = NIODeadline.uptimeNanoseconds(0)
  private var idleCheck: RepeatedTask?
  private var wantsRead = false
  private var isThrottled = false
  /// Whether the response has no length of its own.
  private var endsWithStream = false
  private(set) var isReusable = true

  init(url: DownloadURL, idleLimit: TimeAmount, streamEnd: StreamEndObserver) {
    self.url = url
    self.streamEnd = streamEnd
    self.idleLimit = idleLimit
  }

  // MARK: - Calls

  /// Sends a request.
  func send(_ head: HTTPRequestHead, promise: EventLoopPromise<HTTPResponseHead>) {
    guard let context = self.context, case .idle = self.state else {
      promise.fail(closingFailure)
      return
    }
    self.state = .awaitingHead(promise)
    lastActivity = .now()
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  /// Reads the body of the response whose head has come.
  func receive(_ plan: BodyPlan, promise: EventLoopPromise<BodyOutcome>) {
    guard case .planning(let parts, let failure) = self.state else {
      promise.fail(closingFailure)
      return
    }
    var receiving = Receiving(plan: plan, promise: promise, position: 0, claimEnd: 0)
    if case .store(_, let store) = plan {
      receiving.position = store.claim.lowerBound
      receiving.claimEnd = store.claim.upperBound
    }
    self.state = .receiving(receiving)
    lastActivity = .now()
    for part in parts { take(part) }
    if let failure { self.end(failure) }
    readIfWanted()
  }

  private var closingFailure: Failure {
    if case .closed(let failure) = self.state { return failure }
    return Failure(.network, "\(self.url): the connection is closed")
  }

  // MARK: - Inbound

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    let period = TimeAmount.nanoseconds(max(self.idleLimit.nanoseconds / 4, 10_000_000))
    let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
    idleCheck = context.eventLoop.scheduleRepeatedTask(initialDelay: period, delay: period) { _ in
      handler.value.checkIdle()
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    idleCheck?.cancel()
    self.context = nil
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    lastActivity = .now()
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
    if case ChannelEvent.inputClosed = event { self.end(cutFailure) }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.end(cutFailure)
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    takeGathered()
    self.end(self.failure(for: error))
  }

  private func take(_ part: HTTPClientResponsePart) {
    switch (self.state, part) {
    case (.awaitingHead(let promise), .head(let head)):
      isReusable = head.isKeepAlive
      endsWithStream =
        !head.headers.contains(name: "Content-Length") && !head.headers.contains(name: "Transfer-Encoding")
      self.state = .planning([], nil)
      promise.succeed(head)
    case (.planning, .end) where !self.isEndCredible: self.end(cutFailure)
    case (.planning(var parts, nil), .body), (.planning(var parts, nil), .end):
      self.state = .idle
      parts.append(part)
      self.state = .planning(parts, nil)
    case (.planning, _): break
    case (.receiving, .end) where !self.isEndCredible: self.end(cutFailure)
    case (.receiving, .body(let buffer)): takeBody(buffer)
    case (.receiving(var receiving), .end):
      if case .store(_, let plan) = receiving.plan, let end = plan.end, receiving.position != end {
        return self.end(cutFailure)
      }
      receiving.isEnded = true
      self.state = .receiving(receiving)
      finishIfDone()
    case (.closed, _): break
    default: self.end(Failure(.peerProtocol, "\(self.url): the server sent what nobody asked for"))
    }
  }

  /// Whether the end that the decoder tells of is one that the server meant: to the decoder, a connection that was reset
  /// ends a body without length like one that was closed.
  private var isEndCredible: Bool { !self.endsWithStream || self.streamEnd.hasEnded }

  private func takeBody(_ buffer: ByteBuffer) {
    guard case .receiving(var receiving) = self.state else { return }
    switch receiving.plan {
    case .discard: break
    case .collect(let limit):
      guard receiving.outcome.body.readableBytes + buffer.readableBytes <= limit else {
        return self.end(Failure(.peerProtocol, "\(self.url): the answer is longer than \(limit) bytes"))
      }
      receiving.outcome.body.writeImmutableBuffer(buffer)
      self.state = .receiving(receiving)
    case .store(let store, let plan): self.store(buffer, in: store, plan)
    }
  }

  // MARK: - Storing

  private func store(_ buffer: ByteBuffer, in store: DownloadStore, _ plan: StorePlan) {
    guard case .receiving(var receiving) = self.state, let eventLoop = self.context?.eventLoop,
      !receiving.outcome.isDisplaced
    else { return }
    var buffer = buffer
    let end = receiving.position + UInt64(buffer.readableBytes)
    if let last = plan.end, end > last {
      return self.end(Failure(.peerProtocol, "\(self.url): the body is longer than the server said"))
    }
    while receiving.claimEnd < end {
      guard let claimEnd = store.pieces.extend(receiving.claimEnd, by: max(plan.stride, 1)) else {
        // From here on, another connection has it.
        let count = Int(receiving.claimEnd - receiving.position)
        buffer = buffer.getSlice(at: buffer.readerIndex, length: count) ?? ByteBuffer()
        receiving.outcome.isDisplaced = true
        break
      }
      receiving.claimEnd = claimEnd
    }
    let count = buffer.readableBytes
    let position = receiving.position
    receiving.position += UInt64(count)
    receiving.outcome.stored += UInt64(count)
    let cost = count + Self.bufferOverhead
    if count > 0 { receiving.outstanding += cost }
    self.state = .receiving(receiving)
    if count > 0 {
      let handler = NIOLoopBound(self, eventLoop: eventLoop)
      store.write(buffer, at: position) { failure in
        eventLoop.execute { handler.value.stored(cost, failure) }
      }
    }
    if let limiter = plan.limiter { throttle(until: limiter.take(count, now: .now()), on: eventLoop) }
    if receiving.outcome.isDisplaced {
      isReusable = false
      self.context?.close(promise: nil)
      finishIfDone()
    }
  }

  private func stored(_ cost: Int, _ failure: Failure?) {
    guard case .receiving(var receiving) = self.state else { return }
    receiving.outstanding -= cost
    self.state = .receiving(receiving)
    if let failure { return self.end(failure) }
    finishIfDone()
    readIfWanted()
  }

  private func finishIfDone() {
    guard case .receiving(let receiving) = self.state, receiving.outstanding == 0,
      receiving.isEnded || receiving.outcome.isDisplaced
    else { return }
    releaseClaim(receiving)
    self.state = .idle
    receiving.promise.succeed(receiving.outcome)
  }

  private func releaseClaim(_ receiving: Receiving) {
    guard case .store(let store, _) = receiving.plan, receiving.position < receiving.claimEnd else { return }
    store.pieces.release(receiving.position..<receiving.claimEnd)
  }

  // MARK: - Back-pressure

  private var mayRead: Bool {
    guard !self.isThrottled else { return false }
    switch self.state {
    case .planning: return false
    case .receiving(let receiving): return receiving.outstanding < Self.window
    default: return true
    }
  }

  private func readIfWanted() {
    guard wantsRead, mayRead, let context = self.context else { return }
    wantsRead = false
    lastActivity = .now()
    context.read()
  }

  private func throttle(until deadline: NIODeadline, on eventLoop: any EventLoop) {
    guard !self.isThrottled, deadline > .now() else { return }
    isThrottled = true
    _ = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
      self.isThrottled = false
      self.readIfWanted()
    }
  }

  private func checkIdle() {
    switch self.state {
    case .awaitingHead, .receiving:
      guard mayRead, NIODeadline.now() - lastActivity > self.idleLimit else { return }
      self.end(Failure(.timedOut, "\(self.url): the server has been silent for \(self.idleLimit.seconds) s"))
    default: break
    }
  }

  // MARK: - Endings

  private func end(_ failure: Failure) {
    let state = self.state
    // A response that is whole is not hurt by what happens to its connection afterwards.
    if case .receiving(let receiving) = state, receiving.isEnded || receiving.outcome.isDisplaced,
      receiving.outstanding > 0,
      failure.kind != .localFile
    {
      isReusable = false
      self.context?.close(promise: nil)
      return
    }
    isReusable = false
    switch state {
    case .closed: return
    case .idle: break
    case .planning(let parts, let earlier):
      // Told once there is a plan, after the bytes that came before it; never, if they were all there are.
      if case .end? = parts.last { return }
      self.state = .planning(parts, earlier ?? failure)
      return
    case .awaitingHead(let promise): promise.fail(failure)
    case .receiving(let receiving):
      releaseClaim(receiving)
      receiving.promise.fail(failure)
    }
    self.state = .closed(failure)
    self.context?.close(promise: nil)
  }

  private var cutFailure: Failure {
    switch self.state {
    case .receiving(let receiving):
      guard case .store(_, let plan) = receiving.plan else { break }
      let wanted = plan.end.map { " of \($0)" } ?? ""
      return Failure(.integrity, "\(self.url): the connection was cut after byte \(receiving.position)\(wanted)")
    case .awaitingHead: return Failure(.network, "\(self.url): the server closed the connection without an answer")
    case .planning: return Failure(.integrity, "\(self.url): the connection was cut")
    default: break
    }
    return Failure(.network, "\(self.url): the server closed the connection")
  }

  private func failure(for error: any Error) -> Failure {
    switch error {
    case let failure as Failure: return failure
    case HTTPParserError.invalidEOFState: return cutFailure
    case HTTPParserError.headerOverflow:
      return Failure(.peerProtocol, "\(self.url): the server's header fields are too long")
    case is HTTPParserError:
      return Failure(.peerProtocol, "\(self.url): what the server answers is not HTTP (\(error))")
    case NIOSSLError.uncleanShutdown: return cutFailure
    case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError: return TLSFailure.make(error, url: self.url)
    case let error as IOError where error.errnoCode == ECONNRESET:
      return Failure(.network, "\(self.url): the server reset the connection")
    default: return Failure(.network, "\(self.url): \(error)")
    }
  }
}

extension TimeAmount {
  /// Seconds, rounded up.
  var seconds: Int64 { (nanoseconds + 999_999_999) / 1_000_000_000 }
}

/// Remembers whether the peer ended its stream in order: by a FIN, or in TLS by a close_notify.
final class StreamEndObserver: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private(set) var hasEnded = false

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event { hasEnded = true }
    context.fireUserInboundEventTriggered(event)
  }
}
