internal import SockeyeWire

/// Where a proxy's clients may go: where a gateway's child may (``AccessPolicy``), and to the machine itself by its own rule.
///
/// A proxy is asked for addresses by strangers, and its machine is trusted by others: loopback, the addresses of a link, where
/// clouds keep their secrets, and the machine's own are closed unless a rule names the very address, or a network of nothing
/// else. No name opens them, for names are others' to give.
struct ProxyPolicy: Sendable {
  var rules: AccessPolicy
  /// The ports that the proxy itself listens on: it isn't called by itself, whatever the rules say.
  var ownPorts: Set<UInt16> = []

  private static let localNetworks: [NetworkPrefix] = [
    "127.0.0.0/8", "::1/128", "169.254.0.0/16", "fe80::/10",
  ].compactMap { NetworkPrefix($0) }

  /// Whether an address is connected to.
  ///
  /// - Returns: Nil if it is, or why it isn't.
  func refusal(of address: IPAddress, port: UInt16, name: HostName?) -> RefusalReason? {
    let forms = [address, address.embedded].compactMap(\.self)
    let isLocal = forms.contains { form in
      rules.machineAddresses.contains(form) || Self.localNetworks.contains { $0.contains(form) }
    }
    let names = name.map { [KnownName($0)] } ?? []
    guard isLocal else { return rules.refusal(of: address, port: port, names: names) }
    guard !ownPorts.contains(port) else { return .closedByDefault }
    let denial = rules.denied.first { rule in
      rule.covers(port: port) && (forms.contains(where: rule.covers(address:)) || name.map(rule.covers(name:)) == true)
    }
    if let denial { return .denied(denial.description) }
    return rules.allowed.contains { $0.covers(port: port) && opens($0, forms) } ? nil : .closedByDefault
  }

  private func opens(_ rule: AccessRule, _ forms: [IPAddress]) -> Bool {
    guard case .network(let network) = rule.subject, forms.contains(where: network.contains) else { return false }
    return network.length == (network.address.isIPv4 ? 32 : 128)
      || Self.localNetworks.contains { $0.contains(network) }
  }

  /// Whether a name is looked up: one that no rule can open is not asked for, since a question is a message.
  func refusal(of name: HostName, port: UInt16) -> RefusalReason? {
    if let rule = rules.denied.first(where: { $0.covers(port: port) && $0.covers(name: name) }) {
      return .denied(rule.description)
    }
    let mayOpen = rules.allowed.contains { rule in
      if case .network = rule.subject { return rule.covers(port: port) }
      return rule.covers(port: port) && rule.covers(name: name)
    }
    return rules.allowed.isEmpty || mayOpen ? nil : .notAllowed
  }
}
