public import NIOCore
public import SockeyeLink
public import SockeyeTCP
public import SockeyeWire

/// What a gateway is told when it is made.
public struct GatewayConfiguration: Sendable {
  /// The addresses of the network between the gateway and its child.
  public var network = GatewayNetwork()
  /// What the connections of the gateway's own TCP start from.
  public var connection = ConnectionConfiguration()
  /// Where the child may go. The machine's addresses of the time when the gateway is made are added to it.
  public var policy = AccessPolicy()
  /// Addresses that the user gives names, whatever name servers say.
  public var names: [HostName: [IPAddress]] = [:]
  /// Whom the child's questions for names are passed on to, in this order; none for the machine's own name servers.
  public var nameServers: [SocketAddress] = []
  /// Whether nothing is on the network but the gateway, which refuses all.
  public var isOffline = false
  /// Ports of the machine's at which the child's servers are reached.
  public var published: [PublishedPort] = []
  /// What happens to all packets between the gateway and its child, `up` from the child; nil for nothing. The device then hands
  /// over and takes single packets.
  public var impairments: ImpairmentSpecification?
  /// What happens instead to packets of some destinations; the first that is about one counts.
  public var impairedDestinations: [ImpairedDestination] = []
  /// What all chance of the impairments derives from.
  public var seed: UInt64 = 1
  /// Where to take down all packets between the gateway and its child, for Wireshark; nil for nowhere.
  public var capturePath: String?
  /// Who finds out which of the child's processes a flow belongs to; nil for nobody.
  public var processes: ProcessFinder?
  /// Streams of the child that may be open at once; those beyond are reset. Each takes a descriptor of the machine's.
  public var mostStreams = 16_384
  /// Streams of the child's whose destinations may be asked at once; those beyond are reset.
  public var mostPendingStreams = 4_096
  /// How long a destination may take to answer. Linux gives up after 127 seconds.
  public var openingTime = TimeAmount.seconds(130)
  /// Pairs of ends between which datagrams pass, at once; beyond, the one that has rested longest gives way. Each takes a
  /// descriptor of the machine's.
  public var mostDatagramSessions = 1_024

  /// Whether anything happens to packets.
  public var isImpaired: Bool { impairments != nil || !impairedDestinations.isEmpty }

  /// The defaults.
  public init() {
    connection.autotunesSendBuffer = true
  }
}

/// The addresses of the network between a gateway and its child: nothing else is on it.
///
/// They are private ones (RFC 1918, RFC 4193) that few networks have: a machine that is really there can't be reached from
/// inside.
public struct GatewayNetwork: Hashable, Sendable {
  /// The gateway's IPv4 address, which answers questions for names: the child's default route.
  public var gateway4 = IPv4Address(10, 0, 2, 2)
  /// The child's IPv4 address.
  public var child4 = IPv4Address(10, 0, 2, 15)
  /// How many leading bits of the two are equal.
  public var prefixLength4 = 24
  /// The gateway's IPv6 address: fd73:6f63:6b65::2.
  public var gateway6 = IPv6Address(high: 0xFD73_6F63_6B65_0000, low: 0x2)
  /// The child's IPv6 address: fd73:6f63:6b65::15.
  public var child6 = IPv6Address(high: 0xFD73_6F63_6B65_0000, low: 0x15)
  /// How many leading bits of the two are equal.
  public var prefixLength6 = 64

  /// The gateway's address of a family.
  func gateway(isIPv4: Bool) -> IPAddress { isIPv4 ? .v4(gateway4) : .v6(gateway6) }

  /// The defaults.
  public init() {}
}
