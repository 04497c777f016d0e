import SockeyeTCP
import SockeyeWire
import Testing

/// One connection, and a test that plays its peer: segments are injected, segments are expected, time is moved.
///
/// Sequence numbers are relative to each side's initial one, so a script reads like the RFC's figures: the SYN is 0 and
/// the first byte of data is 1. A failure prints every segment that went before.
final class SegmentScript {
  var connection: Connection
  private(set) var now: Instant
  private(set) var trace: [String] = []
  /// How many segments a plan may cover.
  var maximumSegments = 1
  /// What the peer's timestamps say, where they are in use; the echo is ours of the latest segment.
  var peerTimestamp: UInt32?
  private(set) var lastTimestamp: UInt32 = 0
  private(set) var lastPlan = SegmentPlan()
  /// What the connection kept of the segment injected last.
  private(set) var lastReception = Reception()

  static let ourInitial: UInt32 = 0xFFFF_F000
  static let peerInitial: UInt32 = 0x7FFF_FF00
  static let start = Instant(nanoseconds: 5_000_000_000)
  static let ports = PortPair(local: 40_000, remote: 80)
  static let secrets = ConnectionSecrets(initialSequenceNumber: ourInitial, timestampOffset: 77)

  /// A connection that is still closed.
  init(
    _ configuration: ConnectionConfiguration = .plain,
    path: NetworkPath = NetworkPath(version: .v4)
  ) {
    now = Self.start
    connection = Connection(
      configuration: configuration,
      path: path,
      ports: Self.ports,
      secrets: Self.secrets,
      now: now
    )
  }

  /// A connection made of a peer's SYN.
  init(
    accepting options: TCPOptions = .mss(1_460),
    flags: TCPFlags = .syn,
    window: UInt16 = 65_535,
    codepoint: ECNCodepoint = .notCapable,
    payloadLength: Int = 0,
    fastOpen: FastOpenDecision = .none,
    _ configuration: ConnectionConfiguration = .plain,
    path: NetworkPath = NetworkPath(version: .v4)
  ) {
    now = Self.start
    var syn = TCPHeader(
      sourcePort: Self.ports.remote,
      destinationPort: Self.ports.local,
      sequenceNumber: Self.peerInitial,
      flags: flags
    )
    syn.window = window
    syn.options = options
    connection = Connection(
      accepting: syn,
      payloadLength: payloadLength,
      fastOpen: fastOpen,
      codepoint: codepoint,
      configuration: configuration,
      path: path,
      ports: Self.ports,
      secrets: Self.secrets,
      now: now
    )
    trace.append("\(clock) > \(describe(syn, length: payloadLength))")
  }

  /// A connection opened by us and established: what was negotiated is what both offered.
  static func established(
    _ configuration: ConnectionConfiguration = .plain,
    options: TCPOptions = .mss(1_460),
    window: UInt16 = 65_535,
    path: NetworkPath = NetworkPath(version: .v4),
    roundTrip: Interval = .milliseconds(10)
  ) -> SegmentScript {
    let script = SegmentScript(configuration, path: path)
    script.connection.open(now: script.now)
    script.peerTimestamp = options.timestamp?.value
    script.sends(.syn, seq: 0)
    script.pass(roundTrip)
    var options = options
    if options.timestamp != nil { options.timestamp?.echo = script.lastTimestamp }
    script.receives([.syn, .ack], seq: 0, ack: 1, window: window, options: options)
    script.sends(.ack, seq: 1, ack: 1)
    script.hears(.established)
    return script
  }

  /// A connection that was made elsewhere, such as from a cookie.
  init(_ connection: consuming Connection, at now: Instant = SegmentScript.start) {
    self.now = now
    self.connection = connection
  }

  // MARK: The peer

