internal import SockeyeSimulator
internal import SockeyeTCP
internal import SockeyeWire

/// Writes what happened at each end as events of qlog, with commas between.
///
/// Values that haven't changed since an end's last event of the kind are left out, as qlog has it.
struct QlogEvents {
  /// The events of each end.
  private(set) var written: [[UInt8]] = [[], []]
  private let conversation: Conversation
  private let hasGauges: Bool
  private var analysis = ConversationAnalysis()
  private var segments: [UInt64: Segment] = [:]
  private var states: [State]
  private var outstanding = [OutstandingSegments(), OutstandingSegments()]
  private var trips = [RoundTripMeasurement(), RoundTripMeasurement()]
  private var leastTrips: [Interval?] = [nil, nil]
  private var inferred = [ChangedNumbers(), ChangedNumbers()]
  private var recovery = [ChangedNumbers(), ChangedNumbers()]
  private var transport = [ChangedNumbers(), ChangedNumbers()]
  private var recoveryStates: [LossRecoveryMetrics.State?] = [nil, nil]
  /// qlog wants the events of a trace in the order of time, which captures don't always keep.
  private var latest = [Instant.zero, .zero]

  init(_ conversation: Conversation) {
    self.conversation = conversation
    states = [conversation.initialStates.first, conversation.initialStates.second]
    hasGauges = conversation.events.contains { if case .updated = $0.kind { true } else { false } }
  }

  mutating func takeAll() {
    for event in conversation.events {
      let own = Int(event.end.rawValue)
      latest[own] = max(latest[own], event.time)
      switch event.kind {
      case .sent(let segment, let fate): sent(segment, fate, event)
      case .received(let number): received(number, event)
      case .entered(let state): entered(state, event)
      case .updated(let gauges): updated(gauges, event)
      case .datagram: continue
      }
    }
  }

  private mutating func add(_ name: String, _ event: Event, _ data: (inout JSONWriter) -> Void) {
    let own = Int(event.end.rawValue)
    var writer = JSONWriter()
    writer.object { writer in
      writer.name("time")
      writer.milliseconds(latest[own].nanoseconds)
      writer.name("name")
      writer.string(name)
      writer.name("data")
      writer.object(data)
    }
    written[own] += (written[own].isEmpty ? "\n" : ",\n").utf8
    written[own] += writer.bytes
  }

  // MARK: Segments

  private mutating func sent(_ segment: Segment, _ fate: Fate, _ event: Event) {
    let own = Int(event.end.rawValue)
    let findings = analysis.sends(segment, from: event.end, at: event.time)
    segments[segment.number] = segment
    if segment.stranger == nil, let start = segment.sequence, let end = segment.sequenceEnd {
      trips[own].sends(from: start, to: end, at: event.time)
    }
    add("tcp:segment_sent", event) { data in
      Self.write(segment, to: &data)
      if !findings.isEmpty {
        data.name("findings")
        data.array { for finding in findings { $0.string(finding.name) } }
      }
      guard fate != .delivered else { return }
      data.name("fate")
      data.string(fate.name)
    }
    guard segment.stranger == nil else { return }
    for number in outstanding[own].sends(segment) {
      add("recovery:packet_lost", event) { Self.writeHeader(number, to: &$0) }
    }
    add("transport:packet_sent", event) {
      Self.writeHeader(segment.number, to: &$0)
      Self.writeLengths(segment, to: &$0)
    }
    if !hasGauges { infer(nil, event) }
  }

  private mutating func received(_ number: UInt64, _ event: Event) {
    let own = Int(event.end.rawValue)
    guard let segment = segments[number] else { return }
    analysis.receives(segment, from: event.end.other, at: event.time)
    add("tcp:segment_received", event) { Self.write(segment, to: &$0) }
    guard segment.stranger == nil else { return }
    let covered = outstanding[own].acknowledges(segment)
    add("transport:packet_received", event) {
      Self.writeHeader(number, to: &$0)
      Self.writeLengths(segment, to: &$0)
      Self.writeFrames(covered, to: &$0)
    }
    let trip = segment.acknowledgment.flatMap { trips[own].acknowledges($0, at: event.time) }
    if !hasGauges { infer(trip, event) }
  }

  private static func write(_ segment: Segment, to data: inout JSONWriter) {
    let header = segment.header
    data.name("number")
    data.number(segment.number)
    data.name("flags")
    data.array { for name in SegmentLabel().names(header.flags) { $0.string(name) } }
    add("sequence_number", header.sequenceNumber, to: &data)
    add("sequence", segment.sequence, to: &data)
    if header.flags.contains(.ack) {
      add("acknowledgment_number", header.acknowledgmentNumber, to: &data)
      add("acknowledgment", segment.acknowledgment, to: &data)
    }
    add("window_field", header.window, to: &data)
    add("window", segment.window, to: &data)
    add("payload_length", segment.payloadLength, to: &data)
    guard header.options != TCPOptions() else { return }
    data.name("options")
    data.object { write(header.options, to: &$0) }
  }

  private static func write(_ options: TCPOptions, to data: inout JSONWriter) {
    add("maximum_segment_size", options.maximumSegmentSize, to: &data)
    add("window_scale", options.windowScale, to: &data)
    if options.sackPermitted {
      data.name("sack_permitted")
      data.boolean(true)
    }
    let blocks = options.sackBlocks
    if blocks.count > 0 {
      data.name("sack_blocks")
      data.array { array in
        for index in blocks.indices { array.numbers([Int64(blocks[index].left), Int64(blocks[index].right)]) }
      }
    }
    guard let timestamp = options.timestamp else { return }
    data.name("timestamps")
    data.numbers([Int64(timestamp.value), Int64(timestamp.echo)])
  }

