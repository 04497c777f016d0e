import NIOCore
import NIOSSL
import SockeyeTransport

/// How a client comes to its peer: straight, or through a proxy.
final class WayToPeer: Sendable {
  private let endpoint: Endpoint
  private let transport: Transport
  private let options: ConnectOptions
  private let proxy: (server: ProxyServer, target: ProxyTarget)?
  private let tls: (context: NIOSSLContext, host: String?)?

  /// - Throws: A failure of kind `usage` where no proxy leads there.
  init(
    to endpoint: Endpoint,
    over transport: Transport,
    _ configuration: ClientConfiguration,
    _ tlsContext: NIOSSLContext?
  ) throws(Failure) {
    var options = configuration.connect
    options.autoRead = false
    self.options = options
    self.endpoint = endpoint
    self.transport = transport
    tls = tlsContext.map { (context: $0, host: endpoint.host) }
    if let server = configuration.proxy {
      proxy = (server, try ProxyTarget(endpoint))
    } else {
      proxy = nil
    }
  }

  /// Connects once, and hands the channel over.
  func connect(_ core: NIOLoopBound<ClientCore>) async throws(Failure) {
    let tls = self.tls
    guard let (server, target) = proxy else {
      _ = try await transport.connect(to: endpoint, options: options) { channel in
        try core.value.connected(channel, tls: tls)
      }
      return
    }
    // Inside TLS it is the client who speaks first.
    let opening: ProxyHandler.Opening = tls == nil ? .either : .ours
    _ = try await transport.connect(to: target, through: server, options: options, opening: opening) { channel in
      try core.value.connected(channel, tls: tls, named: target.name)
    }
  }
}
