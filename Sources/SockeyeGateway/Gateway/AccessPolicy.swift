public import SockeyeWire

/// Where a gateway's child may go.
///
/// - What can only be the machine itself, or nobody, is closed whatever the rules say: loopback, unspecified and multicast
///   addresses, in all forms in which an IPv6 address names an IPv4 one.
/// - Without rules all else is open. A rule that denies closes what it is about, whatever others say.
/// - Once one rule allows something, all else is closed. Names that rules allow are those by which the name server, as far as
///   this child was told, has called an address; that opens no private network, and no address of the machine's, for whose
///   names are others' to give. A rule for a private network, or within one, opens it; one for the very address opens an
///   address of the machine's; and a name that the user has given an address opens that.
public struct AccessPolicy: Sendable {
  /// What is open, where there is any; what isn't, is closed then.
  public var allowed: [AccessRule]
  /// What is closed in any case.
  public var denied: [AccessRule]
  /// The machine's own addresses.
  public var machineAddresses: Set<IPAddress>

  /// A policy of those rules.
  public init(allowed: [AccessRule] = [], denied: [AccessRule] = [], machineAddresses: Set<IPAddress> = []) {
    self.allowed = allowed
    self.denied = denied
    self.machineAddresses = machineAddresses
  }

  /// Whether what is sent to that address goes on.
  ///
  /// - Parameters:
  ///   - address: where it is to go.
  ///   - port: the port there; nil for what has none.
  ///   - names: what this child was told to be the address's names.
  /// - Returns: nil if it does, or why it doesn't.
  public func refusal(of address: IPAddress, port: UInt16?, names: [KnownName] = []) -> RefusalReason? {
    guard !address.isNeverForwarded else { return .closedByDefault }
    let forms = [address, address.embedded].compactMap(\.self)
    for rule in denied where rule.covers(port: port) {
      if forms.contains(where: rule.covers) || names.contains(where: { rule.covers(name: $0.name) }) {
        return .denied(rule.description)
      }
    }
    guard !allowed.isEmpty else { return nil }
    let isOwn = forms.contains(where: machineAddresses.contains)
    let isSpecial = isOwn || address.isPrivate
    for rule in allowed where rule.covers(port: port) {
      if isSpecial {
        if opens(rule, forms, isOwn: isOwn) { return nil }
        if names.contains(where: { $0.isGiven && rule.covers(name: $0.name) }) { return nil }
      } else {
        if rule.covers(address: address) || names.contains(where: { rule.covers(name: $0.name) }) { return nil }
      }
    }
    return isSpecial ? .closedUnlessNamed : .notAllowed
  }

  /// Whether a rule is explicit about a special address: about the whole of one of its forms.
  private func opens(_ rule: AccessRule, _ forms: [IPAddress], isOwn: Bool) -> Bool {
    guard case .network(let network) = rule.subject, forms.contains(where: network.contains) else { return false }
    if network.length == (network.address.isIPv4 ? 32 : 128) { return true }
    return !isOwn && IPAddress.privateNetworks.contains { $0.contains(network) }
  }

  /// Whether the child may ask for that name. Who may only go to some names may only ask for those: a name is a message to
  /// whoever answers for it.
  ///
  /// - Parameter name: nil for one that no host has.
  /// - Returns: nil if it may, or why it may not.
  public func refusal(ofQuestionFor name: HostName?) -> RefusalReason? {
    let covers: (AccessRule) -> Bool = { rule in
      name.map(rule.covers(name:)) ?? (rule.subject == .everybody)
    }
    if let rule = denied.first(where: { $0.ports == nil && covers($0) }) { return .denied(rule.description) }
    guard !allowed.isEmpty else { return nil }
    return allowed.contains(where: covers) ? nil : .notAllowed
  }
}

/// A name by which an address is known, and from whom.
public struct KnownName: Hashable, Sendable {
  /// The name.
  public var name: HostName
  /// Whether it is the user who gave it, and not a name server.
  public var isGiven: Bool

  /// A name of that origin.
  public init(_ name: HostName, isGiven: Bool = false) {
    self.name = name
    self.isGiven = isGiven
  }
}