  private static func add(_ name: String, _ value: (some FixedWidthInteger)?, to data: inout JSONWriter) {
    guard let value else { return }
    data.name(name)
    data.number(value)
  }

  // MARK: What QUIC's tools know

  private static func writeHeader(_ number: UInt64, to data: inout JSONWriter) {
    data.name("header")
    data.object {
      $0.name("packet_type")
      $0.string("unknown")
      $0.name("packet_number")
      $0.number(number)
    }
  }

  private static func writeLengths(_ segment: Segment, to data: inout JSONWriter) {
    data.name("raw")
    data.object {
      $0.name("length")
      $0.number(segment.header.length + segment.payloadLength)
      $0.name("payload_length")
      $0.number(segment.payloadLength)
    }
  }

  /// An ACK frame with the segments that were acknowledged, as ranges of their numbers.
  private static func writeFrames(_ numbers: [UInt64], to data: inout JSONWriter) {
    guard !numbers.isEmpty else { return }
    data.name("frames")
    data.array { frames in
      frames.object { frame in
        frame.name("frame_type")
        frame.string("ack")
        frame.name("acked_ranges")
        frame.array { ranges in
          for number in numbers { ranges.numbers([Int64(clamping: number)]) }
        }
      }
    }
  }

  // MARK: States and metrics

  private mutating func entered(_ state: State, _ event: Event) {
    let own = Int(event.end.rawValue)
    let old = states[own]
    states[own] = state
    add("tcp:state_updated", event) {
      $0.name("old")
      $0.string(old.standardName)
      $0.name("new")
      $0.string(state.standardName)
    }
  }

  /// What segments alone tell of what a sender goes by.
  private mutating func infer(_ trip: Interval?, _ event: Event) {
    let own = Int(event.end.rawValue)
    if let trip { leastTrips[own] = min(trip, leastTrips[own] ?? trip) }
    let changed = inferred[own].changes([
      ("bytes_in_flight", .bytes(Int64(clamping: outstanding[own].bytesInFlight))),
      ("latest_rtt", trip.map { .time($0.nanoseconds) } ?? .unknown),
      ("min_rtt", leastTrips[own].map { .time($0.nanoseconds) } ?? .unknown),
    ])
    guard !changed.isEmpty else { return }
    add("recovery:metrics_updated", event) { ChangedNumbers.write(changed, to: &$0) }
  }

  private mutating func updated(_ gauges: ConnectionGauges, _ event: Event) {
    let own = Int(event.end.rawValue)
    let hasTrip = gauges.smoothedRoundTripTime > .zero
    let common = recovery[own].changes([
      ("congestion_window", .bytes(Int64(gauges.congestionWindow))),
      ("bytes_in_flight", .bytes(Int64(gauges.bytesInFlight))),
      ("ssthresh", gauges.slowStartThreshold == .max ? .unknown : .bytes(Int64(gauges.slowStartThreshold))),
      ("smoothed_rtt", hasTrip ? .time(gauges.smoothedRoundTripTime.nanoseconds) : .unknown),
      ("rtt_variance", hasTrip ? .time(gauges.roundTripTimeVariation.nanoseconds) : .unknown),
      ("min_rtt", hasTrip ? .time(gauges.minimumRoundTripTime.nanoseconds) : .unknown),
      ("pto_count", .bytes(Int64(gauges.backoff))),
      ("pacing_rate", gauges.pacingRate == 0 ? .unknown : .bytes(Int64(min(gauges.pacingRate, 1 << 50)) * 8)),
    ])
    if !common.isEmpty { add("recovery:metrics_updated", event) { ChangedNumbers.write(common, to: &$0) } }
    let special = transport[own].changes([
      ("send_window", .bytes(Int64(gauges.sendWindow))),
      ("receive_window", .bytes(Int64(gauges.receiveWindow))),
      ("bytes_lost", .bytes(Int64(gauges.bytesLost))),
      ("bytes_selectively_acknowledged", .bytes(Int64(gauges.bytesSelectivelyAcknowledged))),
      ("bytes_not_sent", .bytes(Int64(gauges.bytesNotSent))),
      ("retransmission_timeout", .time(gauges.retransmissionTimeout.nanoseconds)),
      ("delivery_rate", gauges.deliveryRate == 0 ? .unknown : .bytes(Int64(clamping: gauges.deliveryRate))),
    ])
    if !special.isEmpty { add("tcp:metrics_updated", event) { ChangedNumbers.write(special, to: &$0) } }
    guard gauges.recoveryState != recoveryStates[own] else { return }
    let old = recoveryStates[own]
    recoveryStates[own] = gauges.recoveryState
    add("recovery:congestion_state_updated", event) {
      if let old {
        $0.name("old")
        $0.string("\(old)")
      }
      $0.name("new")
      $0.string("\(gauges.recoveryState)")
    }
  }
}

/// Numbers by name, of which only those are told that have changed.
struct ChangedNumbers {
  enum Value: Equatable {
    case unknown
    case bytes(Int64)
    case time(Int64)
  }

  private var known: [String: Value] = [:]

  mutating func changes(_ values: [(String, Value)]) -> [(String, Value)] {
    let changed = values.filter { name, value in value != .unknown && known[name] != value }
    for (name, value) in changed { known[name] = value }
    return changed
  }

  static func write(_ values: [(String, Value)], to data: inout JSONWriter) {
    for (name, value) in values {
      data.name(name)
      switch value {
      case .unknown: data.boolean(false)
      case .bytes(let number): data.number(number)
      case .time(let nanoseconds): data.milliseconds(nanoseconds)
      }
    }
  }
}
