internal import NIOCore
internal import SockeyeHost
public import SockeyeLink
internal import SockeyeNIO
public import SockeyeTransport
internal import SockeyeWire
internal import Synchronization

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
  private let names: SharedNames
  /// What listens at the machine's published ports.
  private let listeners = Mutex<[Listener]>([])

  /// Takes a device over. What comes on it waits for `start`.
  ///
  /// - Parameters:
  ///   - device: its interface has the child's addresses, and default routes to the gateway's, or to the device.
  ///   - configuration: read now.
  ///   - report: called on the gateway's event loop, or on the thread of who finds its child's processes; it must not block.
  /// - Throws: a failure of kind `other` where the system has no descriptors left, `localFile` where the capture can't be written.
  public init(
    device: consuming TunnelDevice,
    configuration: GatewayConfiguration,
    report: @escaping @Sendable (GatewayEvent) -> Void
  ) throws(Failure) {
    var configuration = configuration
    configuration.policy.machineAddresses.formUnion(AccessPolicy.addressesOfMachine())
    if configuration.nameServers.isEmpty { configuration.nameServers = NameServers.ofMachine() }
    self.configuration = configuration
    names = SharedNames(given: configuration.names)
    if let processes = configuration.processes {
      self.report = { processes.tell($0, report) }
    } else {
      self.report = report
    }
    do throws(LinkError) {
      var host = try HostConfiguration(secret: .fromSystem()).answering(for: configuration)
      var capture: CaptureFile?
      if let path = configuration.capturePath { capture = try CaptureFile(path: path, interfaceName: device.name) }
      if configuration.isImpaired {
        host.fit(mtu: device.maximumTransmissionUnit, hasOffload: false)
        let link = try ImpairedTunnelLink(configuration, names, on: device, capture: capture)
        group = HostEventLoopGroup(host, on: link)
      } else {
        group = try HostEventLoopGroup(host, on: device, capture: capture)
      }
    } catch {
      throw Failure(error.subject == .file ? .localFile : .other, .cannotBegin("\(error)"))
    }
    outside = .kernel()
  }

  /// Begins to answer, and to listen at published ports.
  ///
  /// - Throws: a failure of kind `network` or `usage` where a port can't be published, of kind `other` after `stop`.
  public func start() async throws(Failure) {
    let owner = try await answer()
    for port in configuration.published {
      let listener = try await owner.publish(port, by: outside)
      listeners.withLock { $0.append(listener) }
    }
  }

  private func answer() async throws(Failure) -> GatewayOwner {
    let (configuration, outside, names, report) = (configuration, outside, names, report)
    do {
      let loop = try HostEventLoop.cast(group.next())
      return try await loop.flatSubmit {
        Self.answer(on: loop, to: outside, configuration, names, report: report)
      }.get()
    } catch {
      throw Failure(.other, .cannotBegin("\(error)"))
    }
  }

  /// Lets a loop's host answer. On the loop.
  static func answer(
    on loop: HostEventLoop,
    to outside: Transport,
    _ configuration: GatewayConfiguration,
    _ names: SharedNames,
    report: @escaping @Sendable (GatewayEvent) -> Void
  ) -> EventLoopFuture<GatewayOwner> {
    let gatekeeper = Gatekeeper(configuration, names, on: loop)
    let owner = GatewayOwner(on: loop, to: outside, gatekeeper, configuration, report: report)
    let nameServer = NameServer(on: loop, to: outside, gatekeeper, configuration, report: report)
    return nameServer.listen(on: loop, configuration.network).map {
      loop.flowOwner = owner
      return owner
    }
  }

  /// Waits until all that has happened so far has been told.
  public func settle() async {
    await configuration.processes?.settle()
  }

  /// Ends: what is open is closed, what then hasn't ended in two seconds is reset, and the device is closed.
  public func stop() async {
    for listener in listeners.withLock({ $0 }) { await listener.close() }
    try? await group.shutdownGracefully()
    try? await outside.eventLoopGroup.shutdownGracefully()
    await settle()
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
