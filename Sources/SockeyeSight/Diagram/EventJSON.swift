internal import SockeyeSimulator
internal import SockeyeTCP
internal import SockeyeText
internal import SockeyeWire

/// Writes the events of a conversation as JSON, one a line, for programs.
public enum EventJSON {
  /// All events of a conversation, in order.
  public static func lines(_ conversation: Conversation) -> [String] {
    var analysis = ConversationAnalysis()
    var segments: [UInt64: (Segment, End)] = [:]
    var roundTrips = [RoundTripMeasurement(), RoundTripMeasurement()]
    return conversation.events.map { event in
      switch event.kind {
      case .sent(let segment, let fate):
        let findings = analysis.sends(segment, from: event.end, at: event.time)
        segments[segment.number] = (segment, event.end)
        if segment.stranger == nil, let start = segment.sequence, let end = segment.sequenceEnd {
          roundTrips[Int(event.end.rawValue)].sends(from: start, to: end, at: event.time)
        }
        var line = begin("segment-sent", event, conversation)
        add(segment, to: &line)
        if !findings.isEmpty { line.add("findings", findings.map(\.name)) }
        if fate != .delivered { line.add("fate", fate.name) }
        return line.line
      case .received(let number):
        var line = begin("segment-received", event, conversation)
        line.add("segment", number)
        guard let (segment, from) = segments[number] else { return line.line }
        analysis.receives(segment, from: from, at: event.time)
        if segment.stranger == nil, let acknowledgment = segment.acknowledgment,
          let trip = roundTrips[Int(event.end.rawValue)].acknowledges(acknowledgment, at: event.time)
        {
          line.add("roundTripNanoseconds", trip.nanoseconds)
        }
        return line.line
      case .entered(let state):
        var line = begin("state", event, conversation)
        line.add("state", state.standardName)
        return line.line
      case .datagram(let datagram, let fate):
        var line = begin("datagram-sent", event, conversation)
        line.add("segment", datagram.number)
        line.add("text", datagram.text)
        if fate != .delivered { line.add("fate", fate.name) }
        return line.line
      case .updated(let gauges):
        var line = begin("metrics-updated", event, conversation)
        add(gauges, to: &line)
        return line.line
      }
    }
  }

  /// A segment that passed just now, as one line.
  public static func line(
    _ segment: Segment,
    _ findings: [Finding],
    from end: End,
    of summary: ConversationSummary
  ) -> String {
    var line = JSONLine(event: "segment-seen")
    line.add("connection", summary.number)
    line.add("nanoseconds", summary.ended.nanoseconds)
    line.add("from", "\(end == .first ? summary.key.first : summary.key.second)")
    line.add("to", "\(end == .first ? summary.key.second : summary.key.first)")
    add(segment, to: &line)
    if !findings.isEmpty { line.add("findings", findings.map(\.name)) }
    return line.line
  }

  private static func begin(_ name: String, _ event: Event, _ conversation: Conversation) -> JSONLine {
    var line = JSONLine(event: name)
    line.add("time", seconds: .nanoseconds(event.time.nanoseconds))
    line.add("nanoseconds", event.time.nanoseconds)
    line.add("end", conversation.name(of: event.end))
    return line
  }

  private static func add(_ gauges: ConnectionGauges, to line: inout JSONLine) {
    line.add("congestionWindow", gauges.congestionWindow)
    if gauges.slowStartThreshold < .max { line.add("slowStartThreshold", gauges.slowStartThreshold) }
    line.add("sendWindow", gauges.sendWindow)
    line.add("receiveWindow", gauges.receiveWindow)
    line.add("bytesInFlight", gauges.bytesInFlight)
    line.add("bytesLost", gauges.bytesLost)
    line.add("bytesSelectivelyAcknowledged", gauges.bytesSelectivelyAcknowledged)
    line.add("bytesNotSent", gauges.bytesNotSent)
    line.add("smoothedRoundTripNanoseconds", gauges.smoothedRoundTripTime.nanoseconds)
    line.add("minimumRoundTripNanoseconds", gauges.minimumRoundTripTime.nanoseconds)
    line.add("retransmissionTimeoutNanoseconds", gauges.retransmissionTimeout.nanoseconds)
    line.add("recovery", "\(gauges.recoveryState)")
  }

  private static func add(_ segment: Segment, to line: inout JSONLine) {
    let header = segment.header
    line.add("segment", segment.number)
    line.add("flags", SegmentLabel().names(header.flags))
    line.add("sequenceNumber", header.sequenceNumber)
    if let sequence = segment.sequence { line.add("sequence", sequence) }
    if header.flags.contains(.ack) {
      line.add("acknowledgmentNumber", header.acknowledgmentNumber)
      if let acknowledgment = segment.acknowledgment { line.add("acknowledgment", acknowledgment) }
    }
    line.add("length", segment.payloadLength)
    line.add("window", header.window)
    if let window = segment.window { line.add("windowBytes", window) }
    if let size = header.options.maximumSegmentSize { line.add("maximumSegmentSize", size) }
    if let shift = header.options.windowScale { line.add("windowScale", shift) }
  }
}

extension Fate {
  /// The name by which programs know it.
  var name: String {
    switch self {
    case .delivered: "delivered"
    case .corrupted: "corrupted"
    case .duplicated: "duplicated"
    case .lost: "lost"
    case .queueFull: "queue-full"
    case .queueDelay: "queue-delay"
    case .linkDown: "link-down"
    }
  }
}
