import Glibc
import NIOCore
import NIOSSL
import SockeyeTransport

/// The first handler of every connection: carries out what protocol detection, the feeding of requests and the deadlines
/// decide, and what the protocol that is spoken asks for.
final class ConnectionGate: ChannelDuplexHandler, RemovableChannelHandler, ConnectionControl {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = IOData
  typealias OutboundOut = IOData

  private enum Phase {
    /// The client's protocol is not known yet; after so long without a byte it is.
    case opening(ProtocolDetection, quiet: Scheduled<Void>?)
    case http(HTTPExchange)
    case bareName(BareNameExchange)
    /// Our side has ended. Whether the client has taken everything is still of interest.
    case ended((any ConnectionSpeaker)?)
  }

  private let worker: ServiceWorker
  /// Where this connection stands in the worker's list.
  var index = 0
  private var context: ChannelHandlerContext?
  private var client = ConnectionClient()
  private var phase = Phase.opening(ProtocolDetection(expectsProxyHeader: false), quiet: nil)
  private var feed = RequestFeed()
  private var decoding = RequestDecoding.idle
  private var deadline: ConnectionDeadline
  private var countsForAddress: String?
  private var inputIsClosed = false

  init(worker: ServiceWorker) {
    self.worker = worker
    deadline = ConnectionDeadline(timeouts: worker.configuration.timeouts, now: worker.now)
  }

  // MARK: Life

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelActive(context: ChannelHandlerContext) {
    worker.add(self)
    client.address = context.remoteAddress
    let expectsProxyHeader = worker.mustExpectProxyHeader(from: client.address)
    phase = .opening(ProtocolDetection(expectsProxyHeader: expectsProxyHeader), quiet: nil)
    if !expectsProxyHeader { admit() }
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    if case .opening(_, let quiet) = phase { quiet?.cancel() }
    decoding.end(context)
    worker.remove(self, context: context)
    if let address = countsForAddress { worker.shared.clients.leave(address) }
    phase = .ended(nil)
    feed.close()
    context.fireChannelInactive()
  }

  /// Decides whether the client may be here at all.
  private func admit() {
    if !worker.configuration.addresses.admits(client.address) {
      client.refusal = .forbidden
    } else if let limit = worker.configuration.maximumClientsPerAddress {
      let address = client.address?.hostText ?? ""
      if worker.shared.clients.enter(address, limit: limit) {
        countsForAddress = address
      } else {
        client.refusal = .serviceUnavailable
      }
    }
  }

  private var speaker: (any ConnectionSpeaker)? {
    switch phase {
    case .http(let exchange): exchange
    case .bareName(let exchange): exchange
    case .ended(let speaker): speaker
    case .opening: nil
    }
  }

  // MARK: Bytes in

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch phase {
    case .http(let exchange):
      if deadline.awaits(.nextRequest) { deadline.await(.request, now: worker.now) }
      feed.take(Self.unwrapInboundIn(data))
      pump(exchange, context)
    case .opening:
      detect(context) { $0.received(Self.unwrapInboundIn(data)) }
    case .bareName:
      context.fireChannelRead(data)
    case .ended:
      break
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .inputClosed? = event as? ChannelEvent {
      inputIsClosed = true
      switch phase {
      case .opening: detect(context) { $0.inputEnded() }
      case .http(let exchange): if feed.isEmpty, !feed.isFeeding { exchange.inputEnded() }
      case .bareName(let exchange): exchange.inputEnded()
      case .ended: concludeEnd(context)
      }
    }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // TLS that fails and resets by the client: nobody is left to tell.
    context.fireErrorCaught(error)
    context.close(promise: nil)
  }

  // MARK: Telling protocols apart

  private func detect(
    _ context: ChannelHandlerContext,
    _ event: (inout ProtocolDetection) -> ProtocolDetection.Step
  ) {
    guard case .opening(var detection, let quiet) = phase else { return }
    quiet?.cancel()
    var step = event(&detection)
    if case .proxied(let source) = step {
      client.address = source ?? client.address
      admit()
      step = detection.proceed()
    }
    phase = .opening(detection, quiet: step == .waitQuietly ? startQuietTimer(context) : nil)
    switch step {
    case .wait, .waitQuietly, .proxied: break
    case .close: context.close(promise: nil)
    case .speak(.http, let bytes): speakHTTP(bytes, context)
    case .speak(.bareName, let bytes): speakBareName(bytes, context)
    case .speak(.tls, let bytes): speakTLS(bytes, context)
    }
  }

