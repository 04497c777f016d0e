internal import NIOCore
internal import SockeyeHost
internal import SockeyeNIO
internal import SockeyeTransport
internal import SockeyeWire

/// Who may be reached.
extension ProxyService {
  /// Where a destination is.
  enum Lookup: Sendable {
    /// At these addresses, all of which are allowed.
    case open([SocketAddress])
    case refused(RefusalReason)
    case unknownName
  }

  /// Looks a destination up, and leaves out what isn't allowed. What is connected to are these very addresses: a name server that
  /// answers otherwise the next time is not asked.
  func look(up destination: ProxyDestination, before deadline: NIODeadline, on loop: any EventLoop) async -> Lookup {
    var policy = ProxyPolicy(rules: configuration.rules, ownPorts: listeningPorts)
    policy.rules.machineAddresses = AccessPolicy.addressesOfMachine()
    let addresses: [SocketAddress]
    switch destination.host {
    case .address(let address): addresses = [SocketAddress(HostEndpoint(address, port: destination.port))]
    case .name(let name):
      if let reason = policy.refusal(of: name, port: destination.port) { return .refused(reason) }
      let found = try? await transport.resolve(
        host: name.text,
        port: destination.port,
        family: configuration.connect.family,
        numericOnly: configuration.connect.numericOnly,
        for: .connecting,
        before: deadline,
        on: loop
      )
      guard let found, !found.isEmpty else { return .unknownName }
      addresses = found
    }
    var reason: RefusalReason?
    let open = addresses.filter { address in
      guard let endpoint = try? HostEndpoint(address) else { return false }
      let refusal = policy.refusal(of: endpoint.address, port: destination.port, name: destination.name)
      reason = reason ?? refusal
      return refusal == nil
    }
    return open.isEmpty ? .refused(reason ?? .closedByDefault) : .open(open)
  }
}
