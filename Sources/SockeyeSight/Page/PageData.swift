internal import SockeyeSimulator
internal import SockeyeTCP
internal import SockeyeText
internal import SockeyeWire

/// Turns a conversation into the columns of numbers that the page's script draws.
///
/// A column is an array with a number for each segment, or for each change of the gauges: half the size of objects, and
/// read in a fraction of the time.
struct PageData {
  /// More changes of the gauges than that aren't kept of an end, since no plot has more points.
  private static let gaugeLimit = 16_384

  private let conversation: Conversation
  private var columns = SegmentColumns()
  private var trips: [[Int64]] = [[], []]
  private var gauges: [[(time: Instant, gauges: ConnectionGauges)]] = [[], []]
  private var places: [UInt64: Int] = [:]
  private let diagram: SequenceDiagram

  init(_ conversation: Conversation) {
    self.conversation = conversation
    diagram = SequenceDiagram(conversation)
    var measurements = [RoundTripMeasurement(), RoundTripMeasurement()]
    var acknowledgments: [UInt64: StreamOffset] = [:]
    for event in conversation.events {
      let own = Int(event.end.rawValue)
      switch event.kind {
      case .sent(let segment, let fate):
        places[segment.number] = columns.count
        columns.append(segment, fate, from: event.end, at: event.time)
        acknowledgments[segment.number] = segment.acknowledgment
        if let start = segment.sequence, let end = segment.sequenceEnd {
          measurements[own].sends(from: start, to: end, at: event.time)
        }
      case .received(let number):
        if let place = places[number] { columns.arrives(place, at: event.time) }
        guard let acknowledgment = acknowledgments.removeValue(forKey: number) else { continue }
        guard let trip = measurements[own].acknowledges(acknowledgment, at: event.time) else { continue }
        trips[own] += [event.time.nanoseconds, trip.nanoseconds]
      case .updated(let new): gauges[own].append((event.time, new))
      case .entered, .datagram: continue
      }
    }
  }

  /// Writes the members of the page's object that describe the conversation.
  func write(to island: inout JSONWriter) {
    island.name("names")
    island.array {
      $0.string(conversation.names.first)
      $0.string(conversation.names.second)
    }
    island.name("states")
    island.array { for state in State.allCases { $0.string(state.standardName) } }
    island.name("initial")
    island.numbers([conversation.initialStates.first, conversation.initialStates.second].map(\.place))
    columns.write(to: &island)
    writeRows(to: &island)
    island.name("trips")
    island.array { for trips in trips { $0.numbers(trips) } }
    island.name("gauges")
    island.array { for gauges in gauges { Self.write(Self.thinned(gauges), to: &$0) } }
    writeVerdict(to: &island)
  }

  // MARK: Rows

  /// Rows as one number each: the segment's place times four, and what the row shows. Changes of states are rare, and
  /// stand in a list of their own; so do findings.
  private func writeRows(to island: inout JSONWriter) {
    var changes: [Int64] = []
    var findings: [Int64] = []
    var phrases = PhraseTable()
    let rows = diagram.rows.enumerated().map { index, row -> Int64 in
      if !row.changed.isEmpty {
        let ends = (row.changed.contains(.first) ? 1 : 0) + (row.changed.contains(.second) ? 2 : 0)
        changes += [Int64(index), row.time.nanoseconds, row.states.first.place, row.states.second.place, Int64(ends)]
      }
      let (packet, kind, found): (SequenceDiagram.Packet?, Int64, [Finding]) =
        switch row.content {
        case .state: (nil, 0, [])
        case .crossing(let packet, _, _, _, let findings): (packet, 1, findings)
        case .departure(let packet, _, _, let findings): (packet, 2, findings)
        case .arrival(let packet, _): (packet, 3, [])
        }
      let place = Int64(packet.flatMap { places[$0.number] } ?? 0)
      for finding in found { findings += [place, phrases.place(of: finding)] }
      return place * 4 + kind
    }
    island.name("rows")
    island.numbers(rows)
    island.name("changes")
    island.numbers(changes)
    island.name("findings")
    island.numbers(findings)
    island.name("phrases")
    island.array { island in
      for finding in phrases.findings {
        island.array {
          $0.string(finding.name)
          $0.phrase(finding.phrase)
        }
      }
    }
    island.name("fates")
    island.array { island in
      for fate in Fate.allCases { island.phrase(fate.phrase ?? Phrase("", zh: "")) }
    }
  }

  // MARK: Gauges

  /// Every so many changes, and each at which the threshold or the recovery changed.
  private static func thinned(_ all: [(time: Instant, gauges: ConnectionGauges)]) -> [(
    time: Instant, gauges: ConnectionGauges
  )] {
    let step = (all.count + gaugeLimit - 1) / gaugeLimit
    guard step > 1 else { return all }
    return all.indices.filter { index in
      guard index > 0 else { return true }
      let (before, now) = (all[index - 1].gauges, all[index].gauges)
      return index % step == 0 || before.slowStartThreshold != now.slowStartThreshold
        || before.recoveryState != now.recoveryState || before.backoff != now.backoff
    }.map { all[$0] }
  }