  private func startQuietTimer(_ context: ChannelHandlerContext) -> Scheduled<Void> {
    let bound = NIOLoopBound((gate: self, context: context), eventLoop: context.eventLoop)
    return context.eventLoop.scheduleTask(in: worker.configuration.quietTime) {
      bound.value.gate.detect(bound.value.context) { $0.wasQuiet() }
    }
  }

  private func speakBareName(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
    let exchange = BareNameExchange(worker: worker, client: client, connection: self)
    phase = .bareName(exchange)
    deadline.await(.request, now: worker.now)
    guard add(exchange, context) else { return }
    // Whoever got here without a line's end has been quiet for long enough, or has nothing more to say.
    exchange.answer(bytes)
  }

  private func speakHTTP(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
    let exchange = HTTPExchange(worker: worker, client: client, connection: self)
    phase = .http(exchange)
    deadline.await(.request, now: worker.now)
    guard add(exchange, context) else { return }
    feed.take(bytes)
    pump(exchange, context)
  }

  private func add(_ exchange: some ConnectionSpeaker, _ context: ChannelHandlerContext) -> Bool {
    do {
      try context.pipeline.syncOperations.addHandler(exchange, position: .after(self))
      return true
    } catch {
      context.close(promise: nil)
      return false
    }
  }

  private func speakTLS(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
    guard let tls = worker.shared.tls, !client.isEncrypted else {
      // An alert, handshake_failure, is what such a client understands (RFC 8446, section 6.2).
      context.writeAndFlush(
        Self.wrapOutboundOut(.byteBuffer(ByteBuffer(bytes: [0x15, 3, 3, 0, 2, 2, 40]))),
        promise: nil
      )
      context.close(promise: nil)
      return
    }
    client.isEncrypted = true
    do {
      let handlers: [any ChannelHandler] = [CloseBehindWrites(), NIOSSLServerHandler(context: tls)]
      try context.pipeline.syncOperations.addHandlers(handlers, position: .before(self))
    } catch {
      context.close(promise: nil)
      return
    }
    context.pipeline.fireChannelRead(bytes)
    context.pipeline.fireChannelReadComplete()
  }

  // MARK: Feeding requests

  func read(context: ChannelHandlerContext) {
    if feed.mayRead() { context.read() }
  }

  private func pump(_ exchange: HTTPExchange, _ context: ChannelHandlerContext) {
    guard feed.begin() else { return }
    while let slice = feed.next(isBody: deadline.awaits(.requestBody)) {
      do {
        try decode(slice, for: exchange, context)
      } catch {
        let status = feed.status(of: error, in: slice)
        decoding.end(context)
        feed.close()
        if let status { exchange.refuse(status) } else { context.close(promise: nil) }
      }
    }
    parkDecoder()
    if inputIsClosed, feed.isEmpty { exchange.inputEnded() }
  }

  private func decode(_ slice: ByteBuffer, for exchange: HTTPExchange, _ context: ChannelHandlerContext) throws {
    let decoder = decoding.decoder(from: worker, context)
    let rest = try decoder.decode(slice, context: context)
    if exchange.takeEndedOffer() {
      // NIO's decoder takes what follows an offer to upgrade for another protocol. To a server that does not upgrade it is
      // the next request (RFC 9110, section 7.8).
      decoding.end(context)
      feed.putBack(rest)
    } else {
      try decoder.keep(rest)
    }
  }

  /// Gives the decoder back if there is nothing left for it to remember.
  private func parkDecoder() {
    if deadline.awaits(.nextRequest), let context { decoding.park(in: worker, context) }
  }

  /// Lets further bytes through.
  private func resume() {
    feed.release()
    guard !feed.isFeeding, let context, case .http(let exchange) = phase else { return }
    if !feed.isEmpty {
      pump(exchange, context)
      context.fireChannelReadComplete()
    }
    if feed.takeOwedRead() { context.read() }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable, feed.isHeldUntilWritable {
      deadline.await(.nextRequest, now: worker.now)
      resume()
    }
    context.fireChannelWritabilityChanged()
  }

  // MARK: What the protocol asks for

