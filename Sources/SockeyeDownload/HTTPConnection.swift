internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL
internal import SockeyeText
internal import SockeyeTransport
internal import Synchronization

/// One connection to an HTTP server, or to one of the bare-name protocol, which answers one request.
struct HTTPConnection: Sendable {
  let origin: DownloadURL.Origin
  private let channel: any Channel
  private let handler: NIOLoopBound<HTTPExchangeHandler>

  /// Connects; with TLS for `https`.
  ///
  /// - Parameter readSize: The most bytes to read at once.
  static func open(
    _ url: DownloadURL,
    transport: Transport,
    options: DownloadOptions,
    tls: TLSClient?,
    readSize: Int
  ) async throws(Failure) -> HTTPConnection {
    // Kept here: by the time that anybody could look for it, a failed handshake may have emptied the pipeline.
    let made = Mutex<NIOLoopBound<HTTPExchangeHandler>?>(nil)
    let channel = try await transport.connect(to: url.endpoint, options: options.connect) { channel in
      let pipeline = channel.pipeline.syncOperations
      // Many large reads in a row, unless a rate has to be kept. So many buffers does NIO also keep for reuse: as many as
      // are on their way to the disk, so that none has to be faulted in again, page by page.
      let readsInARow: UInt = options.bytesPerSecond == nil ? 16 : 1
      try? channel.syncOptions?.setOption(.maxMessagesPerRead, value: readsInARow)
      try? channel.syncOptions?.setOption(
        .recvAllocator,
        value: FixedSizeRecvByteBufferAllocator(capacity: readSize)
      )
      if let tls {
        try pipeline.addHandler(try tls.handler(for: url.host))
        try pipeline.addHandler(HandshakeDeadline(url: url, limit: options.connect.timeout))
      }
      let streamEnd = StreamEndObserver()
      try pipeline.addHandler(streamEnd)
      if url.scheme == .tcp {
        let name = try NameEncoding.encode(url.bareName, as: options.nameEncoding)
        let codec = BareNameCodec(url: url, name: name, allowsAmbiguousReply: options.allowsAmbiguousReply)
        try pipeline.addHandler(codec)
      } else {
        try pipeline.addHTTPClientHandlers()
      }
      let handler = HTTPExchangeHandler(
        url: url,
        idleLimit: options.idle,
        streamEnd: streamEnd,
        on: channel.eventLoop
      )
      try pipeline.addHandler(handler)
      made.withLock { $0 = NIOLoopBound(handler, eventLoop: channel.eventLoop) }
    }
    guard let handler = made.withLock({ $0 }) else {
      throw Failure(.network, .closedAtOnce(url))
    }
    return HTTPConnection(origin: url.origin, channel: channel, handler: handler)
  }

  /// Sends a request and waits for the head of its response, which may come before the whole body was sent.
  ///
  /// The task's cancellation closes the connection.
  func send(_ request: HTTPRequestHead, body: RequestBody? = nil) async throws(Failure) -> HTTPResponseHead {
    try await call { handler, promise in handler.send(request, body: body, promise: promise) }
  }

  /// Reads the body of the response whose head was returned last.
  ///
  /// The task's cancellation closes the connection.
  func receive(_ plan: BodyPlan) async throws(Failure) -> BodyOutcome {
    try await call { handler, promise in handler.receive(plan, promise: promise) }
  }

  /// Whether another request may be sent.
  func isReusable() async -> Bool {
    guard channel.isActive else { return false }
    return (try? await channel.eventLoop.submit { handler.value.isReusable }.get()) ?? false
  }

  /// Closes it.
  func close() { channel.close(promise: nil) }

  private func call<Value: Sendable>(
    _ body: @escaping @Sendable (HTTPExchangeHandler, EventLoopPromise<Value>) -> Void
  ) async throws(Failure) -> Value {
    let eventLoop = channel.eventLoop
    let promise = eventLoop.makePromise(of: Value.self)
    do {
      return try await withTaskCancellationHandler {
        eventLoop.execute { body(handler.value, promise) }
        return try await promise.futureResult.get()
      } onCancel: {
        channel.close(promise: nil)
      }
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(.network, Phrase.literal("\(error)"))
    }
  }
}

/// Connections that wait to be used again.
final class HTTPConnectionPool: Sendable {
  private let idle = Mutex<[HTTPConnection]>([])
  private let transport: Transport
  private let options: DownloadOptions
  private let tls: TLSClient
  private let readSize: Int

  init(transport: Transport, options: DownloadOptions, readSize: Int) {
    self.transport = transport
    self.options = options
    tls = TLSClient(options)
    self.readSize = readSize
  }

  /// Sends a request over a connection that waits, or over a new one.
  ///
  /// A server may close a connection at any time between two requests. One that does so in the moment of ours has not
  /// refused it: it goes over a new connection at once (RFC 9110, section 9.2.2: GET may be repeated). So does one whose
  /// connection had something left to say of the request before.
  func send(
    _ request: HTTPRequestHead,
    to url: DownloadURL,
    body: RequestBody? = nil
  ) async throws(Failure) -> (connection: HTTPConnection, head: HTTPResponseHead) {
    while request.method == .GET, let connection = takeIdle(url.origin) {
      do throws(Failure) {
        return (connection, try await connection.send(request))
      } catch {
        connection.close()
        guard error.kind == .network || error.kind == .peerProtocol else { throw error }
      }
    }
    let connection = try await HTTPConnection.open(
      url,
      transport: transport,
      options: options,
      tls: url.scheme == .https ? tls : nil,
      readSize: readSize
    )
    do throws(Failure) {
      return (connection, try await connection.send(request, body: body))
    } catch {
      connection.close()
      guard error.kind == .tls else { throw error }
      throw await CertificateInspection.problem(of: url, transport: transport, options: options) ?? error
    }
  }

  /// Takes a connection back whose response has been read.
  func giveBack(_ connection: HTTPConnection) async {
    guard await connection.isReusable() else { return connection.close() }
    idle.withLock { $0.append(connection) }
  }

  /// Closes all that wait.
  func closeAll() {
    for connection in self.idle.withLock({ idle in
      defer { idle = [] }
      return idle
    }) { connection.close() }
  }

  private func takeIdle(_ origin: DownloadURL.Origin) -> HTTPConnection? {
    self.idle.withLock { idle in
      idle.lastIndex { $0.origin == origin }.map { idle.remove(at: $0) }
    }
  }
}