  /// An object of columns; a value that isn't known or has no end is -1.
  private static func write(_ gauges: [(time: Instant, gauges: ConnectionGauges)], to island: inout JSONWriter) {
    let columns: [(String, (ConnectionGauges) -> Int64)] = [
      ("congestionWindow", { Int64($0.congestionWindow) }),
      ("slowStartThreshold", { $0.slowStartThreshold == .max ? -1 : Int64($0.slowStartThreshold) }),
      ("sendWindow", { Int64($0.sendWindow) }),
      ("receiveWindow", { Int64($0.receiveWindow) }),
      ("inFlight", { Int64($0.bytesInFlight) }),
      ("lost", { Int64($0.bytesLost) }),
      ("selectivelyAcknowledged", { Int64($0.bytesSelectivelyAcknowledged) }),
      ("notSent", { Int64($0.bytesNotSent) }),
      ("smoothed", { $0.smoothedRoundTripTime.nanoseconds }),
      ("variation", { $0.roundTripTimeVariation.nanoseconds }),
      ("least", { $0.minimumRoundTripTime.nanoseconds }),
      ("timeout", { $0.retransmissionTimeout.nanoseconds }),
      ("pacing", { Int64(clamping: $0.pacingRate) }),
      ("delivery", { Int64(clamping: $0.deliveryRate) }),
      ("backoff", { Int64($0.backoff) }),
      ("recovery", { Int64($0.recoveryState.rawValue) }),
    ]
    island.object { island in
      island.name("time")
      island.numbers(gauges.lazy.map(\.time.nanoseconds))
      for (name, value) in columns {
        island.name(name)
        island.numbers(gauges.lazy.map { value($0.gauges) })
      }
    }
  }

  // MARK: Verdict

  /// The paragraphs in each language; none where nothing was sent that could have been slow.
  private func writeVerdict(to island: inout JSONWriter) {
    island.name("verdict")
    let verdict = Verdict(conversation)
    island.array { island in
      for language in [Language.english, .chinese] {
        island.array { for paragraph in verdict?.paragraphs(in: language) ?? [] { $0.string(paragraph) } }
      }
    }
  }
}

/// What happened to each segment, a column for each fact.
private struct SegmentColumns {
  private var headers: [UInt8] = []
  private var numbers: [Int64] = []
  private var sent: [Int64] = []
  private var arrivals: [Int64] = []
  private var origins: [Int64] = []
  private var lengths: [Int64] = []
  private var sequences: [Int64] = []
  private var acknowledgments: [Int64] = []
  private var windows: [Int64] = []

  var count: Int { sent.count }

  mutating func append(_ segment: Segment, _ fate: Fate, from end: End, at time: Instant) {
    headers += segment.headerBytes.isEmpty ? Self.emitted(segment.header) : segment.headerBytes
    numbers.append(Int64(clamping: segment.number))
    sent.append(time.nanoseconds)
    arrivals.append(-1)
    origins.append(Int64(end.rawValue) + 2 * (Fate.allCases.firstIndex(of: fate).map(Int64.init) ?? 0))
    lengths.append(Int64(segment.payloadLength))
    sequences.append(segment.sequence.map { Int64(clamping: $0) } ?? -1)
    acknowledgments.append(segment.acknowledgment.map { Int64(clamping: $0) } ?? -1)
    windows.append(segment.window.map { Int64(clamping: $0) } ?? -1)
  }

  /// Notes the first arrival of a segment.
  mutating func arrives(_ place: Int, at time: Instant) {
    if arrivals[place] < 0 { arrivals[place] = time.nanoseconds }
  }

  func write(to island: inout JSONWriter) {
    island.name("headers")
    island.base64(headers)
    for (name, column) in [
      ("numbers", numbers), ("sent", sent), ("arrivals", arrivals), ("origins", origins), ("lengths", lengths),
      ("sequences", sequences), ("acknowledgments", acknowledgments), ("windows", windows),
    ] {
      island.name(name)
      island.numbers(column)
    }
  }

  private static func emitted(_ header: TCPHeader) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: header.length)
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    header.emit(into: &raw)
    return bytes
  }
}

/// Findings by number, each of them once.
private struct PhraseTable {
  private(set) var findings: [Finding] = []
  private var places: [Finding: Int64] = [:]

  mutating func place(of finding: Finding) -> Int64 {
    if let place = places[finding] { return place }
    let place = Int64(findings.count)
    findings.append(finding)
    places[finding] = place
    return place
  }
}

extension State {
  /// Its place among all states.
  fileprivate var place: Int64 { Int64(State.allCases.firstIndex(of: self) ?? 0) }
}
