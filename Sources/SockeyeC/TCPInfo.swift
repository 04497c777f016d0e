internal import SockeyeTCP

/// `struct tcp_info` as Linux lays it out, up to `tcpi_snd_wnd`.
enum TCPInfo {
  /// The structure's bytes; times are in milliseconds or microseconds as Linux has them.
  static func bytes(_ metrics: ConnectionMetrics) -> [UInt8] {
    var info = Fields()
    let size = max(metrics.sendSegmentSize, 1)
    info.byte(state(metrics.state))
    info.byte(state(metrics.recoveryState))
    info.byte(metrics.backoff)
    info.byte(metrics.unansweredProbes)
    info.byte(metrics.backoff)
    info.byte(options(metrics.options))
    info.byte(Int(metrics.sendWindowShift) | Int(metrics.receiveWindowShift) << 4)
    info.byte(0)
    info.word(metrics.retransmissionTimeout.microseconds)
    info.word(0)
    info.word(metrics.sendSegmentSize)
    info.word(metrics.receiveSegmentSize)
    let segments = { (bytes: Int) in (bytes + size - 1) / size }
    let missing = metrics.bytesSelectivelyAcknowledged + metrics.bytesLost
    info.word(segments(metrics.bytesOutstanding))
    info.word(segments(metrics.bytesSelectivelyAcknowledged))
    info.word(segments(metrics.bytesLost))
    // What is in flight is what is outstanding, less what has left the network, and what was sent again.
    info.word(segments(max(metrics.bytesInFlight + missing - metrics.bytesOutstanding, 0)))
    info.word(0)
    info.word(metrics.sinceLastDataSent.milliseconds)
    info.word(0)
    info.word(metrics.sinceLastDataReceived.milliseconds)
    info.word(metrics.sinceLastAcknowledgmentReceived.milliseconds)
    info.word(metrics.pathMTU)
    info.word(metrics.receiveBuffer)
    info.word(metrics.smoothedRoundTripTime.microseconds)
    info.word(metrics.roundTripTimeVariation.microseconds)
    info.word(metrics.slowStartThreshold == Int.max ? 0x7FFF_FFFF : metrics.slowStartThreshold / size)
    info.word(metrics.congestionWindow / size)
    info.word(metrics.announcedSegmentSize)
    info.word(max(metrics.reorderingDegree, 3))
    info.word(metrics.receiverRoundTripTime.microseconds)
    info.word(metrics.receiveWindow)
    info.word(metrics.segmentsRetransmitted)
    info.long(metrics.pacingRate)
    info.long(UInt64.max)
    info.long(metrics.bytesAcknowledged)
    info.long(metrics.bytesReceived)
    info.word(metrics.segmentsSent)
    info.word(metrics.segmentsReceived)
    info.word(metrics.bytesNotSent)
    info.word(metrics.minimumRoundTripTime.microseconds)
    info.word(metrics.dataSegmentsReceived)
    info.word(metrics.dataSegmentsSent)
    info.long(metrics.deliveryRate)
    info.long(UInt64(clamping: metrics.busy.microseconds))
    info.long(UInt64(clamping: metrics.limitedByReceiveWindow.microseconds))
    info.long(UInt64(clamping: metrics.limitedBySendBuffer.microseconds))
    info.word(metrics.bytesDelivered / UInt64(size))
    info.word(metrics.congestionMarksReported / UInt64(size))
    info.long(metrics.bytesSent)
    info.long(metrics.bytesRetransmitted)
    info.word(metrics.duplicatesReported)
    info.word(metrics.reorderingDegree > 0 ? 1 : 0)
    info.word(metrics.outOfOrderSegmentsReceived)
    info.word(metrics.sendWindow)
    return info.bytes
  }

  /// Linux's numbers of the states.
  private static func state(_ state: ConnectionState) -> Int {
    switch state {
    case .established: 1
    case .synSent: 2
    case .synReceived: 3
    case .finWait1: 4
    case .finWait2: 5
    case .timeWait: 6
    case .closed: 7
    case .closeWait: 8
    case .lastAck: 9
    case .listen: 10
    case .closing: 11
    }
  }

  /// TCP_CA_Open, _Disorder, _CWR, _Recovery and _Loss.
  private static func state(_ state: LossRecoveryMetrics.State) -> Int {
    switch state {
    case .open: 0
    case .disorder: 1
    case .congestionWindowReduced: 2
    case .recovery: 3
    case .loss: 4
    }
  }

  /// TCPI_OPT_TIMESTAMPS, _SACK, _WSCALE, _ECN and _SYN_DATA.
  private static func options(_ options: NegotiatedOptions) -> Int {
    var bits = 0
    if options.contains(.timestamps) { bits |= 1 }
    if options.contains(.selectiveAcknowledgment) { bits |= 2 }
    if options.contains(.windowScale) { bits |= 4 }
    if options.contains(.explicitCongestionNotification) { bits |= 8 }
    if options.contains(.fastOpen) { bits |= 32 }
    return bits
  }

  private struct Fields {
    var bytes: [UInt8] = []

    mutating func byte(_ value: Int) { bytes.append(UInt8(clamping: value)) }

    mutating func word(_ value: some BinaryInteger) {
      withUnsafeBytes(of: UInt32(clamping: value)) { bytes.append(contentsOf: $0) }
    }

    mutating func long(_ value: UInt64) {
      withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
    }
  }
}
