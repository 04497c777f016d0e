public import NIOCore
public import NIOSSL
public import SockeyeTransport

/// A directory on the network: HTTP/1.1, TLS and the bare-name protocol on one port.
public final class FileService: Sendable {
  private let shared: ServiceShared
  private let listener: Listener
  private let workers: [NIOLoopBound<ServiceWorker>]

  private init(shared: ServiceShared, listener: Listener, workers: [NIOLoopBound<ServiceWorker>]) {
    self.shared = shared
    self.listener = listener
    self.workers = workers
  }

  /// Where a service listens.
  public enum Place: Hashable, Sendable {
    /// An address of its own.
    case endpoint(Endpoint)
    /// Sockets that a service manager has opened.
    case inherited([CInt])
  }

  /// Begins to serve.
  ///
  /// - Parameters:
  ///   - configuration: What to serve, and how.
  ///   - place: Where to listen.
  ///   - transport: Whose TCP to use. Each of its event loops serves the connections that it is given.
  ///   - options: How to listen.
  /// - Throws: A failure of kind `localFile` when the directory cannot be opened, `tls` for a bad certificate, `network`
  ///   or `usage` when it cannot listen.
  public static func start(
    _ configuration: FileServiceConfiguration,
    on place: Place,
    transport: Transport,
    options: ListenOptions = ListenOptions()
  ) async throws(Failure) -> FileService {
    let shared = try ServiceShared(configuration, in: transport.surroundings)
    var workers: [ObjectIdentifier: NIOLoopBound<ServiceWorker>] = [:]
    for eventLoop in transport.eventLoopGroup.makeIterator() {
      let worker = try? await eventLoop.submit {
        let worker = ServiceWorker(shared: shared, eventLoop: eventLoop)
        worker.start()
        return NIOLoopBound(worker, eventLoop: eventLoop)
      }.get()
      workers[ObjectIdentifier(eventLoop)] = worker
    }
    let gatekeepers = workers
    let admission = configuration.maximumClients.map { Admission(limit: $0) }
    var options = options
    // So that accepting stops at the limit, and not at the limit and a batch.
    if admission != nil { options.acceptsAtOnce = 1 }
    let initializer: Transport.Initializer = { channel in
      guard let worker = gatekeepers[ObjectIdentifier(channel.eventLoop)]?.value else { return }
      admission?.entered(channel)
      try channel.pipeline.syncOperations.addHandler(ConnectionGate(worker: worker))
      try channel.syncOptions?.setOption(.recvAllocator, value: Self.receiveBuffers)
    }
    let listener =
      switch place {
      case .endpoint(let endpoint):
        try await transport.listen(on: endpoint, options: options, initializer: initializer)
      case .inherited(let descriptors):
        try await transport.listen(onInherited: descriptors, options: options, initializer: initializer)
      }
    if let admission {
      for channel in listener.channels {
        try? await channel.eventLoop.submit {
          try channel.pipeline.syncOperations.addHandler(AdmissionHandler(admission), position: .first)
        }.get()
      }
    }
    return FileService(shared: shared, listener: listener, workers: Array(workers.values))
  }

  /// A channel keeps the buffer that it last read into, so an idle connection costs at least the smallest one. Most
  /// requests fit into it; for uploads it grows.
  private static let receiveBuffers = AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 512, maximum: 65_536)

  /// The addresses actually bound.
  public var addresses: [SocketAddress] { listener.addresses }

  /// Where what is served begins, as it goes into a URL: a file that is served alone, or else the folder at the top.
  public var path: String {
    var path = shared.pathPrefix?.percentEncoded ?? "/"
    if !path.hasSuffix("/") { path += "/" }
    guard let names = shared.directory.selection?.names, names.count == 1 else { return path }
    PercentEncoding.append(names[0], to: &path)
    return path
  }

  /// Connections that are open now.
  public var openConnections: Int64 { shared.metrics.openConnections }

  /// What has been counted so far, in the text format of Prometheus.
  public var metrics: String { shared.metrics.exposition }

  /// Whether the service has begun to end.
  public var isDraining: Bool { shared.isDraining }

  /// Replaces the certificate and the passwords for connections to come.
  ///
  /// - Throws: A failure of kind `tls`; what was there before then stays.
  public func reload(tls: TLSConfiguration?, passwords: PasswordFile?) throws(Failure) {
    try shared.reload(tls: tls, passwords: passwords)
  }

  /// Stops accepting, ends idle connections, and returns when the others have had their responses.
  public func drain() async {
    shared.startDraining()
    await listener.close()
    for worker in workers {
      try? await worker.eventLoop.flatSubmit { worker.value.drain() }.get()
      try? await worker.eventLoop.submit { worker.value.stop() }.get()
    }
    shared.shutDown()
  }
}
