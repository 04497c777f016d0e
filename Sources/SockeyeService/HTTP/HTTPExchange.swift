import NIOCore
import NIOHTTP1
import SockeyeTransport

/// One connection that speaks HTTP/1.1: takes requests one at a time and answers them in order.
final class HTTPExchange: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = IOData

  private enum State {
    case idle
    /// The head is there, the end of the body is not.
    case receiving(Request, ignoredBytes: Int)
    /// The body goes into a file.
    case uploading(Request, Upload)
    /// The request is being worked on, or its response sent.
    case responding
    case closed
  }

  let gate: ConnectionGate
  private(set) var context: ChannelHandlerContext?
  private var state = State.idle
  private var queue: [HTTPServerRequestPart] = []
  private var needsFlush = false
  /// Whether the request that is being read ends where NIO's decoder expects another protocol.
  private var offersUpgrade = false
  private var inputIsClosed = false
  /// Whether something came that is no request, so that nothing after it can be one.
  private var isDeaf = false

  var worker: ServiceWorker { self.gate.worker }
  var shared: ServiceShared { self.gate.worker.shared }

  init(gate: ConnectionGate) { self.gate = gate }

  // MARK: Limits

  /// The longest target that is answered with anything but 414, in bytes.
  static let longestTarget = 8 * 1024
  /// The largest head that is buffered while it is incomplete, in bytes.
  static let largestHead = 128 * 1024
  /// The largest body that is read and ignored for the connection's sake, in bytes.
  static let largestIgnoredBody = 64 * 1024

  static let limits: NIOHTTPDecoderLimitConfiguration = {
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderFieldSize = 16 * 1024
    limits.maxHeaderListSize = 32 * 1024
    limits.maxHeaderFieldCount = 128
    return limits
  }()

  // MARK: Life

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    self.state = .closed
  }

  func channelInactive(context: ChannelHandlerContext) {
    if case .uploading(_, let upload) = self.state { upload.connectionEnded() }
    self.state = .closed
    self.queue = []
    context.fireChannelInactive()
  }

  // MARK: Requests in

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let part = Self.unwrapInboundIn(data)
    switch part {
    case .head(let head): self.offersUpgrade = head.headers.contains(name: "upgrade") || head.method == .CONNECT
    case .end where self.offersUpgrade: self.gate.decoderHasStopped()
    case .body, .end: break
    }
    if case .responding = self.state {
      self.queue.append(part)
    } else {
      self.take(part, context: context)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if self.needsFlush {
      self.needsFlush = false
      context.flush()
    }
    if self.inputIsClosed, !self.gate.holdsBytes {
      switch self.state {
      case .receiving, .uploading: context.close(promise: nil)
      case .idle: self.closeGracefully(context, mayFollow: false)
      case .responding, .closed: break
      }
    }
    context.fireChannelReadComplete()
  }

  private func take(_ part: HTTPServerRequestPart, context: ChannelHandlerContext) {
    switch (part, self.state) {
    case (.head(let head), .idle):
      self.begin(head, context: context)
    case (.body(let bytes), .receiving(let request, let ignored)):
      guard ignored + bytes.readableBytes <= Self.largestIgnoredBody else {
        return self.refuse(.contentTooLarge)
      }
      self.state = .receiving(request, ignoredBytes: ignored + bytes.readableBytes)
    case (.end, .receiving(let request, _)):
      request.isRead = true
      self.respond(to: request, context: context)
    case (.body(let bytes), .uploading(_, let upload)):
      self.gate.madeProgress()
      upload.receive(bytes)
      if let failure = upload.failure {
        guard case .uploading(let request, _) = self.state else { return }
        upload.connectionEnded()
        self.fail(request, failure)
      }
    case (.end, .uploading(let request, let upload)):
      request.isRead = true
      self.state = .responding
      self.gate.hold()
      self.gate.wait(for: .nothing)
      upload.finish { [self] result in self.finishUpload(result, request: request) }
    default:
      // What comes after an error, or after the last response, is of no interest.
      break
    }
  }

  private func begin(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
    let fields = RequestFields(head.headers)
    let keepAlive = head.isKeepAlive && !self.shared.isDraining
    let started = self.shared.configuration.accessLog == nil ? self.worker.now : .now()
    let request = Request(head, fields: fields, started: started, keepAlive: keepAlive)
    self.shared.metrics.count(.requests)

    guard head.version.major == 1 else { return self.fail(request, .versionNotSupported) }
    // RFC 9112, section 3.2: exactly one Host, in HTTP/1.1.
    guard fields.hostCount == 1 || (fields.hostCount == 0 && request.isHTTP10) else {
      return self.fail(request, .badRequest)
    }
    // RFC 9112, section 6.3: a message with both is an attempt to be read in two ways.
    guard fields.transferEncoding == nil || fields.contentLength == nil else { return self.fail(request, .badRequest) }
    guard head.uri.utf8.count <= Self.longestTarget else { return self.fail(request, .targetTooLong) }
    if let refusal = self.gate.refusal { return self.fail(request, refusal) }

    let hasBody = fields.transferEncoding != nil || (fields.contentLength ?? "0") != "0"
    if let expect = fields.expect, expect.lowercased() != "100-continue" {
      return self.fail(request, .expectationFailed)
    }
    if self.beginUpload(request, hasBody: hasBody, context: context) { return }
    if hasBody {
      self.gate.wait(for: .requestBody)
      if fields.expect != nil { self.sendContinue(context) }
    }
    self.state = .receiving(request, ignoredBytes: 0)
  }

  /// RFC 9110, section 10.1.1.
  private func sendContinue(_ context: ChannelHandlerContext) {
    let line = ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n")
    context.writeAndFlush(Self.wrapOutboundOut(.byteBuffer(line)), promise: nil)
  }

  /// Ends a request that cannot be read on: what follows on the connection may be anything.
  func fail(_ request: Request, _ status: HTTPStatus) {
    request.keepAlive = false
    self.state = .responding
    self.respond(status, to: request)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .inputClosed? = event as? ChannelEvent {
      self.inputIsClosed = true
      switch self.state {
      case .idle: self.closeGracefully(context, mayFollow: false)
      case .receiving, .uploading: context.close(promise: nil)
      // What has come before the end is still answered.
      case .responding, .closed: break
      }
    }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case HTTPParserError.headerOverflow:
      self.refuse(self.gate.isInRequestLine ? .targetTooLong : .headersTooLarge)
    case HTTPParserError.invalidMethod where self.gate.sawMethodToken: self.refuse(.methodNotAllowed)
    case is HTTPParserError: self.refuse(.badRequest)
    default: context.close(promise: nil)
    }
  }

  /// Answers what is not a request, and closes.
  func refuse(_ status: HTTPStatus) {
    switch self.state {
    case .closed: return
    case .responding:
      // The response under way is still owed; what came after it is not answered.
      self.queue = []
      self.isDeaf = true
      return
    case .uploading(_, let upload): upload.connectionEnded()
    case .idle, .receiving: break
    }
    self.state = .responding
    let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "-")
    let request = Request(head, fields: RequestFields([:]), started: self.worker.now, keepAlive: false)
    self.respond(status, to: request)
    self.context?.flush()
  }

  // MARK: Working

  private func respond(to request: Request, context: ChannelHandlerContext) {
    self.state = .responding
    switch request.head.method {
    case .GET, .HEAD:
      self.authenticated(request) { exchange, request in exchange.serve(request) }
    case .OPTIONS:
      self.respondToOptions(request)
    default:
      self.respond(.methodNotAllowed, to: request)
    }
  }

  /// Checks the password, if one is needed, and goes on.
  func authenticated(
    _ request: Request,
    refusing refuse: @escaping (HTTPExchange, Request, HTTPStatus) -> Void = { $0.respond($2, to: $1) },
    then body: @escaping (HTTPExchange, Request) -> Void
  ) {
    guard let authority = self.shared.authority else { return body(self, request) }
    self.hold()
    authority.check(request.fields.authorization, on: self.worker) { [self] verdict in
      switch verdict {
      case .granted(let user):
        request.user = user
        body(self, request)
      case .denied:
        self.shared.metrics.count(.deniedRequests)
        refuse(self, request, .unauthorized)
      case .busy:
        refuse(self, request, .tooManyRequests)
      }
    }
  }

  /// The request will be answered later: nothing else is read meanwhile.
  func hold() {
    self.gate.hold()
    self.gate.wait(for: .nothing)
  }

  /// What is left of the request waits until it is known where it is to go.
  func beginWaiting() { self.state = .responding }

  /// Takes the body of a request into a file.
  func receiveUpload(_ upload: Upload, for request: Request) {
    guard let context = self.context, case .responding = self.state else { return upload.connectionEnded() }
    self.state = .uploading(request, upload)
    self.gate.wait(for: .requestBody)
    if request.fields.expect != nil { self.sendContinue(context) }
    self.gate.release()
    self.takeQueued()
  }

  // MARK: Responses out

  /// Writes a response that is complete in one buffer.
  func send(_ buffer: ByteBuffer, status: HTTPStatus, bodyBytes: Int64, for request: Request) {
    guard let context = self.context, case .responding = self.state else { return }
    context.write(Self.wrapOutboundOut(.byteBuffer(buffer)), promise: nil)
    self.needsFlush = true
    self.finish(request, status: status, bodyBytes: bodyBytes)
  }

  /// Writes a head, and then a body of any size.
  func send(
    _ head: ByteBuffer,
    then source: BodyTransmission.Source,
    status: HTTPStatus,
    bodyBytes: Int64?,
    for request: Request
  ) {
    guard let context = self.context, case .responding = self.state else { return }
    context.write(Self.wrapOutboundOut(.byteBuffer(head)), promise: nil)
    self.needsFlush = false
    self.hold()
    let transmission = BodyTransmission(
      source,
      context: context,
      byCopy: self.gate.isEncrypted || !self.worker.sendsFiles,
      rate: self.shared.configuration.rate,
      pool: self.shared.filePool
    ) { [self] outcome in
      let sent = self.gate.transmission?.handedOver ?? 0
      self.gate.transmission = nil
      guard outcome == .complete else {
        self.shared.metrics.count(.brokenTransfers)
        return self.gate.abort()
      }
      self.finish(request, status: status, bodyBytes: bodyBytes ?? sent)
    }
    self.gate.transmission = transmission
    transmission.resume()
  }

  /// The response has been given to the channel.
  private func finish(_ request: Request, status: HTTPStatus, bodyBytes: Int64) {
    guard let context = self.context, case .responding = self.state else { return }
    self.shared.metrics.responded(status, bytes: bodyBytes)
    self.log(request, status: status, bytes: bodyBytes)
    let isLast = self.inputIsClosed && self.queue.isEmpty && !self.gate.holdsBytes
    guard request.keepAlive, !isLast, !self.isDeaf, !self.shared.isDraining else {
      self.closeGracefully(context, mayFollow: self.isDeaf || !request.isRead || !self.queue.isEmpty)
      return
    }
    self.state = .idle
    self.gate.wait(for: .nextRequest)
    self.takeQueued()
    if case .idle = self.state {
      if self.needsFlush, !self.gate.isReading {
        self.needsFlush = false
        context.flush()
      }
      // A client that does not read its responses gets no further requests in.
      if context.channel.isWritable { self.gate.release() } else { self.gate.holdUntilWritable() }
    }
  }

  private func takeQueued() {
    guard !self.queue.isEmpty, let context = self.context else { return }
    var parts = self.queue[...]
    self.queue = []
    while let part = parts.first {
      if case .responding = self.state { break }
      parts.removeFirst()
      self.take(part, context: context)
    }
    self.queue = Array(parts) + self.queue
  }

  /// RFC 9112, section 9.6: bytes that the client is still sending would make the kernel reset the connection and throw
  /// away a response that the client has not read. So where something may follow the end of our side comes first.
  private func closeGracefully(_ context: ChannelHandlerContext, mayFollow: Bool) {
    self.needsFlush = false
    context.flush()
    self.state = .closed
    let isAwaited = mayFollow || self.gate.holdsBytes
    if self.gate.unsentBytes == 0, self.inputIsClosed || !isAwaited {
      context.close(promise: nil)
    } else {
      self.gate.linger(context)
    }
  }

  private func log(_ request: Request, status: HTTPStatus, bytes: Int64) {
    guard let record = self.shared.configuration.accessLog else { return }
    record(
      AccessRecord(
        client: self.gate.peer?.hostText ?? "-",
        user: request.user,
        method: request.head.method.rawValue,
        target: request.head.uri,
        version: "HTTP/\(request.head.version.major).\(request.head.version.minor)",
        isEncrypted: self.gate.isEncrypted,
        status: status.rawValue,
        bytes: bytes,
        referer: request.fields.referer,
        userAgent: request.fields.userAgent,
        duration: .now() - request.started
      )
    )
  }
}
