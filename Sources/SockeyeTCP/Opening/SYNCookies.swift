public import SockeyeWire

/// SYN cookies (RFC 4987 section 3.6): a listener's answer to a flood of SYNs, which keeps nothing for a SYN.
///
/// What must be remembered of the SYN travels in the SYN,ACK and comes back with the ACK: the MSS in the sequence number,
/// beside a keyed hash of the tuple; window scale and SACK in the low bits of the timestamp, where the peer uses timestamps.
///
/// ```
/// sequence number: | 4 bits: MSS | 28 bits: hash |
/// timestamp:       | 26 bits: clock | 1 bit: SACK | 1 bit: reserved | 4 bits: window scale, 15 for none |
/// ```
///
/// The key changes every minute, and what the last two have made is believed. Somebody who answers blindly needs some 130
/// million ACKs; a listener believes cookies only while it has sent some (`lifetime`), so he must flood it as well.
public struct SYNCookies: Sendable {
  private let key: SecretKey
  private let connectionKeys: ConnectionKeys

  /// How long a cookie may be believed at most: two periods of its key.
  public static var lifetime: Interval { .seconds(120) }

  /// Cookies under a host's secret.
  public init(_ secret: HostSecret) {
    key = secret.key(for: .synCookie)
    connectionKeys = ConnectionKeys(secret)
  }

  /// The SYN,ACK that answers a SYN without keeping anything.
  ///
  /// - Parameters:
  ///   - syn: the SYN; `ListenDecision` has said `accept`.
  ///   - tuple: its addresses and ports.
  ///   - configuration: the listener's settings: options are offered as a connection would.
  ///   - path: what the network layer says about the way to the peer.
  ///   - now: the time.
  public func answer(
    to syn: TCPHeader,
    tuple: FourTuple,
    configuration: ConnectionConfiguration,
    path: NetworkPath,
    now: Instant
  ) -> TCPHeader {
    let secrets = ConnectionSecrets(for: tuple, keys: connectionKeys, now: now)
    let connection = Connection(
      accepting: syn,
      configuration: configuration,
      path: path,
      ports: tuple.ports,
      secrets: secrets,
      now: now
    )
    let size = Self.sizeIndex(syn.options.maximumSegmentSize ?? SegmentSize.defaultSend(path.version))
    var header = TCPHeader(
      sourcePort: tuple.ports.local,
      destinationPort: tuple.ports.remote,
      sequenceNumber: cookie(Self.period(at: now), size: size, peerInitial: syn.sequenceNumber, tuple: tuple),
      acknowledgmentNumber: (SequenceNumber(syn.sequenceNumber) + 1).value,
      flags: [.syn, .ack],
      window: UInt16(clamping: configuration.initialReceiveWindow)
    )
    header.options = connection.optionsForSYN(isReply: true, now: now)
    if header.options.timestamp != nil {
      header.options.timestamp?.value = Self.encode(
        shift: connection.options.contains(.windowScale) ? min(syn.options.windowScale ?? 0, 14) : nil,
        selective: connection.options.contains(.selectiveAcknowledgment),
        clock: connection.timestamps.value(at: now)
      )
    } else {
      // Nowhere to remember them.
      header.options.windowScale = nil
      header.options.sackPermitted = false
    }
    return header
  }

  /// What a SYN said whose cookie comes back with this ACK; nil where the cookie is wrong, or older than `lifetime`.
  public func check(_ ack: TCPHeader, tuple: FourTuple, now: Instant) -> RememberedSYN? {
    guard ack.flags.contains(.ack), !ack.flags.contains(.syn), !ack.flags.contains(.rst) else { return nil }
    let number = SequenceNumber(ack.acknowledgmentNumber) + .max
    let peerInitial = SequenceNumber(ack.sequenceNumber) + .max
    let size = number.value >> 28
    let period = Self.period(at: now)
    let isOurs = [period, period &- 1].contains {
      cookie($0, size: size, peerInitial: peerInitial.value, tuple: tuple) == number.value
    }
    guard isOurs else { return nil }

    var options = TCPOptions()
    options.maximumSegmentSize = Self.sizes(size)
    if let timestamp = ack.options.timestamp {
      // The peer echoes our timestamp, so the bits may be read back; its own one goes on.
      options.timestamp = TCPOptions.Timestamp(value: timestamp.value, echo: 0)
      options.sackPermitted = timestamp.echo & 0x20 != 0
      let shift = UInt8(timestamp.echo & 0xF)
      options.windowScale = shift == 15 ? nil : shift
    }
    return RememberedSYN(initialSequenceNumber: number.value, peerInitial: peerInitial.value, options: options)
  }

