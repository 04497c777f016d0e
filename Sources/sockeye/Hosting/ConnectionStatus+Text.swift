import SockeyeHost
import SockeyeTCP

/// Connections as `ss -ti` writes them.
extension ConnectionStatus {
  /// The line over all.
  static var heading: String { row("State", "Recv-Q", "Send-Q", "Local Address:Port", "Peer Address:Port") }

  /// The connection in two lines.
  var text: String {
    Self.row(stateName, "\(receiveQueue)", "\(sendQueue)", local.text, remote.text) + "\n\t "
      + fields.joined(separator: " ")
  }

  private static func row(_ columns: String...) -> String {
    let widths = [10, 6, 6, 28, 0]
    return zip(columns, widths).map { text, width in
      text + String(repeating: " ", count: max(0, width - text.utf8.count))
    }.joined(separator: " ")
  }

  private var stateName: String {
    switch metrics.state {
    case .closed: "UNCONN"
    case .listen: "LISTEN"
    case .synSent: "SYN-SENT"
    case .synReceived: "SYN-RECV"
    case .established: "ESTAB"
    case .finWait1: "FIN-WAIT-1"
    case .finWait2: "FIN-WAIT-2"
    case .closeWait: "CLOSE-WAIT"
    case .closing: "CLOSING"
    case .lastAck: "LAST-ACK"
    case .timeWait: "TIME-WAIT"
    }
  }

  private var algorithmName: String {
    switch congestionControl {
    case .newReno: "reno"
    case .cubic: "cubic"
    case .bbr: "bbr"
    case .supplied(let controller): "\(controller.name)"
    }
  }

  private var fields: [String] {
    var fields: [String] = []
    for (option, name): (NegotiatedOptions, String) in [
      (.timestamps, "ts"), (.selectiveAcknowledgment, "sack"), (.explicitCongestionNotification, "ecn"),
      (.accurateCongestionNotification, "accecn"), (.windowScale, "wscale"), (.fastOpen, "fastopen"),
    ] where metrics.options.contains(option) {
      fields.append(name)
    }
    fields.append(algorithmName)
    fields += [
      "rto:\(Self.milliseconds(metrics.retransmissionTimeout))",
      "rtt:\(Self.milliseconds(metrics.smoothedRoundTripTime))/\(Self.milliseconds(metrics.roundTripTimeVariation))",
      "mss:\(metrics.sendSegmentSize)", "pmtu:\(metrics.pathMTU)", "rcvmss:\(metrics.receiveSegmentSize)",
      "advmss:\(metrics.announcedSegmentSize)", "cwnd:\(metrics.congestionWindow / max(metrics.sendSegmentSize, 1))",
    ]
    func add(_ name: String, _ count: some BinaryInteger) {
      if count > 0 { fields.append("\(name):\(count)") }
    }
    if metrics.slowStartThreshold != .max {
      add("ssthresh", metrics.slowStartThreshold / max(metrics.sendSegmentSize, 1))
    }
    add("backoff", metrics.backoff)
    add("bytes_sent", metrics.bytesSent)
    add("bytes_retrans", metrics.bytesRetransmitted)
    add("bytes_acked", metrics.bytesAcknowledged)
    add("bytes_received", metrics.bytesReceived)
    add("segs_out", metrics.segmentsSent)
    add("segs_in", metrics.segmentsReceived)
    add("data_segs_out", metrics.dataSegmentsSent)
    add("data_segs_in", metrics.dataSegmentsReceived)
    fields.append("lastsnd:\(metrics.sinceLastDataSent.milliseconds)")
    fields.append("lastrcv:\(metrics.sinceLastDataReceived.milliseconds)")
    fields.append("lastack:\(metrics.sinceLastAcknowledgmentReceived.milliseconds)")
    if metrics.pacingRate > 0 { fields.append("pacing_rate \(Self.rate(metrics.pacingRate))") }
    if metrics.deliveryRate > 0 { fields.append("delivery_rate \(Self.rate(metrics.deliveryRate))") }
    add("unacked", metrics.bytesInFlight / max(metrics.sendSegmentSize, 1))
    if metrics.segmentsRetransmitted > 0 { fields.append("retrans:0/\(metrics.segmentsRetransmitted)") }
    add("dsack_dups", metrics.duplicatesReported)
    add("rcv_ooopack", metrics.outOfOrderSegmentsReceived)
    if metrics.receiverRoundTripTime > .zero {
      fields.append("rcv_rtt:\(Self.milliseconds(metrics.receiverRoundTripTime))")
    }
    add("rcv_space", metrics.receiveBuffer)
    add("rcv_wnd", metrics.receiveWindow)
    add("notsent", metrics.bytesNotSent)
    if metrics.minimumRoundTripTime > .zero {
      fields.append("minrtt:\(Self.milliseconds(metrics.minimumRoundTripTime))")
    }
    add("snd_wnd", metrics.sendWindow)
    return fields
  }

  private static func milliseconds(_ interval: Interval) -> String {
    RateText.decimal(Double(interval.nanoseconds) / 1e6, places: 3)
  }

  private static func rate(_ bytes: UInt64) -> String {
    RateText.bits(Double(bytes) * 8).split(separator: " ").joined() + "bps"
  }
}