  /// The peer's segment arrives.
  @discardableResult
  func receives(
    _ flags: TCPFlags,
    seq: UInt32,
    ack: UInt32? = nil,
    length: Int = 0,
    window: UInt16 = 65_535,
    urgent: UInt16 = 0,
    options: TCPOptions = TCPOptions(),
    sack: [ClosedRange<UInt32>] = [],
    count: Int = 1,
    codepoint: ECNCodepoint = .notCapable
  ) -> Reception {
    var header = TCPHeader(
      sourcePort: Self.ports.remote,
      destinationPort: Self.ports.local,
      sequenceNumber: Self.peerInitial &+ seq,
      acknowledgmentNumber: ack.map { Self.ourInitial &+ $0 } ?? 0,
      flags: flags,
      window: window,
      urgentPointer: urgent,
      options: options
    )
    if let peerTimestamp, options.timestamp == nil, !flags.contains(.rst) {
      header.options.timestamp = TCPOptions.Timestamp(value: peerTimestamp, echo: lastTimestamp)
    }
    for block in sack {
      header.options.sackBlocks.append(
        SACKBlock(left: Self.ourInitial &+ block.lowerBound, right: Self.ourInitial &+ block.upperBound)
      )
    }
    trace.append("\(clock) > \(describe(header, length: length, incoming: true))")
    lastReception = connection.receive(
      header,
      payloadLength: length,
      segmentCount: count,
      codepoint: codepoint,
      arrival: now
    )
    return lastReception
  }

  /// The connection sends a segment, next, and it looks like this.
  @discardableResult
  func sends(
    _ flags: TCPFlags,
    seq: UInt32,
    ack: UInt32? = nil,
    length: Int = 0,
    window: UInt16? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) -> SegmentPlan {
    guard let plan = next() else {
      Issue.record(
        "expected \(name(flags)) seq \(seq) length \(length), nothing was sent\n\(story)",
        sourceLocation: sourceLocation
      )
      return SegmentPlan()
    }
    let header = plan.header
    var wrong: [String] = []
    if header.flags.subtracting(.psh) != flags.subtracting(.psh)
      || (flags.contains(.psh) && !header.flags.contains(.psh))
    {
      wrong.append("flags \(name(header.flags)), not \(name(flags))")
    }
    let sentSeq = header.sequenceNumber &- Self.ourInitial
    if sentSeq != seq { wrong.append("seq \(sentSeq), not \(seq)") }
    let sentAck = header.acknowledgmentNumber &- Self.peerInitial
    if let ack, sentAck != ack { wrong.append("ack \(sentAck), not \(ack)") }
    if plan.payload.count != length { wrong.append("length \(plan.payload.count), not \(length)") }
    if let window, header.window != window { wrong.append("window \(header.window), not \(window)") }
    if !wrong.isEmpty {
      Issue.record("\(wrong.joined(separator: "; "))\n\(story)", sourceLocation: sourceLocation)
    }
    return plan
  }

  /// The connection has nothing to send.
  func isSilent(sourceLocation: SourceLocation = #_sourceLocation) {
    guard let plan = next() else { return }
    Issue.record(
      "expected silence, sent \(describe(plan.header, length: plan.payload.count))\n\(story)",
      sourceLocation: sourceLocation
    )
  }

  /// Takes the next segment, if there is one.
  func next() -> SegmentPlan? {
    var plan = SegmentPlan()
    guard connection.nextSegment(now: now, maximumSegments: maximumSegments, into: &plan) else { return nil }
    if let timestamp = plan.header.options.timestamp { lastTimestamp = timestamp.value }
    trace.append("\(clock) < \(describe(plan.header, length: plan.payload.count))")
    #expect(plan.segmentCount <= max(maximumSegments, 1), "more segments than were asked for\n\(story)")
    lastPlan = plan
    return plan
  }

  /// Takes all that there is to send.
  @discardableResult
  func drain() -> [SegmentPlan] {
    var plans: [SegmentPlan] = []
    while let plan = next(), plans.count < 10_000 { plans.append(plan) }
    return plans
  }

  /// The network reports an error about a segment of ours; answers whether that was believed.
  @discardableResult
  func reports(_ error: NetworkError, quoting seq: UInt32) -> Bool {
    trace.append("\(clock) > \(error) about seq \(seq)")
    return connection.receive(error, quotedSequenceNumber: Self.ourInitial &+ seq, now: now)
  }

  // MARK: The application

  /// The application writes.
  func writes(_ count: Int, push: Bool = true) {
    trace.append("\(clock)   send(\(count))")
    connection.send(count, push: push, now: now)
  }

  /// The connection tells this event, next but for those that only report progress.
  func hears(_ expected: ConnectionEvent, sourceLocation: SourceLocation = #_sourceLocation) {
    let heard = events()
    if !heard.contains(expected) {
      Issue.record("expected event \(expected), heard \(heard)\n\(story)", sourceLocation: sourceLocation)
    }
  }

