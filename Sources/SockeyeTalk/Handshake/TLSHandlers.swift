import NIOCore
import NIOSSL
import SockeyeTransport

/// The handlers that put a stream inside TLS: what stands between the network and the session, in this order.
struct TLSHandlers: Sendable {
  let context: NIOSSLContext
  /// Whom a client wants to speak to.
  let host: String?
  let settings: TLSSettings

  /// For the side that connects.
  func client() throws -> [any ChannelHandler] {
    guard settings.reportsHandshake else {
      return [
        CloseBehindWrites(), DeliveryBeforeError(), try NIOSSLClientHandler(context: context, serverHostname: name),
      ]
    }
    let (observer, handler) = try HandshakeObserver.client(context, host: name, isInsecure: settings.isInsecure)
    return [CloseBehindWrites(), DeliveryBeforeError(), observer, handler]
  }

  /// For the side that is connected to.
  func server() throws -> [any ChannelHandler] {
    guard settings.reportsHandshake else {
      return [CloseBehindWrites(), DeliveryBeforeError(), LingeringClose(), NIOSSLServerHandler(context: context)]
    }
    let (observer, handler) = try HandshakeObserver.server(context)
    return [CloseBehindWrites(), DeliveryBeforeError(), LingeringClose(), observer, handler]
  }

  /// An address is no name for the server to choose a certificate by; the certificate is checked against it all the same.
  private var name: String? {
    guard let host, (try? SocketAddress(ipAddress: host, port: 0)) == nil else { return nil }
    return host
  }
}
