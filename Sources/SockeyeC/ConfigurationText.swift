internal import SockeyeHost
internal import SockeyeTCP
internal import SockeyeWire

/// Why there is no host for a configuration, in one line without a full stop.
struct ConfigurationProblem: Error {
  let text: String

  init(_ text: String) {
    self.text = text
  }
}

/// A host's configuration as text: `key=value` pairs with commas between them.
struct ConfigurationText {
  /// What the keys say; the secret is not among them.
  private(set) var configuration = HostConfiguration(seed: 0)
  /// The value of `seed`.
  private(set) var seed: UInt64?

  /// The configuration that `text` names.
  ///
  /// - Throws: what is wrong, where it names an unknown key or a value that its key can't have.
  init(_ text: String) throws(ConfigurationProblem) {
    // Linux paces no loss-based sender unless it is told to.
    configuration.connection.pacing = false
    for pair in text.split(separator: ",", omittingEmptySubsequences: true) {
      guard let middle = pair.firstIndex(of: "=") else {
        throw ConfigurationProblem("'\(pair)' is not of the form key=value")
      }
      let key = pair[..<middle]
      let value = pair[pair.index(after: middle)...]
      let isRight =
        Self.readNetwork(key, value, into: &configuration)
        ?? Self.readSize(key, value, into: &configuration.connection)
        ?? Self.readTime(key, value, into: &configuration.connection)
        ?? Self.readSwitch(key, value, into: &configuration.connection)
        ?? Self.readOther(key, value, into: &configuration) ?? readSeed(key, value)
      guard let isRight else { throw ConfigurationProblem("there is no key '\(key)'") }
      guard isRight else { throw ConfigurationProblem("'\(value)' is no value for '\(key)'") }
    }
    let isIPv6 = configuration.addresses.contains { !$0.address.isIPv4 }
    // RFC 8200 section 5: no link that carries IPv6 takes less.
    guard !isIPv6 || configuration.maximumTransmissionUnit >= 1280 else {
      throw ConfigurationProblem("IPv6 needs an 'mtu' of at least 1280")
    }
  }

  private mutating func readSeed(_ key: Substring, _ value: Substring) -> Bool? {
    guard key == "seed" else { return nil }
    seed = UInt64(value)
    return seed != nil
  }

  // Each of these answers nil for a key that is not its own, and false for a value that is wrong.

  private static func readNetwork(
    _ key: Substring,
    _ value: Substring,
    into configuration: inout HostConfiguration
  ) -> Bool? {
    switch key {
    case "ip4", "ip6":
      guard let slash = value.firstIndex(of: "/"), let address = IPAddress(value[..<slash]),
        let prefix = number(value[value.index(after: slash)...], in: 0...(address.isIPv4 ? 32 : 128)),
        address.isIPv4 == (key == "ip4")
      else { return false }
      configuration.addresses.append(InterfaceAddress(address, prefixLength: Int(prefix)))
    case "gateway4":
      configuration.gateway4 = IPv4Address(value)
      return configuration.gateway4 != nil
    case "gateway6":
      configuration.gateway6 = IPv6Address(value)
      return configuration.gateway6 != nil
    case "mtu":
      guard let mtu = number(value, in: 68...65_535) else { return false }
      configuration.maximumTransmissionUnit = UInt16(mtu)
    case "offload":
      guard let isOn = toggle(value) else { return false }
      configuration.segmentationOffload = isOn ? 64 : 1
    default: return nil
    }
    return true
  }

  private static func readSize(
    _ key: Substring,
    _ value: Substring,
    into connection: inout ConnectionConfiguration
  ) -> Bool? {
    switch key {
    case "initial_receive_window":
      guard let size = number(value, in: 0...65_535) else { return false }
      connection.initialReceiveWindow = UInt32(size)
    case "receive_buffer":
      guard let size = number(value, in: 1...(1 << 30)) else { return false }
      connection.receiveBuffer = UInt32(size)
      connection.maximumReceiveBuffer = max(connection.maximumReceiveBuffer, UInt32(size))
    case "send_buffer":
      guard let size = number(value, in: 1...(1 << 30)) else { return false }
      connection.sendBuffer = UInt32(size)
      connection.autotunesSendBuffer = false
    case "initial_congestion_window":
      guard let count = number(value, in: 1...1_000) else { return false }
      connection.initialCongestionWindow = UInt16(count)
    case "quick_ack":
      guard let count = number(value, in: 0...255) else { return false }
      connection.quickAcknowledgments = UInt8(count)
    case "syn_retries":
      guard let count = number(value, in: 0...255) else { return false }
      connection.synRetries = UInt8(count)
    case "data_retries":
      guard let count = number(value, in: 0...255) else { return false }
      connection.dataRetries = UInt8(count)
    default: return nil
    }
    return true
  }