  func turn(_ turn: ConnectionTurn) {
    guard let context else { return }
    switch turn {
    case .receiveBody:
      deadline.await(.requestBody, now: worker.now)
      resume()
    case .bodyAdvanced: deadline.advanced(now: worker.now)
    case .holdBody: feed.hold()
    case .resumeBody: resume()
    case .answer:
      feed.hold()
      deadline.watchProgress()
    case .awaitRequest: awaitRequest(context)
    case .finish(let mayFollow): finish(mayFollow: mayFollow, context)
    case .abort: abort(context)
    case .close: context.close(promise: nil)
    }
  }

  private func awaitRequest(_ context: ChannelHandlerContext) {
    feed.requestEnded()
    if !feed.isFeeding { context.flush() }
    // A client that does not read its responses gets no further requests in.
    guard context.channel.isWritable else {
      deadline.watchProgress()
      return feed.holdUntilWritable()
    }
    deadline.await(.nextRequest, now: worker.now)
    if !feed.isFeeding { parkDecoder() }
    resume()
  }

  /// RFC 9112, section 9.6: bytes that the client is still sending would make the kernel reset the connection and throw
  /// away a response that the client has not read. So where something may follow the end of our side comes first.
  private func finish(mayFollow: Bool, _ context: ChannelHandlerContext) {
    context.flush()
    let mayFollow = mayFollow || !feed.isEmpty
    phase = .ended(speaker)
    feed.close()
    if owedBytes == 0, inputIsClosed || !mayFollow { return context.close(promise: nil) }
    // As long as there is something to send, its progress counts; after that a few seconds have to do.
    deadline.watchProgress()
    let promise = context.eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolated().whenComplete { _ in
      if let context = self.context { self.concludeEnd(context) }
    }
    context.close(mode: .output, promise: promise)
    if feed.takeOwedRead() { context.read() }
  }

  /// Our side has ended, and perhaps the client's: once it has everything it was sent, its end is all that is awaited.
  private func concludeEnd(_ context: ChannelHandlerContext) {
    guard owedBytes == 0 else { return }
    if inputIsClosed {
      context.close(promise: nil)
    } else if !deadline.awaits(.farewell) {
      deadline.await(.farewell, now: worker.now)
    }
  }

  /// Ends the connection with a reset.
  private func abort(_ context: ChannelHandlerContext) {
    if let options = context.channel as? any SocketOptionProvider {
      _ = options.setSoLinger(Glibc.linger(l_onoff: 1, l_linger: 0))
    }
    cut(context)
  }

  /// Closes at once, whatever is still unwritten.
  private func cut(_ context: ChannelHandlerContext) {
    try? context.pipeline.syncOperations.handler(type: CloseBehindWrites.self).abandon()
    context.close(promise: nil)
  }

  // MARK: Deadlines

  /// Bytes that the kernel has not taken yet.
  private var unsentBytes: Int {
    (try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
  }

  /// Bytes whose fate is still of interest after our side has ended: the log tells what the client has taken, not only
  /// what the kernel has.
  private var owedBytes: Int64 { worker.configuration.accessLog == nil ? Int64(unsentBytes) : undeliveredBytes }

  var undeliveredBytes: Int64 { context.map { UndeliveredBytes.count(on: $0.channel) } ?? 0 }

  /// Called once a second.
  func checkDeadline(_ now: NIODeadline) {
    guard let context else { return }
    speaker?.tick()
    if case .ended = phase { concludeEnd(context) }
    let transmission = speaker?.transmission
    let verdict = deadline.check(now) {
      if case .ended = phase { return -owedBytes }
      return transmission?.isPaused == true || speaker?.isWorking == true
        ? nil : (transmission?.handedOver ?? 0) - Int64(unsentBytes)
    }
    switch verdict {
    case .inTime: break
    case .late(.firstBytes), .late(.nextRequest), .late(.farewell):
      if undeliveredBytes > 0 { speaker?.connectionIsCut(.clientStalled) }
      cut(context)
    case .late(.request), .late(.requestBody):
      if let speaker { speaker.clientIsLate() } else { context.close(promise: nil) }
    // A file that shrank leaves the kernel nothing to send: the connection would wait, and spin, for bytes that are gone.
    case .stuck where transmission?.fileHasChanged == true:
      speaker?.connectionIsCut(.fileChanged)
      abort(context)
    case .stuck(tooLong: true):
      worker.shared.metrics.count(.stalledConnections)
      speaker?.connectionIsCut(.clientStalled)
      abort(context)
    case .stuck(tooLong: false): break
    }
  }

  /// The service is to end: a connection on which nothing is going on ends at once.
  func drain() {
    if deadline.isIdle { context?.close(promise: nil) }
  }
}
