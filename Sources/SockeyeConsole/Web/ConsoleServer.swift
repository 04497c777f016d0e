public import NIOCore
import NIOHTTP1
import NIOWebSocket
public import SockeyeTransport

/// Serves the console's page, and a channel to the console for it.
public struct ConsoleServer: Sendable {
  /// How long a connection may say nothing before it becomes a WebSocket.
  private static let idleLimit = TimeAmount.seconds(60)
  /// The largest request, in bytes.
  static let largestRequest = 4 << 20

  private let listener: Listener
  private let access: WebAccess

  /// Begins to serve.
  ///
  /// - Parameters:
  ///   - console: Whom the page speaks to.
  ///   - endpoint: Where to listen.
  ///   - transport: Whose TCP; the console's own sessions may use another.
  /// - Throws: A failure of kind `network` or `usage`.
  public static func start(
    for console: Console,
    on endpoint: Endpoint,
    over transport: Transport
  ) async throws(Failure) -> ConsoleServer {
    guard case .network = endpoint.location else { throw Failure(.usage, .consoleNeedsAddress(endpoint)) }
    let access = WebAccess()
    var options = ListenOptions()
    options.backlog = 128
    let listener = try await transport.listen(on: endpoint, options: options) { channel in
      try setUp(channel, access, console)
    }
    return ConsoleServer(listener: listener, access: access)
  }

  /// The addresses actually bound.
  public var addresses: [SocketAddress] { listener.addresses }

  /// The URL to open, the token in its fragment: a browser sends that to nobody.
  public var url: String {
    let address = addresses.first
    let port = address?.port ?? 0
    let host = address?.ipAddress ?? "127.0.0.1"
    let name = host == "0.0.0.0" || host == "::" ? "127.0.0.1" : host
    return "http://\(name.contains(":") ? "[\(name)]" : name):\(port)/#token=\(access.token.text)"
  }

  /// Stops serving. Pages that are open stay so until they are closed.
  public func close() async { await listener.close() }

  // MARK: Connections

  private static func setUp(_ channel: any Channel, _ access: WebAccess, _ console: Console) throws {
    let web = WebHandler(access, console.shelf, console.diagrams)
    let bound = NIOLoopBound(web, eventLoop: channel.eventLoop)
    let upgrade: NIOHTTPServerUpgradeConfiguration = (
      upgraders: [upgrader(access, console)],
      completionHandler: { context in
        context.pipeline.syncOperations.removeHandler(bound.value, promise: nil)
        context.pipeline.syncOperations.removeHandler(name: idleHandler, promise: nil)
      }
    )
    let pipeline = channel.pipeline.syncOperations
    try pipeline.addHandler(IdleStateHandler(allTimeout: idleLimit), name: idleHandler)
    try pipeline.configureHTTPServerPipeline(withServerUpgrade: upgrade, withErrorHandling: true)
    try pipeline.addHandler(web)
  }

  private static let idleHandler = "idle"

  private static func upgrader(_ access: WebAccess, _ console: Console) -> NIOWebSocketServerUpgrader {
    NIOWebSocketServerUpgrader(
      maxFrameSize: largestRequest,
      automaticErrorHandling: false,
      shouldUpgrade: { channel, head in
        let isSocket = head.uri == "/socket" && head.method == .GET
        let isAllowed = isSocket && access.refusal(of: head, at: channel.localAddress, for: .change) == nil
        return channel.eventLoop.makeSucceededFuture(isAllowed ? HTTPHeaders() : nil)
      },
      upgradePipelineHandler: { channel, _ in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHandler(FrameRules())
          try pipeline.addHandler(
            NIOWebSocketFrameAggregator(
              minNonFinalFragmentSize: 0,
              maxAccumulatedFrameCount: 1024,
              maxAccumulatedFrameSize: largestRequest
            )
          )
          try pipeline.addHandler(SocketHandler(console))
        }
      }
    )
  }
}
