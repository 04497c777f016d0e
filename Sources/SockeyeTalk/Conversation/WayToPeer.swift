import NIOCore
import SockeyeTransport

/// How a client comes to its peer: straight, or through a proxy.
final class WayToPeer: Sendable {
  private let endpoint: Endpoint
  private let transport: Transport
  private let options: ConnectOptions
  private let proxy: (server: ProxyServer, target: ProxyTarget)?
  private let tls: TLSHandlers?
  private let deadline: NIODeadline?
  private let eventLoop: any EventLoop

  /// - Parameter deadline: When the conversation's time is up.
  /// - Throws: A failure of kind `usage` where no proxy leads there.
  init(
    to endpoint: Endpoint,
    over transport: Transport,
    _ configuration: ClientConfiguration,
    _ tls: TLSHandlers?,
    until deadline: NIODeadline?
  ) throws(Failure) {
    var options = configuration.connect
    options.autoRead = false
    self.options = options
    self.endpoint = endpoint
    self.transport = transport
    self.deadline = deadline
    eventLoop = transport.eventLoopGroup.next()
    self.tls = tls
    if let server = configuration.proxy {
      proxy = (server, try ProxyTarget(endpoint))
    } else {
      proxy = nil
    }
  }

  /// How much of the conversation's time is left, if it is limited.
  var remaining: TimeAmount? { deadline.map { max(.zero, $0 - eventLoop.now) } }

  /// Connects once, and hands the channel over.
  func connect(_ core: NIOLoopBound<ClientCore>) async throws(Failure) {
    let tls = self.tls
    var options = self.options
    if let remaining {
      guard remaining > .zero else { throw Failure(.timedOut, .totalTimeIsUp) }
      options.timeout = min(options.timeout, remaining)
    }
    guard let (server, target) = proxy else {
      _ = try await transport.connect(to: endpoint, options: options) { channel in
        try core.value.connected(channel, tls: tls)
      }
      return
    }
    // Inside TLS it is the client who speaks first; where it is asked for in a protocol of its own, either may.
    let opening: ProxyHandler.Opening = tls.map { $0.settings.startTLS != nil } ?? true ? .either : .ours
    _ = try await transport.connect(to: target, through: server, options: options, opening: opening) { channel in
      try core.value.connected(channel, tls: tls, named: target.name)
    }
  }
}
