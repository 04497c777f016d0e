import ArgumentParser
import NIOCore
import SockeyeHost
import SockeyeLink
import SockeyeNIO
import SockeyeTCP
import SockeyeTransport

/// Whose TCP and UDP a verb uses; shared by those that reach a network.
struct StackFlags: ParsableArguments {
  /// How long what was sent last may take to arrive once the verb is done.
  private static let drainLimit = TimeAmount.seconds(10)

  @Option(
    help: ArgumentHelp(
      """
      Use Sockeye's own TCP/IP on a TUN device, not the kernel's. Behind commas: more addresses, gateway=ADDRESS, \
      mtu=BYTES, congestion=newreno|cubic|bbr, offload=yes|no, capture=FILE.pcapng; pacing, ecn, sack and \
      timestamps=yes|no; initial-window=SEGMENTS; receive-buffer and send-buffer=SIZE.
      """,
      valueName: "tun:name=address/prefix,…"
    )
  )
  var stack: StackArgument?

  /// The own host's addresses; nil where it is the kernel's that count.
  var ownAddresses: [SocketAddress]? {
    stack?.tunnel.addresses.compactMap { try? SocketAddress(ipAddress: "\($0.address)", port: 0) }
  }

  /// Does what is to be done over the network that was asked for, and lets what was sent last arrive.
  ///
  /// - Parameter threads: How many event loops the kernel's sockets have.
  /// - Throws: What `body` throws, or a failure where the device can't be used.
  func withTransport(threads: Int = 1, _ body: (Transport) async throws -> Void) async throws {
    guard let stack else { return try await body(.kernel(threads: threads)) }
    let group = try Self.open(stack)
    do {
      try await body(.host(on: group))
    } catch {
      try? await group.shutdownGracefully()
      throw error
    }
    try? await group.shutdownGracefully()
  }

  private static func open(_ stack: StackArgument) throws -> HostEventLoopGroup {
    var configuration = HostConfiguration(secret: try .fromSystem())
    configuration.addresses = stack.tunnel.addresses
    configuration.gateway4 = stack.gateway4
    configuration.gateway6 = stack.gateway6
    stack.settings.apply(to: &configuration.connection)
    do throws(LinkError) {
      let device = try TunnelDevice(
        name: stack.tunnel.name,
        maximumTransmissionUnit: stack.maximumTransmissionUnit,
        offload: stack.settings.hasOffload
      )
      var capture: CaptureFile?
      if let path = stack.capture { capture = try CaptureFile(path: path, interfaceName: stack.tunnel.name) }
      return try HostEventLoopGroup(configuration, on: device, capture: capture, drainLimit: drainLimit)
    } catch {
      throw Failure(error)
    }
  }
}
