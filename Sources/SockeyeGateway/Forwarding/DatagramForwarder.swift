internal import NIOCore
internal import SockeyeNIO
public import SockeyeTransport

/// Carries datagrams that are sent to an endpoint of the machine's over an impaired path to another endpoint, and answers
/// back to whom they are for.
///
/// Who sends is told apart by address and port, each with a socket of its own on the path and at its end, until nothing has
/// passed for two to four minutes.
public final class DatagramForwarder: Sendable {
  private let path: ImpairedPath
  private let transport: Transport

  /// The port that the host at the far end listens on.
  private static let farPort = 1

  /// - Parameters:
  ///   - path: what is crossed.
  ///   - transport: the machine's UDP.
  public init(over path: ImpairedPath, by transport: Transport) {
    self.path = path
    self.transport = transport
  }

  /// Begins to carry datagrams.
  ///
  /// - Parameters:
  ///   - endpoint: where they are taken.
  ///   - target: where they go.
  /// - Returns: what listens for them.
  /// - Throws: a failure of kind `network` or `usage`.
  public func listen(on endpoint: Endpoint, to target: Endpoint) async throws(Failure) -> Listener {
    guard let destination = try await transport.datagramRoutes(to: target).first?.address else {
      throw Failure(.network, .noTarget(target))
    }
    let (path, transport) = (path, transport)
    let crossing: SocketAddress
    do {
      crossing = try SocketAddress(ipAddress: ImpairedPath.farAddress, port: Self.farPort)
      let any = try SocketAddress(ipAddress: ImpairedPath.nearAddress, port: 0)
      _ = try await HostDatagramBootstrap(group: path.far).channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let sessions = DatagramSessions(to: destination) { initializer in
            Self.socket(towards: destination, by: transport, on: channel.eventLoop, initializer)
          }
          try channel.pipeline.syncOperations.addHandler(sessions)
        }
      }.bind(to: crossing).get()
      return try await transport.bindDatagrams(on: endpoint) { channel in
        let sessions = DatagramSessions(to: crossing) { initializer in
          HostDatagramBootstrap(group: path.near).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture { try initializer(channel) }
          }.bind(to: any)
        }
        try channel.pipeline.syncOperations.addHandler(sessions)
      }
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(.other, .cannotListenAtEnd("\(error)"))
    }
  }

  /// A socket of the machine's that can send to an address.
  private static func socket(
    towards destination: SocketAddress,
    by transport: Transport,
    on loop: any EventLoop,
    _ initializer: @escaping Transport.Initializer
  ) -> EventLoopFuture<any Channel> {
    let host = destination.protocol == .inet6 ? "::" : "0.0.0.0"
    let promise = loop.makePromise(of: (any Channel).self)
    promise.completeWithTask {
      let endpoint = Endpoint(location: .network(host: host, port: 0))
      return try await transport.bindDatagrams(on: endpoint, initializer: initializer).channels[0]
    }
    return promise.futureResult
  }
}
