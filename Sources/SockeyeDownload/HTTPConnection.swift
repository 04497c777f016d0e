internal import NIOCore
internal import NIOHTTP1
internal import SockeyeText
internal import SockeyeTransport
internal import Synchronization

/// One connection to an HTTP server, or to one of the bare-name protocol, which answers one request.
struct HTTPConnection: Sendable {
  let origin: DownloadURL.Origin
  /// The server as a target names it.
  private let authority: String
  /// The proxy at the other end, if it is one that passes requests on by itself.
  private let forwarder: ProxyServer?
  private let channel: any Channel
  private let handler: NIOLoopBound<HTTPExchangeHandler>

  init(
    origin: DownloadURL.Origin,
    authority: String,
    _ forwarder: ProxyServer?,
    channel: any Channel,
    handler: NIOLoopBound<HTTPExchangeHandler>
  ) {
    self.origin = origin
    self.authority = authority
    self.forwarder = forwarder
    self.channel = channel
    self.handler = handler
  }

  /// Sends a request and waits for the head of its response, which may come before the whole body was sent.
  ///
  /// The task's cancellation closes the connection.
  func send(_ request: HTTPRequestHead, body: RequestBody? = nil) async throws(Failure) -> HTTPResponseHead {
    let request = forwarder.map { forwarded(request, by: $0) } ?? request
    return try await call { handler, promise in handler.send(request, body: body, promise: promise) }
  }

  /// A request as a proxy wants it that passes it on: it has to be told the server, and perhaps who asks (RFC 9112, section
  /// 3.2.2; RFC 9110, section 11.7.2). Only here is a proxy told who we are, and only what goes to a proxy gets here.
  private func forwarded(_ request: HTTPRequestHead, by proxy: ProxyServer) -> HTTPRequestHead {
    var request = request
    request.uri = "http://\(authority)\(request.uri)"
    if let value = proxy.authorization { request.headers.replaceOrAdd(name: "Proxy-Authorization", value: value) }
    return request
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
  private struct Kept {
    var idle: [HTTPConnection] = []
    /// Servers that close connections without saying so.
    var unsteady: Set<DownloadURL.Origin> = []
  }

  private let kept = Mutex(Kept())
  private let connector: HTTPConnector
  let digests = DigestAuthentication()

  init(transport: Transport, options: DownloadOptions, readSize: Int) {
    connector = HTTPConnector(transport: transport, options: options, readSize: readSize)
  }

  /// Sends a request over a connection that waits, or over a new one.
  ///
  /// A server may close a connection at any time between two requests. One that does so in the moment of ours has not
  /// refused it: it goes over a new connection at once. So does one whose connection had something left to say of the request
  /// before.
  ///
  /// - Parameter mayUseKept: Whether it may be sent twice: it has no body, and its method may be repeated (RFC 9110, section
  ///   9.2.2).
  func send(
    _ request: HTTPRequestHead,
    to url: DownloadURL,
    body: RequestBody? = nil,
    mayUseKept: Bool
  ) async throws(Failure) -> (connection: HTTPConnection, head: HTTPResponseHead) {
    while mayUseKept, let connection = takeKept(url.origin) {
      do throws(Failure) {
        return (connection, try await connection.send(request))
      } catch {
        connection.close()
        guard error.kind == .network || error.kind == .peerProtocol else { throw error }
      }
    }
    let connection = try await connector.open(url)
    do throws(Failure) {
      return (connection, try await connection.send(request, body: body))
    } catch {
      connection.close()
      guard error.kind == .tls else { throw error }
      throw await connector.inspectCertificate(of: url) ?? error
    }
  }

  /// Takes a connection back whose response has been read.
  func giveBack(_ connection: HTTPConnection) async {
    guard await connection.isReusable() else { return connection.close() }
    let isKept = kept.withLock { kept in
      guard !kept.unsteady.contains(connection.origin) else { return false }
      kept.idle.append(connection)
      return true
    }
    if !isKept { connection.close() }
  }

  /// Keeps no connection of a server any more.
  func keepNothing(of origin: DownloadURL.Origin) {
    let left = kept.withLock { kept in
      kept.unsteady.insert(origin)
      let left = kept.idle.filter { $0.origin == origin }
      kept.idle.removeAll { $0.origin == origin }
      return left
    }
    for connection in left { connection.close() }
  }

  /// Closes all that wait.
  func closeAll() {
    for connection in kept.withLock({ kept in
      defer { kept.idle = [] }
      return kept.idle
    }) { connection.close() }
  }

  /// Takes out a connection that waits, if one does.
  func takeKept(_ origin: DownloadURL.Origin) -> HTTPConnection? {
    kept.withLock { kept in
      kept.idle.lastIndex { $0.origin == origin }.map { kept.idle.remove(at: $0) }
    }
  }
}
