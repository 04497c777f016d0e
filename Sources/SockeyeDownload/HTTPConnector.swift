internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL
internal import SockeyeTransport
internal import Synchronization

/// Makes connections to the servers of URLs, through a proxy where one is to be used.
final class HTTPConnector: Sendable {
  let transport: Transport
  let options: DownloadOptions
  private let tls: TLSClient
  private let readSize: Int

  /// - Parameter readSize: The most bytes to read at once.
  init(transport: Transport, options: DownloadOptions, readSize: Int) {
    self.transport = transport
    self.options = options
    tls = TLSClient(options)
    self.readSize = readSize
  }

  /// Connects; with TLS for `https`.
  func open(_ url: DownloadURL) async throws(Failure) -> HTTPConnection {
    // Kept here: by the time that anybody could look for it, a failed handshake may have emptied the pipeline.
    let made = Mutex<NIOLoopBound<HTTPExchangeHandler>?>(nil)
    let proxy = try options.proxies.proxy(for: url)
    let channel = try await connect(to: url, through: proxy) { channel in
      let handler = try self.furnish(channel, for: url)
      made.withLock { $0 = NIOLoopBound(handler, eventLoop: channel.eventLoop) }
    }
    guard let handler = made.withLock({ $0 }) else {
      throw Failure(.network, .closedAtOnce(url))
    }
    let forwarder = proxy.flatMap { $0.forwards(url) ? $0 : nil }
    return HTTPConnection(origin: url.origin, authority: url.authority, forwarder, channel: channel, handler: handler)
  }

  /// Why a server's certificate was not accepted, if its dates tell.
  func inspectCertificate(of url: DownloadURL) async -> Failure? {
    guard url.scheme == .https, options.certificateFingerprint == nil else { return nil }
    let promise = transport.eventLoopGroup.next().makePromise(of: Failure?.self)
    let limit = options.connect.timeout
    do throws(Failure) {
      let channel = try await connect(to: url, through: try options.proxies.proxy(for: url)) { channel in
        try CertificateInspection.furnish(channel, for: url, limit: limit, verdict: promise)
      }
      channel.closeFuture.whenComplete { _ in promise.succeed(nil) }
    } catch {
      promise.succeed(nil)
    }
    return try? await promise.futureResult.get()
  }

  /// - Parameter furnish: Adds the handlers that talk to the server, once it can be heard.
  private func connect(
    to url: DownloadURL,
    through proxy: ProxyServer?,
    furnish: @escaping Transport.Initializer
  ) async throws(Failure) -> any Channel {
    guard let proxy else {
      return try await transport.connect(to: url.endpoint, options: options.connect, initializer: furnish)
    }
    guard proxy.forwards(url) else {
      // It is the client who speaks first, whichever of the protocols it is.
      return try await transport.connect(
        to: ProxyTarget(host: url.host, port: url.port, name: "\(url)"),
        through: proxy,
        options: options.connect,
        opening: .ours,
        initializer: furnish
      )
    }
    do throws(Failure) {
      return try await transport.connect(to: proxy.endpoint, options: options.connect, initializer: furnish)
    } catch {
      throw error.throughProxy(to: "\(url)")
    }
  }

  /// Adds the handlers of an exchange, and of TLS beneath it.
  private func furnish(_ channel: any Channel, for url: DownloadURL) throws -> HTTPExchangeHandler {
    let pipeline = channel.pipeline.syncOperations
    // Many large reads in a row, unless a rate has to be kept. So many buffers does NIO also keep for reuse: as many as
    // are on their way to the disk, so that none has to be faulted in again, page by page.
    let readsInARow: UInt = options.bytesPerSecond == nil ? 16 : 1
    try? channel.syncOptions?.setOption(.maxMessagesPerRead, value: readsInARow)
    try? channel.syncOptions?.setOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: readSize))
    if url.scheme == .https {
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
    return handler
  }
}
