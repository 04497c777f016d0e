import NIOCore
import NIOHTTP1
import SockeyeTransport

/// One connection that speaks HTTP/1.1: carries out what ``ExchangeState`` decides.
final class HTTPExchange: ConnectionSpeaker {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = IOData

  /// An offer to go on in another protocol.
  private enum Offer {
    case none
    /// The request that is being read makes one.
    case made
    /// Its end has been read.
    case ended
  }

  let worker: ServiceWorker
  private let client: ConnectionClient
  private let connection: any ConnectionControl
  private(set) var context: ChannelHandlerContext?
  private var state = ExchangeState()
  private var offer = Offer.none
  private var log: DeliveryLog

  var shared: ServiceShared { worker.shared }

  init(worker: ServiceWorker, client: ConnectionClient, connection: any ConnectionControl) {
    self.worker = worker
    self.client = client
    self.connection = connection
    log = DeliveryLog(worker.configuration.accessLog)
  }

  // MARK: Limits

  /// The longest target that is answered with anything but 414, in bytes.
  static let longestTarget = 8 * 1024
  /// The largest head that is buffered while it is incomplete, in bytes.
  static let largestHead = 128 * 1024
  /// The largest body that is read without being put into a file: ignored for the connection's sake, or a document. In bytes.
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

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelInactive(context: ChannelHandlerContext) {
    breakOff(.clientLeft, undelivered: 0)
    log.settle()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // TLS that ends without a farewell says nothing about what was read before.
    if error is IOError { connectionIsCut(.clientLeft) }
    context.fireErrorCaught(error)
  }

  func tick() { log.check(worker.now) { connection.undeliveredBytes } }

  func connectionIsCut(_ ending: AccessRecord.Ending) {
    let undelivered = log.isKept ? connection.undeliveredBytes : 0
    breakOff(ending, undelivered: undelivered)
    log.failed(ending, undelivered: undelivered)
  }

  /// What was under way ends before its end.
  private func breakOff(_ ending: AccessRecord.Ending, undelivered: Int64) {
    let remains = state.close()
    remains.upload?.connectionEnded()
    remains.response?.1.abandon()
    guard log.isKept, let request = remains.request else { return }
    guard let (response, transmission) = remains.response else {
      return log.brokenOff(record(request, status: 499, bytes: 0, length: nil, ending))
    }
    let taken = undelivered > 0 ? transmission.handedOver - undelivered : transmission.taken
    log.brokenOff(
      record(request, status: response.status.rawValue, bytes: max(0, taken), length: response.length, ending)
    )
  }

  var transmission: BodyTransmission? { state.transmission }

  var isWorking: Bool { state.isAnswering }

