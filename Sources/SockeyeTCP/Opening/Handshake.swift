internal import SockeyeWire

/// What the two SYNs negotiate.
extension Connection {
  /// Takes in the options of the peer's SYN. An option is in use where both sides have sent it.
  ///
  /// - Parameter isReply: the SYN also acknowledges ours, so an option that we didn't send must not be in it, and one
  ///   that is missing was refused.
  mutating func takeOptions(ofSYN header: TCPHeader, isReply: Bool, now: Instant) {
    let offered = header.options
    outgoing.peerSegmentSize = offered.maximumSegmentSize ?? SegmentSize.defaultSend(path.version)
    options = NegotiatedOptions(rawValue: 0)
    if configuration.timestamps, let timestamp = offered.timestamp {
      options.insert(.timestamps)
      timestamps.update(timestamp.value, next: incoming.next, at: now)
    }
    if configuration.selectiveAcknowledgment, offered.sackPermitted { options.insert(.selectiveAcknowledgment) }
    if let shift = offeredWindowShift, let peerShift = offered.windowScale {
      options.insert(.windowScale)
      incoming.windowShift = shift
      // RFC 7323 section 2.3: a shift above 14 counts as 14.
      outgoing.windowShift = min(peerShift, 14)
    }
    updateSegmentSize(now: now)
  }

  /// The options of our SYN or SYN,ACK. As a reply, only what the peer's SYN had.
  ///
  /// RFC 9293 section 3.7.1 (MUST-14, SHLD-5, MAY-3): the MSS is always sent, and only here (MUST-65).
  func optionsForSYN(isReply: Bool, now: Instant) -> TCPOptions {
    var sent = TCPOptions()
    sent.maximumSegmentSize = SegmentSize.announced(path: path, limit: configuration.maximumSegmentSize)
    if isReply ? options.contains(.timestamps) : configuration.timestamps {
      sent.timestamp = TCPOptions.Timestamp(value: timestamps.value(at: now), echo: isReply ? timestamps.recent : 0)
    }
    switch fastOpen {
    case .none, .granted, .accepted: break
    case .offers(let cookie): sent.fastOpen = recovery.consecutiveTimeouts == 0 && !isReply ? cookie : nil
    case .grants(let cookie): sent.fastOpen = isReply ? cookie : nil
    }
    sent.sackPermitted =
      isReply ? options.contains(.selectiveAcknowledgment) : configuration.selectiveAcknowledgment
    if isReply ? options.contains(.windowScale) : true { sent.windowScale = offeredWindowShift }
    return sent
  }

  /// Notes which congestion notification came of the handshake.
  mutating func noteCongestionOptions() {
    switch congestion.mode {
    case .off: break
    case .classic: options.insert(.explicitCongestionNotification)
    case .accurate:
      options.insert(.explicitCongestionNotification)
      options.insert(.accurateCongestionNotification)
    }
  }

  /// The time that an echoed timestamp stands for, where there is one that means something (RFC 7323 section 4.1).
  @inline(__always)
  func echoedTime(_ header: TCPHeader, at arrival: Instant) -> Instant? {
    guard options.contains(.timestamps), header.flags.contains(.ack), let timestamp = header.options.timestamp else {
      return nil
    }
    return timestamps.time(of: timestamp.echo, at: arrival)
  }
}
