internal import Glibc
internal import NIOCore
internal import SockeyeHost
internal import SockeyeTCP

/// Socket options by their names on Linux, as far as a host has what they are about.
enum HostSocketOption: Hashable {
  case noDelay
  case cork
  case quickAcknowledgment
  case maximumSegment
  case userTimeout
  case keepAlive
  case keepAliveIdle
  case keepAliveInterval
  case keepAliveProbes
  case reuseAddress
  case sendBuffer
  case receiveBuffer
  case error
  case onlyIPv6
  case hopLimit
  case trafficClass
  /// What a host has no use for.
  case other(level: CInt, name: CInt)

  /// What Linux turns keep-alive on with: two hours (tcp(7)).
  private static let defaultIdle = Interval.seconds(7200)

  init(_ option: ChannelOptions.Types.SocketOption) {
    self.init(level: option.optionLevel.rawValue, name: option.optionName.rawValue)
  }

  init(level: CInt, name: CInt) {
    self =
      switch (level, name) {
      case (CInt(IPPROTO_TCP), TCP_NODELAY): .noDelay
      case (CInt(IPPROTO_TCP), TCP_CORK): .cork
      case (CInt(IPPROTO_TCP), TCP_QUICKACK): .quickAcknowledgment
      case (CInt(IPPROTO_TCP), TCP_MAXSEG): .maximumSegment
      case (CInt(IPPROTO_TCP), TCP_USER_TIMEOUT): .userTimeout
      case (CInt(IPPROTO_TCP), TCP_KEEPIDLE): .keepAliveIdle
      case (CInt(IPPROTO_TCP), TCP_KEEPINTVL): .keepAliveInterval
      case (CInt(IPPROTO_TCP), TCP_KEEPCNT): .keepAliveProbes
      case (SOL_SOCKET, SO_KEEPALIVE): .keepAlive
      case (SOL_SOCKET, SO_REUSEADDR): .reuseAddress
      case (SOL_SOCKET, SO_SNDBUF): .sendBuffer
      case (SOL_SOCKET, SO_RCVBUF): .receiveBuffer
      case (SOL_SOCKET, SO_ERROR): .error
      case (CInt(IPPROTO_IPV6), IPV6_V6ONLY): .onlyIPv6
      case (CInt(IPPROTO_IPV6), IPV6_UNICAST_HOPS), (CInt(IPPROTO_IP), IP_TTL): .hopLimit
      case (CInt(IPPROTO_IPV6), IPV6_TCLASS), (CInt(IPPROTO_IP), IP_TOS): .trafficClass
      default: .other(level: level, name: name)
      }
  }

  /// Sets the option of a socket.
  ///
  /// - Throws: `SocketError`.
  func set(_ value: Int, of socket: Handle, in host: inout StreamHost) throws {
    let isOn = value != 0
    var options = try host.options(of: socket)
    switch self {
    case .noDelay: options.connection.nagle = !isOn
    case .cork: options.isCorked = isOn
    case .quickAcknowledgment:
      try host.setQuickAcknowledgments(isOn, of: socket)
      return
    case .maximumSegment: options.connection.maximumSegmentSize = value == 0 ? nil : UInt16(clamping: value)
    case .userTimeout:
      options.connection.userTimeout = value <= 0 ? nil : .milliseconds(Int64(value))
    case .keepAlive:
      options.connection.keepAliveIdle = isOn ? options.connection.keepAliveIdle ?? Self.defaultIdle : nil
    case .keepAliveIdle: options.connection.keepAliveIdle = .seconds(Int64(max(1, value)))
    case .keepAliveInterval: options.connection.keepAliveInterval = .seconds(Int64(max(1, value)))
    case .keepAliveProbes: options.connection.keepAliveProbes = UInt8(clamping: max(1, value))
    case .reuseAddress: options.reusesAddress = isOn
    case .sendBuffer: options.connection.sendBuffer = UInt32(clamping: value)
    case .receiveBuffer:
      options.connection.receiveBuffer = UInt32(clamping: value)
      options.connection.autotune = false
      options.datagramQueueLimit = max(0, value)
    case .onlyIPv6: options.isIPv6Only = isOn
    case .hopLimit: options.hopLimit = UInt8(clamping: value)
    case .trafficClass: options.trafficClass = UInt8(clamping: value)
    case .error, .other: return
    }
    try host.setOptions(options, of: socket)
  }

  /// What the option of a socket is; 0 for what a host has no use for.
  ///
  /// - Throws: `SocketError`.
  func value(of socket: Handle, in host: inout StreamHost) throws -> Int {
    if case .error = self { return Int(try host.takeError(of: socket)?.number ?? 0) }
    let options = try host.options(of: socket)
    let connection = options.connection
    return switch self {
    case .noDelay: connection.nagle ? 0 : 1
    case .cork: options.isCorked ? 1 : 0
    case .maximumSegment: Int(connection.maximumSegmentSize ?? 0)
    case .userTimeout: Int(clamping: connection.userTimeout?.milliseconds ?? 0)
    case .keepAlive: connection.keepAliveIdle == nil ? 0 : 1
    case .keepAliveIdle: Int(clamping: (connection.keepAliveIdle ?? Self.defaultIdle).milliseconds / 1000)
    case .keepAliveInterval: Int(clamping: connection.keepAliveInterval.milliseconds / 1000)
    case .keepAliveProbes: Int(connection.keepAliveProbes)
    case .reuseAddress: options.reusesAddress ? 1 : 0
    case .sendBuffer: Int(connection.sendBuffer)
    case .receiveBuffer:
      try host.kind(of: socket) == .stream ? Int(connection.receiveBuffer) : options.datagramQueueLimit
    case .onlyIPv6: options.isIPv6Only ? 1 : 0
    case .hopLimit: Int(options.hopLimit)
    case .trafficClass: Int(options.trafficClass)
    case .quickAcknowledgment, .error, .other: 0
    }
  }
}
