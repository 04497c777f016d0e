public import SockeyeWire

/// RFC 9293 section 3.10.7.2: SEGMENT ARRIVES, LISTEN STATE. What a listener does with a segment that belongs to no
/// connection.
public enum ListenDecision: Equatable, Sendable {
  /// Nothing.
  case ignore
  /// Send this segment.
  case reset(TCPHeader)
  /// Make a connection of it: `Connection.init(accepting:…)`.
  case accept

  /// Decides about a segment. SYN cookies come first, where they are in use: their ACK belongs to a connection.
  ///
  /// Bits are tested, never compared: a SYN that negotiates ECN, or carries data or FIN, is still a SYN.
  public init(about header: TCPHeader, payloadLength: Int) {
    // First, check for a RST: it answers nothing that this listener has sent.
    if header.flags.contains(.rst) {
      self = .ignore
      // Second, check for an ACK: there is nothing yet that it could acknowledge.
    } else if header.flags.contains(.ack) {
      self = .reset(ClosedPort.reset(answering: header, payloadLength: payloadLength))
      // Third, check for a SYN. There are no security compartments here.
    } else if header.flags.contains(.syn) {
      self = .accept
      // Fourth, other data or control: can't be reached by a segment of any connection.
    } else {
      self = .ignore
    }
  }
}

extension Connection {
  /// OPEN, passive (RFC 9293 section 3.10.7.2, third step): a connection in SYN-RECEIVED, from a SYN for which
  /// `ListenDecision` said `accept`. The SYN,ACK is sent by the next `nextSegment`.
  ///
  /// Data that comes with the SYN is not queued, but left for the peer to send again, unless fast open accepts it: a
  /// stranger's SYN pins no payload. Of data that was accepted, the first `readableCount` bytes are to be kept.
  ///
  /// - Parameters:
  ///   - header: the SYN.
  ///   - payloadLength: bytes of data that follow the header.
  ///   - decision: what the listener has decided about fast open (RFC 7413).
  ///   - codepoint: the IP header's ECN field.
  ///   - configuration: the settings, read now.
  ///   - path: what the network layer says about the way to the peer.
  ///   - ports: the local and the remote port.
  ///   - secrets: what must be unpredictable to others.
  ///   - now: when it arrived.
  public init(
    accepting header: TCPHeader,
    payloadLength: Int = 0,
    fastOpen decision: FastOpenDecision = .none,
    codepoint: ECNCodepoint = .notCapable,
    configuration: ConnectionConfiguration,
    path: NetworkPath,
    ports: PortPair,
    secrets: ConnectionSecrets,
    now: Instant
  ) {
    self.init(configuration: configuration, path: path, ports: ports, secrets: secrets, now: now)
    counters.segmentsReceived = 1
    incoming.initial = SequenceNumber(header.sequenceNumber)
    takeOptions(ofSYN: header, isReply: false, now: now)
    congestion.takeSYN(header.flags, codepoint: codepoint, wish: configuration.explicitCongestionNotification)
    noteCongestionOptions()
    outgoing.window = UInt32(header.window)
    outgoing.maximumWindow = UInt32(header.window)
    passedStates.beginAtListener()
    state = .synReceived(from: .passive)
    switch decision {
    case .none: break
    case .grant(let cookie): fastOpen = .grants(cookie)
    case .accept: acceptFastOpen(payloadLength: payloadLength)
    }
  }

  /// Takes the data of a SYN whose cookie was right (RFC 7413 section 4.2.2).
  private mutating func acceptFastOpen(payloadLength: Int) {
    fastOpen = .accepted
    options.insert(.fastOpen)
    let taken = min(UInt64(max(payloadLength, 0)), UInt64(min(configuration.initialReceiveWindow, 65_535)))
    guard taken > 0 else { return }
    incoming.next += taken
    incoming.edge = max(incoming.edge, incoming.next)
    events.insert(.readable)
  }
}