  private static func readTime(
    _ key: Substring,
    _ value: Substring,
    into connection: inout ConnectionConfiguration
  ) -> Bool? {
    let field: WritableKeyPath<ConnectionConfiguration, Interval>
    switch key {
    case "syn_rto_ms": field = \.initialRetransmissionTimeout
    case "min_rto_ms": field = \.minimumRetransmissionTimeout
    case "max_rto_ms": field = \.maximumRetransmissionTimeout
    case "delayed_ack_ms": field = \.delayedAcknowledgment
    case "msl_ms": field = \.maximumSegmentLifetime
    case "fin_wait2_ms": field = \.finWait2Timeout
    default: return nil
    }
    guard let milliseconds = number(value, in: 0...86_400_000) else { return false }
    connection[keyPath: field] = .milliseconds(milliseconds)
    return true
  }

  private static func readSwitch(
    _ key: Substring,
    _ value: Substring,
    into connection: inout ConnectionConfiguration
  ) -> Bool? {
    let field: WritableKeyPath<ConnectionConfiguration, Bool>
    switch key {
    case "autotune": field = \.autotune
    case "sack": field = \.selectiveAcknowledgment
    case "timestamps": field = \.timestamps
    case "rack": field = \.recentAcknowledgment
    case "tail_loss_probe": field = \.tailLossProbe
    case "prr": field = \.proportionalRateReduction
    case "frto": field = \.forwardRetransmissionTimeoutRecovery
    case "pacing": field = \.pacing
    case "rfc5961": field = \.challengesBlindAttacks
    case "ecn":
      switch value {
      case "0": connection.explicitCongestionNotification = .off
      case "1": connection.explicitCongestionNotification = .classic
      // As Linux numbers it in tcp_ecn.
      case "3": connection.explicitCongestionNotification = .accurate
      default: return false
      }
      return true
    default: return nil
    }
    guard let isOn = toggle(value) else { return false }
    connection[keyPath: field] = isOn
    return true
  }

  private static func readOther(
    _ key: Substring,
    _ value: Substring,
    into configuration: inout HostConfiguration
  ) -> Bool? {
    switch key {
    case "window_scale":
      guard let shift = number(value, in: -1...14) else { return false }
      configuration.connection.windowScale = shift < 0 ? nil : UInt8(shift)
    case "syn_cookies":
      switch value {
      case "never": configuration.synCookies = .never
      case "auto": configuration.synCookies = .whenFull
      case "always": configuration.synCookies = .always
      default: return false
      }
    case "congestion":
      guard let algorithm = congestionControl(value) else { return false }
      configuration.connection.congestionControl = algorithm
    case "memory":
      guard let size = number(value, in: 0...Int64.max) else { return false }
      configuration.memoryLimit = Int(size)
    case "echo_rate":
      guard let rate = number(value, in: 0...1_000_000) else { return false }
      configuration.echoRepliesPerSecond = Int(rate)
    case "icmp_rate":
      guard let rate = number(value, in: 0...1_000_000) else { return false }
      configuration.errorsPerSecond = Int(rate)
    default: return nil
    }
    return true
  }

  /// The congestion control algorithm of that name.
  static func congestionControl(_ name: some StringProtocol) -> CongestionControlAlgorithm? {
    switch name {
    case "newreno", "reno": .newReno
    case "cubic": .cubic
    case "bbr": .bbr
    default: nil
    }
  }

  private static func number(_ text: Substring, in range: ClosedRange<Int64>) -> Int64? {
    guard let value = Int64(text), range.contains(value) else { return nil }
    return value
  }

  private static func toggle(_ text: Substring) -> Bool? {
    text == "1" ? true : text == "0" ? false : nil
  }
}
