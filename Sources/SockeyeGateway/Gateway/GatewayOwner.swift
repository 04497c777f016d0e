internal import SockeyeHost
internal import SockeyeNIO
internal import SockeyeTransport

/// All that answers for what comes to a gateway, and brings clients to its child. What isn't said otherwise is on its loop.
final class GatewayOwner: FlowOwner, Sendable {
  private let streams: StreamRelay
  private let datagrams: DatagramRelay
  private let echoes: EchoRelay
  private let streamPublisher: StreamPublisher
  private let datagramPublisher: DatagramPublisher

  /// - Parameters:
  ///   - loop: that of the host that answers for every address.
  ///   - outside: the TCP and UDP by which others are reached.
  init(
    on loop: HostEventLoop,
    to outside: Transport,
    _ gatekeeper: Gatekeeper,
    _ configuration: GatewayConfiguration,
    report: @escaping @Sendable (GatewayEvent) -> Void
  ) {
    streams = StreamRelay(on: loop, to: outside, gatekeeper, configuration, report: report)
    datagrams = DatagramRelay(on: loop, to: outside, gatekeeper, configuration, report: report)
    echoes = EchoRelay(on: loop, gatekeeper, configuration.network, report: report)
    streamPublisher = StreamPublisher(on: loop, configuration)
    datagramPublisher = DatagramPublisher(on: loop, configuration)
  }

  func decide(about flow: IncomingFlow) {
    streams.decide(about: flow)
  }

  func take(_ message: StrayMessage) {
    switch message.carrier {
    case .datagram: if !datagramPublisher.take(message) { datagrams.take(message) }
    case .echo: echoes.take(message)
    }
  }

  /// Pairs of ends between which datagrams pass, or are refused.
  var datagramSessionCount: Int { datagrams.sessionCount }

  func stop() {
    datagrams.stop()
    echoes.stop()
  }

  /// Begins to listen at a port of the machine's. From anywhere.
  ///
  /// - Throws: a failure of kind `network` or `usage`.
  func publish(_ port: PublishedPort, by outside: Transport) async throws(Failure) -> Listener {
    port.isDatagrams
      ? try await datagramPublisher.publish(port, by: outside) : try await streamPublisher.publish(port, by: outside)
  }
}