  private func cookie(_ period: UInt64, size: UInt32, peerInitial: UInt32, tuple: FourTuple) -> UInt32 {
    let extra = UInt64(size) << 32 | UInt64(peerInitial)
    let hash = tuple.hash(key.rotated(to: period), extra: extra)
    return size << 28 | UInt32(truncatingIfNeeded: hash) & 0xFFF_FFFF
  }

  /// Which key is in use.
  private static func period(at now: Instant) -> UInt64 {
    UInt64(bitPattern: now.nanoseconds / 60_000_000_000)
  }

  /// The clock with its low six bits replaced, and never ahead of itself.
  private static func encode(shift: UInt8?, selective: Bool, clock: UInt32) -> UInt32 {
    let bits = UInt32(shift ?? 15) | (selective ? 0x20 : 0)
    let value = clock & ~0x3F | bits
    return value.wrappingDistance(from: clock) > 0 ? value &- 0x40 : value
  }

  /// The sixteen sizes that a cookie can remember: the least that is believed, what small links and IPv4 and IPv6 guarantee,
  /// tunnels, Ethernet, and jumbo frames.
  private static func sizes(_ index: UInt32) -> UInt16 {
    switch index {
    case 0: SegmentSize.least
    case 1: 128
    case 2: 216
    case 3: 384
    case 4: 512
    case 5: 536
    case 6: 1_024
    case 7: 1_200
    case 8: 1_220
    case 9: 1_300
    case 10: 1_360
    case 11: 1_400
    case 12: 1_440
    case 13: 1_452
    case 14: 1_460
    default: 8_940
    }
  }

  /// The greatest of the sizes that is not greater than `size` (RFC 9293 section 3.7.1, MUST-16).
  private static func sizeIndex(_ size: UInt16) -> UInt32 {
    var index: UInt32 = 15
    while index > 0, sizes(index) > size { index -= 1 }
    return index
  }
}

/// What a cookie remembers of a SYN.
public struct RememberedSYN: Sendable, Equatable {
  let initialSequenceNumber: UInt32
  let peerInitial: UInt32
  let options: TCPOptions
}

extension Connection {
  /// A connection from the ACK that brought a cookie back. It is in SYN-RECEIVED until the ACK is given to `receive`,
  /// which is to follow at once.
  ///
  /// - Parameters:
  ///   - syn: what `SYNCookies.check` answered.
  ///   - configuration: the settings, the same as when the SYN was answered.
  ///   - path: what the network layer says about the way to the peer.
  ///   - tuple: the addresses and ports.
  ///   - keys: those of the host's secret.
  ///   - now: when the ACK arrived.
  public init(
    remembered syn: RememberedSYN,
    configuration: ConnectionConfiguration,
    path: NetworkPath,
    tuple: FourTuple,
    keys: ConnectionKeys,
    now: Instant
  ) {
    let offset = ConnectionSecrets(for: tuple, keys: keys, now: now).timestampOffset
    let header = TCPHeader(
      sourcePort: tuple.ports.remote,
      destinationPort: tuple.ports.local,
      sequenceNumber: syn.peerInitial,
      flags: .syn,
      options: syn.options
    )
    self.init(
      accepting: header,
      configuration: configuration,
      path: path,
      ports: tuple.ports,
      secrets: ConnectionSecrets(initialSequenceNumber: syn.initialSequenceNumber, timestampOffset: offset),
      now: now
    )
    // The SYN,ACK has been sent, when isn't known: sent twice, it is no measure of the round trip (Karn's rule, MUST-18).
    if recovery.needsRoom { recovery.makeRoom(at: now) }
    _ = incoming.initialWindow(configuration.initialReceiveWindow)
    recovery.sent(0..<1, at: now)
    recovery.sent(0..<1, at: now)
  }
}
