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
    state = .closed
  }

  func channelInactive(context: ChannelHandlerContext) {
    if case .uploading(_, let upload) = state { upload.connectionEnded() }
    state = .closed
    queue = []
    context.fireChannelInactive()
  }

  // MARK: Requests in

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let part = Self.unwrapInboundIn(data)
    switch part {
    case .head(let head): offersUpgrade = head.headers.contains(name: "upgrade") || head.method == .CONNECT
    case .end where offersUpgrade: self.gate.decoderHasStopped()
    case .body, .end: break
    }
    if case .responding = state {
      queue.append(part)
    } else {
      take(part, context: context)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if needsFlush {
      needsFlush = false
      context.flush()
    }
    if inputIsClosed, !self.gate.holdsBytes {
      switch state {
      case .receiving, .uploading: context.close(promise: nil)
      case .idle: closeGracefully(context, mayFollow: false)
      case .responding, .closed: break
      }
    }
    context.fireChannelReadComplete()
  }

  private func take(_ part: HTTPServerRequestPart, context: ChannelHandlerContext) {
    switch (part, state) {
    case (.head(let head), .idle):
      begin(head, context: context)
    case (.body(let bytes), .receiving(let request, let ignored)):
      guard ignored + bytes.readableBytes <= Self.largestIgnoredBody else {
        return self.refuse(.contentTooLarge)
      }
      state = .receiving(request, ignoredBytes: ignored + bytes.readableBytes)
    case (.end, .receiving(let request, _)):
      request.isRead = true
      respond(to: request, context: context)
    case (.body(let bytes), .uploading(_, let upload)):
      self.gate.madeProgress()
      upload.receive(bytes)
      if let failure = upload.failure {
        guard case .uploading(let request, _) = state else { return }
        upload.connectionEnded()
        fail(request, failure)
      }
    case (.end, .uploading(let request, let upload)):
      request.isRead = true
      state = .responding
      self.gate.hold()
      self.gate.wait(for: .nothing)
      upload.finish { [self] result in finishUpload(result, request: request) }
    default:
      // What comes after an error, or after the last response, is of no interest.
      break
    }
  }

  private func begin(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
    let fields = RequestFields(head.headers)
    let keepAlive = head.isKeepAlive && !self.shared.isDraining
    let started = shared.configuration.accessLog == nil ? worker.now : .now()
    let request = Request(head, fields: fields, started: started, keepAlive: keepAlive)
    shared.metrics.count(.requests)

    guard head.version.major == 1 else { return fail(request, .versionNotSupported) }
    // RFC 9112, section 3.2: exactly one Host, in HTTP/1.1.
    guard fields.hostCount == 1 || (fields.hostCount == 0 && request.isHTTP10) else {
      return fail(request, .badRequest)
    }
    // RFC 9112, section 6.3: a message with both is an attempt to be read in two ways.
    guard fields.transferEncoding == nil || fields.contentLength == nil else { return fail(request, .badRequest) }
    guard head.uri.utf8.count <= Self.longestTarget else { return fail(request, .targetTooLong) }
    if let refusal = self.gate.refusal { return fail(request, refusal) }

    let hasBody = fields.transferEncoding != nil || (fields.contentLength ?? "0") != "0"
    if let expect = fields.expect, expect.lowercased() != "100-continue" {
      return fail(request, .expectationFailed)
    }
    if beginUpload(request, hasBody: hasBody, context: context) { return }
    if hasBody {
      self.gate.wait(for: .requestBody)
      if fields.expect != nil { sendContinue(context) }
    }
    state = .receiving(request, ignoredBytes: 0)
  }

  /// RFC 9110, section 10.1.1.
  private func sendContinue(_ context: ChannelHandlerContext) {
    let line = ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n")
    context.writeAndFlush(Self.wrapOutboundOut(.byteBuffer(line)), promise: nil)
  }

  /// Ends a request that cannot be read on: what follows on the connection may be anything.
  func fail(_ request: Request, _ status: HTTPStatus) {
    request.keepAlive = false
    state = .responding
    respond(status, to: request)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .inputClosed? = event as? ChannelEvent {
      inputIsClosed = true
      switch state {
      case .idle: closeGracefully(context, mayFollow: false)
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
    switch state {
    case .closed: return
    case .responding:
      // The response under way is still owed; what came after it is not answered.
      queue = []
      isDeaf = true
      return
    case .uploading(_, let upload): upload.connectionEnded()
    case .idle, .receiving: break
    }
    state = .responding
    let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "-")
    let request = Request(head, fields: RequestFields([:]), started: worker.now, keepAlive: false)
    respond(status, to: request)
    self.context?.flush()
  }

  // MARK: Working

  private func respond(to request: Request, context: ChannelHandlerContext) {
    state = .responding
    switch request.head.method {
    case .GET, .HEAD:
      authenticated(request) { exchange, request in exchange.serve(request) }
    case .OPTIONS:
      respondToOptions(request)
    default:
      respond(.methodNotAllowed, to: request)
    }
  }

  /// Checks the password, if one is needed, and goes on.
  func authenticated(
    _ request: Request,
    refusing refuse: @escaping (HTTPExchange, Request, HTTPStatus) -> Void = { $0.respond($2, to: $1) },
    then body: @escaping (HTTPExchange, Request) -> Void
  ) {
    guard let authority = shared.authority else { return body(self, request) }
    hold()
    authority.check(request.fields.authorization, on: worker) { [self] verdict in
      switch verdict {
      case .granted(let user):
        request.user = user
        body(self, request)
      case .denied:
        shared.metrics.count(.deniedRequests)
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
  func beginWaiting() { state = .responding }

  /// Takes the body of a request into a file.
  func receiveUpload(_ upload: Upload, for request: Request) {
    guard let context = self.context, case .responding = state else { return upload.connectionEnded() }
    state = .uploading(request, upload)
    self.gate.wait(for: .requestBody)
    if request.fields.expect != nil { sendContinue(context) }
    self.gate.release()
    takeQueued()
  }

  // MARK: Responses out

  /// Writes a response that is complete in one buffer.
  func send(_ buffer: ByteBuffer, status: HTTPStatus, bodyBytes: Int64, for request: Request) {
    guard let context = self.context, case .responding = state else { return }
    context.write(Self.wrapOutboundOut(.byteBuffer(buffer)), promise: nil)
    needsFlush = true
    finish(request, status: status, bodyBytes: bodyBytes)
  }

  /// Writes a head, and then a body of any size.
  func send(
    _ head: ByteBuffer,
    then source: BodyTransmission.Source,
    status: HTTPStatus,
    bodyBytes: Int64?,
    for request: Request
  ) {
    guard let context = self.context, case .responding = state else { return }
    context.write(Self.wrapOutboundOut(.byteBuffer(head)), promise: nil)
    needsFlush = false
    hold()
    let transmission = BodyTransmission(
      source,
      context: context,
      byCopy: self.gate.isEncrypted || !self.worker.sendsFiles,
      rate: shared.configuration.rate,
      pool: shared.filePool
    ) { [self] outcome in
      let sent = self.gate.transmission?.handedOver ?? 0
      self.gate.transmission = nil
      guard outcome == .complete else {
        shared.metrics.count(.brokenTransfers)
        return self.gate.abort()
      }
      finish(request, status: status, bodyBytes: bodyBytes ?? sent)
    }
    self.gate.transmission = transmission
    transmission.resume()
  }

  /// The response has been given to the channel.
  private func finish(_ request: Request, status: HTTPStatus, bodyBytes: Int64) {
    guard let context = self.context, case .responding = state else { return }
    shared.metrics.responded(status, bytes: bodyBytes)
    log(request, status: status, bytes: bodyBytes)
    let isLast = inputIsClosed && queue.isEmpty && !self.gate.holdsBytes
    guard request.keepAlive, !isLast, !self.isDeaf, !self.shared.isDraining else {
      closeGracefully(context, mayFollow: isDeaf || !request.isRead || !self.queue.isEmpty)
      return
    }
    state = .idle
    self.gate.wait(for: .nextRequest)
    takeQueued()
    if case .idle = state {
      if needsFlush, !self.gate.isReading {
        needsFlush = false
        context.flush()
      }
      // A client that does not read its responses gets no further requests in.
      if context.channel.isWritable { self.gate.release() } else { self.gate.holdUntilWritable() }
    }
  }

  private func takeQueued() {
    guard !self.queue.isEmpty, let context = self.context else { return }
    var parts = queue[...]
    queue = []
    while let part = parts.first {
      if case .responding = state { break }
      parts.removeFirst()
      take(part, context: context)
    }
    queue = Array(parts) + queue
  }

  /// RFC 9112, section 9.6: bytes that the client is still sending would make the kernel reset the connection and throw
  /// away a response that the client has not read. So where something may follow the end of our side comes first.
  private func closeGracefully(_ context: ChannelHandlerContext, mayFollow: Bool) {
    needsFlush = false
    context.flush()
    state = .closed
    let isAwaited = mayFollow || self.gate.holdsBytes
    if self.gate.unsentBytes == 0, inputIsClosed || !isAwaited {
      context.close(promise: nil)
    } else {
      self.gate.linger(context)
    }
  }

  private func log(_ request: Request, status: HTTPStatus, bytes: Int64) {
    guard let record = shared.configuration.accessLog else { return }
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
