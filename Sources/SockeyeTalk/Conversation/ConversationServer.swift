public import NIOCore
public import SockeyeTransport

/// A server of conversations: many peers, each of them answered, relayed or spoken to.
public struct ConversationServer: Sendable {
  let core: NIOLoopBound<ServerCore>
  private let eventLoop: any EventLoop
  private let done: EventLoopFuture<CloseCause?>

  /// The addresses that are listened on.
  public let addresses: [SocketAddress]

  /// Starts a server.
  ///
  /// - Parameters:
  ///   - endpoint: Where to listen.
  ///   - transport: Whose TCP and UDP; it must have a single event loop.
  ///   - configuration: How to behave.
  ///   - makeObserver: Makes the observer, on the event loop.
  /// - Throws: A failure of kind `network`, `usage` or `localFile`.
  public static func start(
    on endpoint: Endpoint,
    over transport: Transport,
    configuration: ServerConfiguration,
    makeObserver: @escaping @Sendable (any EventLoop) -> any ConversationObserver
  ) async throws(Failure) -> ConversationServer {
    let eventLoop = transport.eventLoopGroup.next()
    let tls = try configuration.conversation.tls.map { settings throws(Failure) in
      TLSHandlers(context: try settings.serverContext(), host: nil, settings: settings)
    }
    let done = eventLoop.makePromise(of: CloseCause?.self)
    let core = try await eventLoop.make {
      ServerCore(
        configuration,
        tls: tls,
        observer: makeObserver(eventLoop),
        done: done,
        on: eventLoop
      )
    }
    do {
      let listener: Listener
      if configuration.isDatagram {
        listener = try await transport.bindDatagrams(on: endpoint, options: configuration.datagrams) { channel in
          try core.value.bind(channel)
        }
      } else {
        var options = configuration.listen
        options.autoRead = false
        options.acceptFailed = { failure in
          eventLoop.execute { core.value.observer.conversation(.notice(nil, failure.phrase)) }
        }
        listener = try await transport.listen(on: endpoint, options: options) { channel in
          try core.value.accept(channel)
        }
      }
      eventLoop.execute { core.value.listening(listener) }
      return ConversationServer(core, eventLoop, done.futureResult, listener.addresses)
    } catch {
      done.succeed(nil)
      throw error
    }
  }

  private init(
    _ core: NIOLoopBound<ServerCore>,
    _ eventLoop: any EventLoop,
    _ done: EventLoopFuture<CloseCause?>,
    _ addresses: [SocketAddress]
  ) {
    self.core = core
    self.eventLoop = eventLoop
    self.done = done
    self.addresses = addresses
  }

  /// Stops accepting, and ends when those who are there have ended.
  public func drain() {
    eventLoop.execute { core.value.drain() }
  }

  /// Ends all conversations once what was to be said is sent.
  public func end() {
    eventLoop.execute { core.value.end() }
  }

  /// Waits for the end.
  ///
  /// - Returns: Why the last conversation ended, if there was one.
  public func waitUntilDone() async -> CloseCause? {
    (try? await done.get()) ?? nil
  }
}
