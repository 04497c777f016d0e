internal import NIOCore
internal import SockeyeHost
internal import SockeyeNIO
internal import SockeyeWire

/// Decides where a child may go, by the user's rules and by what the child was told of names. On the gateway's loop.
final class Gatekeeper {
  private let policy: AccessPolicy
  private let isOffline: Bool
  private let processes: ProcessFinder?
  private let loop: HostEventLoop
  private let names: SharedNames

  init(_ configuration: GatewayConfiguration, _ names: SharedNames, on loop: HostEventLoop) {
    policy = configuration.policy
    isOffline = configuration.isOffline
    processes = configuration.processes
    self.names = names
    self.loop = loop
  }

  /// What is known of a flow that begins, and why it isn't let through, if it isn't.
  ///
  /// - Parameters:
  ///   - carrier: what carries it.
  ///   - source: the child's end.
  ///   - destination: where it is to go; its port is of no meaning to echoes.
  func judge(
    _ carrier: GatewayFlow.Carrier,
    from source: HostEndpoint,
    to destination: HostEndpoint
  ) -> (flow: GatewayFlow, refusal: RefusalReason?) {
    processes?.ask(carrier, from: source, to: destination)
    let names = names.names(of: destination.address, now: loop.now)
    let flow = GatewayFlow(
      carrier: carrier,
      source: SocketAddress(source),
      destination: SocketAddress(destination),
      name: names.first?.name.text
    )
    guard !isOffline else { return (flow, .offline) }
    let port = carrier == .echoes ? nil : destination.port
    return (flow, policy.refusal(of: destination.address, port: port, names: names))
  }

  /// Why a name may not be asked for; nil if it may.
  func refusal(ofQuestionFor name: HostName?) -> RefusalReason? {
    isOffline ? .offline : policy.refusal(ofQuestionFor: name)
  }

  /// A name server has told the child so.
  func note(_ name: HostName, _ address: IPAddress, timeToLive: UInt32) {
    names.note(name, address, timeToLive: timeToLive, now: loop.now)
  }
}

/// An address and a port of a host of ours; the transport's endpoints may be names, too.
typealias HostEndpoint = SockeyeHost.Endpoint
