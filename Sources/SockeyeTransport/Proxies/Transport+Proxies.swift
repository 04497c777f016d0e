package import NIOCore
import Synchronization

extension Transport {
  /// Connects a stream through a proxy, in the manner of `connect(to:options:initializer:)`.
  ///
  /// - Parameters:
  ///   - target: Whom the proxy is asked to connect to. It looks the name up.
  ///   - options: How to reach the proxy; it may take the options' time once more to reach the target.
  ///   - opening: Whether the server may speak first.
  ///   - initializer: Adds the handlers that talk to the server, once it can be heard.
  /// - Throws: A failure of kind `network`, `timedOut`, `usage`, `authentication`, `peerProtocol` or `serverReported`.
  package func connect(
    to target: ProxyTarget,
    through proxy: ProxyServer,
    options: ConnectOptions,
    opening: ProxyHandler.Opening,
    initializer: @escaping Initializer
  ) async throws(Failure) -> any Channel {
    do throws(Failure) {
      return try await negotiate(target, proxy, options, opening, initializer)
    } catch {
      throw error.throughProxy(to: target.name)
    }
  }

  private func negotiate(
    _ target: ProxyTarget,
    _ proxy: ProxyServer,
    _ options: ConnectOptions,
    _ opening: ProxyHandler.Opening,
    _ initializer: @escaping Initializer
  ) async throws(Failure) -> any Channel {
    let limit = options.timeout
    let connected = Mutex<EventLoopFuture<Void>?>(nil)
    let socks: SOCKSNegotiation? = proxy.kind == .socks ? try SOCKSNegotiation(proxy, to: target) : nil
    let channel = try await connect(to: proxy.endpoint, options: options) { channel in
      let promise = channel.eventLoop.makePromise(of: Void.self)
      connected.withLock { $0 = promise.futureResult }
      let negotiation: any ProxyNegotiation
      if let socks { negotiation = socks } else { negotiation = ConnectNegotiation(proxy, to: target) }
      let handler = ProxyHandler(negotiation, with: proxy, limit: limit, opening: opening, promise: promise) {
        try initializer(channel)
      }
      try channel.pipeline.syncOperations.addHandler(handler)
    }
    do {
      try await withTaskCancellationHandler {
        try await connected.withLock { $0 }?.get()
      } onCancel: {
        channel.close(promise: nil)
      }
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(.network, .failed(target.name, "\(error)"))
    }
    return channel
  }
}

extension Failure {
  /// A failure on the way to a proxy, told as one of what was to be reached.
  package func throughProxy(to target: String) -> Failure {
    guard kind == .network || kind == .timedOut else { return self }
    return Failure(kind, .through(target, phrase))
  }
}