  // MARK: Requests in

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let part = Self.unwrapInboundIn(data)
    switch part {
    case .head(let head):
      offer = head.headers.contains(name: "upgrade") || head.method == .CONNECT ? .made : .none
    case .end: if offer == .made { offer = .ended }
    case .body: break
    }
    carryOut(state.take(part), context)
  }

  /// Whether a request has ended that offered to go on in another protocol; asked once for each.
  func takeEndedOffer() -> Bool {
    guard offer == .ended else { return false }
    offer = .none
    return true
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.flush()
    context.fireChannelReadComplete()
  }

  func inputEnded() { end(state.inputEnded()) }

  func clientIsLate() { refuse(.requestTimeout) }

  private func carryOut(_ step: ExchangeState.Step, _ context: ChannelHandlerContext) {
    switch step {
    case .nothing: break
    case .begin(let head): begin(head, context: context)
    case .answer(let request): respond(to: request)
    case .refuseBody: refuse(.contentTooLarge)
    case .store(let bytes, let upload, let request): store(bytes, in: upload, for: request)
    case .finishUpload(let request, let upload):
      connection.turn(.answer)
      upload.finish { [self] result in finishUpload(result, request: request) }
    }
  }

  private func begin(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
    let fields = RequestFields(head.headers)
    let keepAlive = head.isKeepAlive && !self.shared.isDraining
    let started = shared.configuration.accessLog == nil ? worker.now : worker.eventLoop.now
    let request = Request(head, fields: fields, started: started, keepAlive: keepAlive)
    if shared.configuration.crossOrigin != .none {
      request.responseLines = shared.configuration.crossOrigin.responseLines(
        for: fields.origin,
        withCredentials: shared.configuration.passwords != nil
      )
    }
    log.settle()
    shared.metrics.count(.requests)

    guard head.version.major == 1 else { return fail(request, .versionNotSupported) }
    // RFC 9112, section 3.2: exactly one Host, in HTTP/1.1.
    guard fields.hostCount == 1 || (fields.hostCount == 0 && request.isHTTP10) else {
      return fail(request, .badRequest)
    }
    // RFC 9112, section 6.3: a message with both is an attempt to be read in two ways.
    guard fields.transferEncoding == nil || fields.contentLength == nil else { return fail(request, .badRequest) }
    if let host = fields.host, !HostField.isValid(host) { return fail(request, .badRequest) }
    if let refusal = TransferCodings.refusal(of: fields.transferEncoding, isHTTP10: request.isHTTP10) {
      return fail(request, refusal)
    }
    guard head.uri.utf8.count <= Self.longestTarget else { return fail(request, .targetTooLong) }
    if let refusal = client.refusal { return fail(request, refusal) }

    let hasBody = fields.transferEncoding != nil || (fields.contentLength ?? "0") != "0"
    if let expect = request.expectation, expect.lowercased() != "100-continue" {
      return fail(request, .expectationFailed)
    }
    if beginUpload(request, hasBody: hasBody) { return }
    state.receive(request)
    guard hasBody else { return }
    if request.expectation != nil { sendContinue(context) }
    connection.turn(.receiveBody)
  }

  /// RFC 9110, section 10.1.1.
  private func sendContinue(_ context: ChannelHandlerContext) {
    let line = ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n")
    context.writeAndFlush(Self.wrapOutboundOut(.byteBuffer(line)), promise: nil)
  }

  /// Ends a request that cannot be read on: what follows on the connection may be anything.
  func fail(_ request: Request, _ status: HTTPStatus) {
    request.keepAlive = false
    state.answer(request)
    respond(status, to: request)
  }

  /// Answers what is not a request, and closes.
  func refuse(_ status: HTTPStatus) {
    let (mustAnswer, abandoned) = state.refuse()
    // What is only late may be continued. What is no request may have brought anything.
    if status == .requestTimeout { abandoned?.connectionEnded() } else { abandoned?.fail() }
    guard mustAnswer else { return }
    let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "-")
    fail(Request(head, fields: RequestFields([:]), started: worker.now, keepAlive: false), status)
  }

  // MARK: Working

  private func respond(to request: Request) {
    switch request.head.method {
    case .GET, .HEAD:
      authenticated(request) { exchange, request in exchange.serve(request) }
    case .OPTIONS:
      respondToOptions(request)
    case .MKCOL where shared.uploads != nil:
      authenticated(request) { exchange, request in exchange.makeFolder(request) }
    case .DELETE where shared.uploads != nil && shared.authority != nil:
      authenticated(request) { exchange, request in exchange.remove(request) }
    default:
      guard let answer = webDAVAnswer(for: request.head.method) else { return respond(.methodNotAllowed, to: request) }
      authenticated(request, then: answer)
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
        request.rules = authority.rules(of: user)
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
  func hold() { connection.turn(.answer) }

  /// What is left of the request waits until it is known where it is to go.
  func beginWaiting(_ request: Request) { state.answer(request) }

  // MARK: Bodies of requests

  /// Takes the body of a request into a file.
  func receiveUpload(_ upload: Upload, for request: Request) {
    guard let context, state.upload(upload, for: request) else { return upload.connectionEnded() }
    upload.onRoom = { [weak self] in self?.connection.turn(.resumeBody) }
    if request.expectation != nil { sendContinue(context) }
    takeQueued()
    connection.turn(.receiveBody)
  }

  private func store(_ bytes: ByteBuffer, in upload: Upload, for request: Request) {
    connection.turn(.bodyAdvanced)
    switch upload.receive(bytes) {
    case .wanted: break
    case .enough: connection.turn(.holdBody)
    case .failed(let status):
      upload.connectionEnded()
      fail(request, status)
    }
  }

  private func takeQueued() {
    while let context, let step = state.takeQueued() { carryOut(step, context) }
  }

  // MARK: Responses out

  /// Writes a response that is complete in one buffer.
  func send(_ buffer: ByteBuffer, status: HTTPStatus, bodyBytes: Int64, for request: Request) {
    guard let context, state.isAnswering else { return }
    context.write(Self.wrapOutboundOut(.byteBuffer(buffer)), promise: nil)
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
    guard let context, state.isAnswering else { return }
    context.write(Self.wrapOutboundOut(.byteBuffer(head)), promise: nil)
    hold()
    let way = worker.way(isEncrypted: client.isEncrypted)
    let transmission = BodyTransmission(source, context: context, way: way) { [self] outcome in
      let sent = state.transmission?.handedOver ?? 0
      guard outcome == .complete else {
        shared.metrics.count(.brokenTransfers)
        connectionIsCut(.fileChanged)
        return connection.turn(.abort)
      }
      finish(request, status: status, bodyBytes: bodyBytes ?? sent)
    }
    state.send(ExchangeState.Response(status: status, length: bodyBytes), transmission, for: request)
    transmission.start()
  }

  /// The response has been given to the channel.
  private func finish(_ request: Request, status: HTTPStatus, bodyBytes: Int64) {
    shared.metrics.responded(status, bytes: bodyBytes)
    if log.isKept {
      let record = record(request, status: status.rawValue, bytes: bodyBytes, length: bodyBytes, .complete)
      log.answered(record, now: worker.now)
    }
    if shared.isDraining { request.keepAlive = false }
    end(state.answered(request))
  }

  private func end(_ ending: ExchangeState.Ending) {
    switch ending {
    case .goOn:
      takeQueued()
      let next = state.inputHasEnded ? state.inputEnded() : .goOn
      guard next == .goOn else { return end(next) }
      if state.isIdle { connection.turn(.awaitRequest) }
    case .finish(let mayFollow): connection.turn(.finish(mayFollow: mayFollow))
    case .close: connection.turn(.close)
    }
  }

  private func record(
    _ request: Request,
    status: Int,
    bytes: Int64,
    length: Int64?,
    _ ending: AccessRecord.Ending
  ) -> AccessRecord {
    AccessRecord(
      client: client.address?.hostText ?? "-",
      user: request.user,
      method: request.head.method.rawValue,
      target: request.head.uri,
      version: "HTTP/\(request.head.version.major).\(request.head.version.minor)",
      isEncrypted: client.isEncrypted,
      status: status,
      bytes: bytes,
      referer: request.fields.referer,
      userAgent: request.fields.userAgent,
      duration: worker.eventLoop.now - request.started,
      length: length,
      ending: ending
    )
  }
}
