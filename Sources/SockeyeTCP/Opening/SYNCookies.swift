public import SockeyeWire

/// SYN cookies (RFC 4987 section 3.6): a listener's answer to a flood of SYNs, which keeps nothing for a SYN.
///
/// What must be remembered of the SYN travels in the SYN,ACK and comes back with the ACK: a time and the MSS in the
/// sequence number, under a keyed hash of the tuple; window scale and SACK in the low bits of the timestamp, where the
/// peer uses timestamps.
///
/// ```
/// sequence number: | 5 bits: minute | 3 bits: MSS | 24 bits: hash |
/// timestamp:       | 26 bits: clock | 1 bit: SACK | 1 bit: reserved | 4 bits: window scale, 15 for none |
/// ```
public struct SYNCookies: Sendable {
  private let key: SecretKey

  /// Cookies under the given secret.
  public init(key: SecretKey) {
    self.key = key
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
    let secrets = ConnectionSecrets(for: tuple, key: key, now: now)
    let connection = Connection(
      accepting: syn,
      configuration: configuration,
      path: path,
      ports: tuple.ports,
      secrets: secrets,
      now: now
    )
    let minute = Self.minute(at: now)
    let size = Self.sizeIndex(syn.options.maximumSegmentSize ?? SegmentSize.defaultSend(path.version))
    var header = TCPHeader(
      sourcePort: tuple.ports.local,
      destinationPort: tuple.ports.remote,
      sequenceNumber: cookie(minute: minute, size: size, peerInitial: syn.sequenceNumber, tuple: tuple),
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

  /// What a SYN said whose cookie comes back with this ACK; nil where the cookie is wrong or older than two minutes.
  public func check(_ ack: TCPHeader, tuple: FourTuple, now: Instant) -> RememberedSYN? {
    guard ack.flags.contains(.ack), !ack.flags.contains(.syn), !ack.flags.contains(.rst) else { return nil }
    let number = SequenceNumber(ack.acknowledgmentNumber) + .max
    let peerInitial = SequenceNumber(ack.sequenceNumber) + .max
    let size = UInt32(number.value >> 24) & 7
    let minute = Self.minute(at: now)
    let age = (minute + 32 - (number.value >> 27)) % 32
    guard age <= 2 else { return nil }
    let expected = cookie(minute: number.value >> 27, size: size, peerInitial: peerInitial.value, tuple: tuple)
    guard expected == number.value else { return nil }

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

  private func cookie(minute: UInt32, size: UInt32, peerInitial: UInt32, tuple: FourTuple) -> UInt32 {
    let extra = UInt64(minute % 32) << 40 | UInt64(size) << 32 | UInt64(peerInitial)
    let hash = UInt32(truncatingIfNeeded: tuple.hash(key, purpose: .synCookie, extra: extra)) & 0xFF_FFFF
    return (minute % 32) << 27 | size << 24 | hash
  }

  private static func minute(at now: Instant) -> UInt32 {
    UInt32(truncatingIfNeeded: now.nanoseconds / 60_000_000_000) % 32
  }

  /// The clock with its low six bits replaced, and never ahead of itself.
  private static func encode(shift: UInt8?, selective: Bool, clock: UInt32) -> UInt32 {
    let bits = UInt32(shift ?? 15) | (selective ? 0x20 : 0)
    let value = clock & ~0x3F | bits
    return value.wrappingDistance(from: clock) > 0 ? value &- 0x40 : value
  }

  /// The eight sizes that a cookie can remember: what IPv4 and IPv6 guarantee, tunnels, and Ethernet.
  private static func sizes(_ index: UInt32) -> UInt16 {
    switch index {
    case 0: 536
    case 1: 1_200
    case 2: 1_220
    case 3: 1_300
    case 4: 1_400
    case 5: 1_440
    case 6: 1_460
    default: 8_960
    }
  }

  /// The greatest of the sizes that is not greater than `size`.
  private static func sizeIndex(_ size: UInt16) -> UInt32 {
    var index: UInt32 = 7
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
  ///   - key: the secret that `SYNCookies` and `ConnectionSecrets` were made of.
  ///   - now: when the ACK arrived.
  public init(
    remembered syn: RememberedSYN,
    configuration: ConnectionConfiguration,
    path: NetworkPath,
    tuple: FourTuple,
    key: SecretKey,
    now: Instant
  ) {
    let offset = ConnectionSecrets(for: tuple, key: key, now: now).timestampOffset
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
