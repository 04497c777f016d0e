public import SockeyeTCP
public import SockeyeWire

/// What a host is told when it is made.
public struct HostConfiguration: Sendable {
  /// The host's addresses, each with the length of the prefix that its link has.
  public var addresses: [InterfaceAddress] = []
  /// Where packets go that leave the prefixes of the IPv4 addresses; without one they can't.
  public var gateway4: IPv4Address?
  /// Where packets go that leave the prefixes of the IPv6 addresses; without one they can't.
  public var gateway6: IPv6Address?
  /// Bytes of the largest packet that the link takes, 576...65535; at least 1280 where there are IPv6 addresses.
  public var maximumTransmissionUnit: UInt16 = 1_500
  /// What connections start from; sockets may change it for themselves.
  public var connection = ConnectionConfiguration()
  /// When listeners answer SYNs with cookies.
  public var synCookies = SYNCookieUse.whenFull
  /// ICMP errors sent in a second, to one peer an eighth of them; none at 0.
  public var errorsPerSecond = 1_000
  /// Resets sent in a second for segments that belong to no connection, to one peer an eighth of them; none at 0.
  public var resetsPerSecond = 10_000
  /// Echo requests answered in a second, to one peer an eighth of them; none at 0.
  public var echoRepliesPerSecond = 40_000
  /// Bytes that all connections' buffers together may take; 0 for no limit. From three quarters of it on, until it is half,
  /// buffers shrink; at the limit, new connections are refused and what arrives beyond the least is dropped.
  public var memoryLimit = 256 << 20
  /// How many full-sized segments the link takes as one packet: 1 without offload.
  public var segmentationOffload = 1
  /// Whether the link fills in the checksums of TCP segments.
  public var checksumOffload = false
  /// Bytes of answers and datagrams that may wait for the link.
  public var packetQueueLimit = 4 << 20
  /// Bytes of datagrams, overhead included, that may wait in a socket to be received.
  public var datagramQueueLimit = 212_992
  /// Bytes of fragments, overhead included, that may wait to become packets.
  public var fragmentLimit = 4 << 20
  /// Connections in TIME-WAIT whose state is kept; beyond, the peer that has most of them has its oldest forgotten.
  public var timeWaitLimit = 65_536
  /// Whether the host takes what is sent to any address as sent to it, from addresses of its link's prefixes: a flow to an
  /// address that isn't its own is a question to its owner (`nextFlow`).
  public var answersEveryAddress = false
  /// Flows that may wait for their owner's answer, each in some hundreds of bytes; SYNs of more are dropped.
  public var flowLimit = 4_096
  /// How long a flow waits for its owner's answer. Linux gives up on a SYN after 127 seconds.
  public var flowPatience = Interval.seconds(130)
  /// Bytes of datagrams and echo requests to addresses that aren't the host's, overhead included, that may wait for its owner.
  public var strayQueueLimit = 4 << 20
  /// How many peers' limits and counts are remembered, each in some tens of bytes.
  public var peerLimit = 1_024
  /// What all that others must not guess derives from.
  public var secret: HostSecret

  /// The defaults, and a secret of its own for a host on a network: see `HostSecret.fromSystem()` of SockeyeLink.
  public init(secret: HostSecret) {
    self.secret = secret
    connection.autotunesSendBuffer = true
  }

  /// The defaults, for a simulation that can be repeated: whoever tries out 2^64 seeds knows all secrets of the host.
  public init(seed: UInt64) {
    self.init(secret: HostSecret(seed: seed))
  }
}

/// An address of a host's interface.
public struct InterfaceAddress: Hashable, Sendable {
  /// The address.
  public var address: IPAddress
  /// How many leading bits of it all hosts of the link share, 0...32 or 0...128.
  public var prefixLength: Int

  /// An address on a link whose hosts share so many bits.
  public init(_ address: IPAddress, prefixLength: Int) {
    self.address = address
    self.prefixLength = prefixLength
  }
}

/// When a listener answers a SYN with a cookie instead of keeping it.
public enum SYNCookieUse: UInt8, Sendable {
  /// Never: SYNs that find the queue full are dropped.
  case never
  /// When its queue of unfinished handshakes is full.
  case whenFull
  /// Always.
  case always
}
