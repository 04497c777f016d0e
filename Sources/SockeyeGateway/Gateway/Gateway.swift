internal import NIOCore
internal import SockeyeHost
public import SockeyeLink
internal import SockeyeNIO
public import SockeyeTransport
internal import SockeyeWire

/// A network in front of a TUN device on which our host answers for every address: what a program behind the device sends to
/// whomever ends here, and goes on by the machine's own sockets, without privileges.
///
/// A stream is answered once its destination has answered; refusals, unreachability and silence are passed on as they come,
/// and back-pressure goes from one window to the other.
public final class Gateway: Sendable {
  private let configuration: GatewayConfiguration
  private let report: @Sendable (GatewayEvent) -> Void
  private let group: HostEventLoopGroup
  private let outside: Transport

  /// Takes a device over. What comes on it waits for `start`.
  ///
  /// - Parameters:
  ///   - device: its interface has the child's addresses, and default routes to the gateway's, or to the device.
  ///   - configuration: read now.
  ///   - report: called on the gateway's event loop; it must not block.
  /// - Throws: a failure of kind `other` where the system has no descriptors left.
  public init(
    device: consuming TunnelDevice,
    configuration: GatewayConfiguration,
    report: @escaping @Sendable (GatewayEvent) -> Void
  ) throws(Failure) {
    self.configuration = configuration
    self.report = report
    do throws(LinkError) {
      let host = try HostConfiguration(secret: .fromSystem()).answering(for: configuration)
      group = try HostEventLoopGroup(host, on: device)
    } catch {
      throw Failure(.other, .cannotBegin("\(error)"))
    }
    outside = .kernel()
  }

  /// Begins to answer.
  ///
  /// - Throws: a failure of kind `other` after `stop`.
  public func start() async throws(Failure) {
    let (configuration, outside, report) = (configuration, outside, report)
    do {
      let loop = try HostEventLoop.cast(group.next())
      try await loop.submit {
        loop.flowOwner = StreamRelay(on: loop, to: outside, configuration, report: report)
      }.get()
    } catch {
      throw Failure(.other, .cannotBegin("\(error)"))
    }
  }

  /// Ends: what is open is closed, what then hasn't ended in two seconds is reset, and the device is closed.
  public func stop() async {
    try? await group.shutdownGracefully()
    try? await outside.eventLoopGroup.shutdownGracefully()
  }
}

extension HostConfiguration {
  /// What a host is told that a gateway is.
  func answering(for gateway: GatewayConfiguration) -> HostConfiguration {
    var host = self
    let network = gateway.network
    host.addresses = [
      InterfaceAddress(.v4(network.gateway4), prefixLength: network.prefixLength4),
      InterfaceAddress(.v6(network.gateway6), prefixLength: network.prefixLength6),
    ]
    host.answersEveryAddress = true
    host.connection = gateway.connection
    host.flowLimit = gateway.mostPendingStreams
    // All that arrives is one child's: there are no others whose share it could take, and nobody forges its address.
    host.resetsPerSecond = 1_000_000
    host.errorsPerSecond = 1_000_000
    return host
  }
}