  /// All events that wait.
  func events() -> [ConnectionEvent] {
    var heard: [ConnectionEvent] = []
    while let event = connection.nextEvent() { heard.append(event) }
    return heard
  }

  /// The connection is in this state.
  func isIn(_ state: ConnectionState, sourceLocation: SourceLocation = #_sourceLocation) {
    if connection.state != state {
      Issue.record("expected state \(state), not \(connection.state)\n\(story)", sourceLocation: sourceLocation)
    }
  }

  // MARK: Time

  /// Time passes, and timers run when they are due.
  func pass(_ interval: Interval) {
    let end = now + interval
    while connection.nextDeadline <= end, connection.nextDeadline > now {
      now = connection.nextDeadline
      connection.advance(to: now)
      guard connection.nextDeadline > now else { break }
    }
    now = max(now, end)
    connection.advance(to: now)
  }

  /// Time passes up to the next deadline, which is answered after how long; nil where there is none.
  @discardableResult
  func passToDeadline() -> Interval? {
    let deadline = connection.nextDeadline
    guard deadline != .never else { return nil }
    let passed = max(deadline, now) - now
    now = max(deadline, now)
    connection.advance(to: now)
    return passed
  }

  /// Time passes from deadline to deadline until something is sent, for `limit` at most.
  ///
  /// - Returns: how long it took.
  @discardableResult
  func passUntilSent(limit: Interval = .seconds(3_600)) -> Interval? {
    let began = now
    for _ in 0..<10_000 {
      if next() != nil { return now - began }
      guard connection.nextDeadline != .never, connection.nextDeadline - began <= limit else { return nil }
      passToDeadline()
    }
    return nil
  }

  // MARK: The story so far

  var story: String { trace.suffix(60).joined(separator: "\n") }

  private var clock: String {
    let milliseconds = String((now - Self.start).milliseconds)
    return String(repeating: " ", count: max(0, 7 - milliseconds.count)) + milliseconds + " ms"
  }

  private func describe(_ header: TCPHeader, length: Int, incoming: Bool = false) -> String {
    let ours = Self.ourInitial
    let peers = Self.peerInitial
    let isOurs = header.sourcePort == Self.ports.local
    let seq = header.sequenceNumber &- (isOurs ? ours : peers)
    let ack = header.acknowledgmentNumber &- (isOurs ? peers : ours)
    var text = "\(name(header.flags)) seq \(seq)"
    if header.flags.contains(.ack) { text += " ack \(ack)" }
    text += " window \(header.window) length \(length)"
    for index in header.options.sackBlocks.indices {
      let block = header.options.sackBlocks[index]
      let origin = isOurs ? peers : ours
      text += " sack \(block.left &- origin)-\(block.right &- origin)"
    }
    return text
  }

  private func name(_ flags: TCPFlags) -> String {
    let names: [(TCPFlags, String)] = [
      (.syn, "SYN"), (.fin, "FIN"), (.rst, "RST"), (.psh, "PSH"), (.ack, "ACK"), (.urg, "URG"), (.ece, "ECE"),
      (.cwr, "CWR"), (.ae, "AE"),
    ]
    return names.filter { flags.contains($0.0) }.map(\.1).joined(separator: ",")
  }
}

extension ConnectionConfiguration {
  /// No options but the MSS, no pacing and no quick acknowledgments: the plainest connection, for scripts.
  static var plain: ConnectionConfiguration {
    var configuration = ConnectionConfiguration()
    configuration.timestamps = false
    configuration.selectiveAcknowledgment = false
    configuration.windowScale = nil
    configuration.pacing = false
    configuration.tailLossProbe = false
    configuration.quickAcknowledgments = 0
    configuration.pathMTUProbing = false
    return configuration
  }

  /// The same, changed.
  func with(_ change: (inout ConnectionConfiguration) -> Void) -> ConnectionConfiguration {
    var changed = self
    change(&changed)
    return changed
  }
}

extension TCPOptions {
  static func mss(_ size: UInt16) -> TCPOptions {
    var options = TCPOptions()
    options.maximumSegmentSize = size
    return options
  }

  /// What a modern peer's SYN has.
  static var modern: TCPOptions {
    var options = TCPOptions.mss(1_460)
    options.sackPermitted = true
    options.windowScale = 7
    options.timestamp = Timestamp(value: 1_000, echo: 0)
    return options
  }
}
