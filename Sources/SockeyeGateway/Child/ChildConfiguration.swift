/// A command, and the network that it shall have for its own.
public struct ChildConfiguration: Sendable {
  /// The command's name, looked for as a shell does, and its arguments; each without a zero byte.
  public var arguments: [[UInt8]]
  /// Whether the command shall be root in its namespaces, and may change its network. It is never more than its caller
  /// outside of them.
  public var isRoot = false
  /// What the command's network has on it; nil for nothing but the loopback interface.
  public var network: ChildNetwork? = ChildNetwork()
  /// Signals that the command shall ignore from its start.
  public var ignoredSignals = IgnoredSignals()

  /// A command with a network.
  public init(_ arguments: [[UInt8]]) {
    self.arguments = arguments
  }
}

/// The network of a command: one link to a gateway that is its name server as well, in both families.
public struct ChildNetwork: Hashable, Sendable {
  /// The device's name inside.
  public static let deviceName = "sockeye0"

  /// The addresses of both ends.
  public var addresses = GatewayNetwork()
  /// The longest packet in bytes: 68...65,535; IPv6 is left out below 1280.
  public var maximumTransmissionUnit = 1_500
  /// Whether the device passes super-segments, with a virtio header before each packet.
  public var hasOffload = true

  /// The network that commands have unless more is said.
  public init() {}

  /// Whether IPv6 fits on the link (RFC 8200, section 5).
  var hasIPv6: Bool { maximumTransmissionUnit >= 1_280 }
}
