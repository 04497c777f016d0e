import Glibc
import NIOCore
import NIOSSL
import SockeyeTransport

/// The first handler of every connection: tells the protocols apart, holds back what comes before it can be dealt with,
/// and keeps the deadlines.
///
/// Requests that are pipelined wait here as bytes, in small slices, so that a client that asks without reading costs no
/// more than one read's worth of memory.
final class ConnectionGate: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = IOData
  typealias OutboundOut = IOData

  private enum Phase {
    /// A line or block of the PROXY protocol has to come first.
    case proxyHeader
    /// Nothing is known yet about the client's protocol.
    case opening
    case http
    case bareName(BareNameExchange)
    /// Nothing more is of interest.
    case ended
  }

  /// What a connection may be late with.
  enum Waiting {
    case firstBytes
    case request
    case requestBody
    case nextRequest
    /// Nothing: a response is being sent, and its progress is what counts.
    case nothing
  }

  let worker: ServiceWorker
  /// Where this connection stands in the worker's list.
  var index = 0
  private(set) var context: ChannelHandlerContext?
  private(set) var peer: SocketAddress?
  private(set) var isEncrypted = false
  /// Why this client is turned away as soon as it has said what it speaks.
  private(set) var refusal: HTTPStatus?
  /// What is being sent, if its progress is to be watched.
  var transmission: BodyTransmission?

  private var phase = Phase.opening
  private var waiting = Waiting.firstBytes
  private var deadline: NIODeadline
  private var backlog: ByteBuffer?
  private var quietTimer: Scheduled<Void>?
  private var isHeld = false
  private var isFeeding = false
  private var readIsOwed = false
  private var isWaitingForWritability = false
  private var lastSlice: ByteBuffer?
  /// Whether the line of the current request has no end yet.
  private(set) var isInRequestLine = true
  private var countsForAddress: String?
  private weak var exchange: HTTPExchange?
  private var decoder: RequestDecoder?
  /// Whether something came that was no request: nothing after it can be read.
  private var decodingHasFailed = false
  private var inputIsClosed = false
  private var lastProgress: Int64 = -1
  private var stalledSince: NIODeadline?

  init(worker: ServiceWorker) {
    self.worker = worker
    deadline = worker.now + worker.configuration.timeouts.request
  }

  private static let largestSlice = 4096

  // MARK: Life

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    self.exchange = nil
  }

  func channelActive(context: ChannelHandlerContext) {
    self.worker.add(self)
    peer = context.remoteAddress
    if self.worker.mustExpectProxyHeader(from: peer) {
      phase = .proxyHeader
    } else {
      admit()
    }
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    quietTimer?.cancel()
    discardDecoder(context)
    self.worker.remove(self, context: context)
    if let address = countsForAddress { self.worker.shared.clients.leave(address) }
    if case .bareName(let exchange) = phase { exchange.connectionEnded() }
    phase = .ended
    self.transmission?.abandon()
    self.transmission = nil
    backlog = nil
    context.fireChannelInactive()
  }

  /// Decides whether the peer may be here at all.
  private func admit() {
    if !self.worker.configuration.addresses.admits(peer) {
      refusal = .forbidden
    } else if let limit = self.worker.configuration.maximumClientsPerAddress {
      let address = peer?.hostText ?? ""
      if self.worker.shared.clients.enter(address, limit: limit) {
        countsForAddress = address
      } else {
        refusal = .serviceUnavailable
      }
    }
  }

  // MARK: Bytes in

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let buffer = Self.unwrapInboundIn(data)
    switch phase {
    case .http:
      if self.waiting == .nextRequest { self.wait(for: .request) }
      feed(buffer, context: context)
    case .opening, .proxyHeader:
      backlog.setOrWriteImmutableBuffer(buffer)
      self.open(context: context)
    case .bareName(let exchange):
      exchange.received(buffer)
    case .ended:
      break
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .inputClosed? = event as? ChannelEvent {
      inputIsClosed = true
      switch phase {
      case .opening where backlog != nil: becomeBareName(context: context)
      case .opening, .proxyHeader, .ended: context.close(promise: nil)
      case .bareName(let exchange): exchange.inputClosed()
      case .http: break
      }
    }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // TLS that fails and resets by the peer: nobody is left to tell. What HTTP has to say arises further on.
    context.close(promise: nil)
  }

  /// Looks at the first bytes.
  private func open(context: ChannelHandlerContext) {
    guard let buffer = backlog else { return }
    if case .proxyHeader = phase {
      switch ProxyProtocol.parse(buffer) {
      case .incomplete: return
      case .malformed:
        context.close(promise: nil)
        return
      case .header(let length, let source):
        backlog?.moveReaderIndex(forwardBy: length)
        peer = source ?? peer
        phase = .opening
        admit()
      }
    }
    guard let buffer = backlog, buffer.readableBytes > 0 else { return }
    switch OpeningBytes.judge(buffer) {
    case .undecided: restartQuietTimer(context: context)
    case .bareName: becomeBareName(context: context)
    case .http: becomeHTTP(context: context)
    case .tls: becomeTLS(context: context)
    }
  }

  private func restartQuietTimer(context: ChannelHandlerContext) {
    quietTimer?.cancel()
    let context = NIOLoopBound(context, eventLoop: context.eventLoop)
    let gate = NIOLoopBound(self, eventLoop: context.value.eventLoop)
    quietTimer = context.value.eventLoop.scheduleTask(in: self.worker.configuration.quietTime) {
      guard case .opening = gate.value.phase else { return }
      gate.value.becomeBareName(context: context.value)
    }
  }

  private func takeBacklog() -> ByteBuffer {
    defer { backlog = nil }
    quietTimer?.cancel()
    quietTimer = nil
    return backlog ?? ByteBuffer()
  }

  private func becomeBareName(context: ChannelHandlerContext) {
    let exchange = BareNameExchange(gate: self, context: context)
    phase = .bareName(exchange)
    self.wait(for: .request)
    exchange.received(takeBacklog())
    // Whoever got here without a line's end has been quiet for long enough, or has nothing more to say.
    exchange.nameIsComplete()
  }

  private func becomeHTTP(context: ChannelHandlerContext) {
    let buffer = takeBacklog()
    phase = .http
    self.wait(for: .request)
    let exchange = HTTPExchange(gate: self)
    self.exchange = exchange
    do {
      try context.pipeline.syncOperations.addHandler(exchange, position: .after(self))
    } catch {
      context.close(promise: nil)
      return
    }
    feed(buffer, context: context)
  }

  private func becomeTLS(context: ChannelHandlerContext) {
    guard let tls = self.worker.shared.tls, !self.isEncrypted else {
      // An alert, handshake_failure, is what such a client understands (RFC 8446, section 6.2).
      context.writeAndFlush(
        Self.wrapOutboundOut(.byteBuffer(ByteBuffer(bytes: [0x15, 3, 3, 0, 2, 2, 40]))),
        promise: nil
      )
      context.close(promise: nil)
      return
    }
    let buffer = takeBacklog()
    isEncrypted = true
    do {
      try context.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls), position: .before(self))
    } catch {
      context.close(promise: nil)
      return
    }
    context.pipeline.fireChannelRead(buffer)
    context.pipeline.fireChannelReadComplete()
  }

  // MARK: Back-pressure

  func read(context: ChannelHandlerContext) {
    if isHeld || backlogIsWaiting { readIsOwed = true } else { context.read() }
  }

  private var backlogIsWaiting: Bool {
    if case .http = phase { return backlog != nil }
    return false
  }

  /// Bytes that the kernel has not taken yet.
  var unsentBytes: Int {
    (try? self.context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
  }

  /// Whether bytes have come that nobody has looked at.
  var holdsBytes: Bool { backlog != nil }

  /// Keeps further bytes back: a request is being answered.
  func hold() { isHeld = true }

  /// Lets further bytes through.
  func release() {
    guard isHeld else { return }
    isHeld = false
    guard !self.isFeeding, let context = self.context else { return }
    if let buffer = backlog {
      backlog = nil
      feed(buffer, context: context)
      context.fireChannelReadComplete()
    }
    if readIsOwed, !self.isHeld, backlog == nil {
      readIsOwed = false
      context.read()
    }
  }

  /// Keeps further bytes back until the client has read what it was sent.
  func holdUntilWritable() {
    isHeld = true
    isWaitingForWritability = true
    self.wait(for: .nothing)
  }

  /// Whether a read is under way, at whose end everything written is flushed.
  var isReading: Bool { isFeeding }

  /// Whether the bytes that were last passed on begin with a method's name, known or not: RFC 9110, section 5.6.2.
  var sawMethodToken: Bool {
    guard let slice = lastSlice, let space = slice.readableBytesView.firstIndex(of: UInt8(ascii: " ")) else {
      return false
    }
    let token = slice.readableBytesView[..<space]
    return !token.isEmpty && token.allSatisfy { (0x21...0x7e).contains($0) && !Self.delimiters.contains($0) }
  }

  private static func hasLineEnd(_ slice: ByteBuffer) -> Bool {
    slice.withUnsafeReadableBytes { bytes in
      bytes.baseAddress.map { memchr($0, CInt(UInt8(ascii: "\n")), bytes.count) != nil } ?? false
    }
  }

  private static let delimiters = Array("\"(),/:;<=>?@[\\]{}".utf8)

  private func feed(_ buffer: ByteBuffer, context: ChannelHandlerContext) {
    guard !self.isHeld, !self.isFeeding else {
      backlog.setOrWriteImmutableBuffer(buffer)
      return
    }
    isFeeding = true
    defer { isFeeding = false }
    var rest = buffer
    while rest.readableBytes > 0 {
      if isHeld {
        backlog.setOrWriteImmutableBuffer(rest)
        return
      }
      let limit = self.waiting == .requestBody ? rest.readableBytes : Self.largestSlice
      guard let slice = rest.readSlice(length: min(limit, rest.readableBytes)) else { return }
      lastSlice = slice
      if isInRequestLine { isInRequestLine = !Self.hasLineEnd(slice) }
      if let left = decode(slice, context: context) { rest = left.followed(by: rest) }
      lastSlice = nil
    }
    parkDecoder()
  }

  /// Lets a decoder see bytes, and returns what it would not look at: those come first with the next one.
  private func decode(_ slice: ByteBuffer, context: ChannelHandlerContext) -> ByteBuffer? {
    guard !self.decodingHasFailed else { return nil }
    let decoder = self.decoder ?? self.worker.borrowDecoder(context)
    self.decoder = decoder
    do {
      let left = try decoder.decode(slice, context: context)
      if decoder.hasStopped { discardDecoder(context) }
      return left
    } catch {
      decodingHasFailed = true
      discardDecoder(context)
      context.fireErrorCaught(error)
      return nil
    }
  }

  /// A request has ended that offered to go on in another protocol.
  func decoderHasStopped() { self.decoder?.hasStopped = true }

  /// Gives the decoder back if there is nothing left for it to remember.
  private func parkDecoder() {
    guard self.waiting == .nextRequest, let decoder = self.decoder, decoder.isBetweenRequests, let context else {
      return
    }
    self.decoder = nil
    self.worker.giveBack(decoder, context: context)
  }

  private func discardDecoder(_ context: ChannelHandlerContext) {
    self.decoder?.retire(context: context)
    self.decoder = nil
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      self.transmission?.resume()
      if isWaitingForWritability {
        isWaitingForWritability = false
        self.wait(for: .nextRequest)
        release()
      }
    }
    context.fireChannelWritabilityChanged()
  }

  // MARK: Deadlines

  /// Says what the client has to do next, and starts its time.
  func wait(for waiting: Waiting) {
    self.waiting = waiting
    let timeouts = self.worker.configuration.timeouts
    switch waiting {
    case .firstBytes, .request: deadline = self.worker.now + timeouts.request
    case .requestBody, .nothing:
      deadline = self.worker.now + timeouts.stall
      stalledSince = nil
    case .nextRequest:
      deadline = self.worker.now + timeouts.idle
      isInRequestLine = true
      if !self.isFeeding { parkDecoder() }
    }
  }

  /// The peer has moved on with what it was waited for.
  func madeProgress() { deadline = self.worker.now + self.worker.configuration.timeouts.stall }

  /// Called once a second.
  func checkDeadline(_ now: NIODeadline) {
    if case .nothing = self.waiting {
      checkProgress(now)
    } else if now >= deadline {
      tooLate()
    }
  }

  /// What the kernel has taken off our hands is the only progress that a slow reader cannot fake.
  private func checkProgress(_ now: NIODeadline) {
    guard self.context != nil else { return }
    if let transmission = self.transmission, transmission.isPaused {
      stalledSince = nil
      return
    }
    let progress = (self.transmission?.handedOver ?? 0) - Int64(unsentBytes)
    if progress != lastProgress {
      lastProgress = progress
      stalledSince = now
      return
    }
    // A file that shrank leaves the kernel nothing to send: the connection would wait, and spin, for bytes that are gone.
    if self.transmission?.fileHasChanged == true {
      self.abort()
    } else if now - (stalledSince ?? now) >= self.worker.configuration.timeouts.stall {
      self.worker.shared.metrics.count(.stalledConnections)
      self.abort()
    } else if stalledSince == nil {
      stalledSince = now
    }
  }

  private func tooLate() {
    guard let context = self.context else { return }
    if case .http = phase, self.waiting != .nextRequest, let exchange = self.exchange {
      exchange.refuse(.requestTimeout)
    } else {
      context.close(promise: nil)
    }
  }

  /// Ends the connection with a reset, so that no client takes what it has for the whole.
  func abort() {
    guard let context = self.context else { return }
    if let options = context.channel as? any SocketOptionProvider {
      _ = options.setSoLinger(Glibc.linger(l_onoff: 1, l_linger: 0))
    }
    context.close(promise: nil)
  }

  /// Ends our side, and gives the client a moment to stop sending and to read what it was told.
  func linger(_ context: ChannelHandlerContext) {
    phase = .ended
    backlog = nil
    isHeld = false
    // As long as there is something to send, its progress counts; after that a few seconds have to do.
    self.wait(for: .nothing)
    let promise = context.eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolated().whenComplete { _ in
      self.waiting = .request
      self.deadline = self.worker.now + self.worker.configuration.timeouts.linger
    }
    context.close(mode: .output, promise: promise)
    if readIsOwed {
      readIsOwed = false
      context.read()
    }
  }

  /// The service is to end: a connection on which nothing is going on ends at once.
  func drain() {
    switch self.waiting {
    case .firstBytes, .nextRequest: self.context?.close(promise: nil)
    case .request, .requestBody, .nothing: break
    }
  }
}

extension ByteBuffer {
  /// These bytes, and then others.
  fileprivate func followed(by others: ByteBuffer) -> ByteBuffer {
    var all = self
    all.writeImmutableBuffer(others)
    return all
  }
}
