import SockeyeTCP
import SockeyeWire

/// A connection, and a peer, a program and a network that do with it what the fuzzer's bytes say. After every step all
/// that the connection wants to send is taken from it, through the codec, and checked.
///
/// The peer knows where the connection stands, so most of what it says is nearly right: that reaches further than noise.
struct HostilePeer: ~Copyable {
  private var input: FuzzInput
  private let configuration: ConnectionConfiguration
  private var connection: Connection
  private var now = Instant.zero
  private var plan = SegmentPlan()

  /// The sequence number after the last that the connection has sent, and the last that it acknowledged.
  private var sentEnd: UInt32 = 0
  private var acknowledged: UInt32 = HostilePeer.initialSequenceNumber
  private var lastTimestamp: UInt32 = 0
  private var timestamp: UInt32 = 1_000
  private var written: UInt64 = 0
  /// Segments given to the connection.
  private(set) var segmentCount = 0

  private static let initialSequenceNumber: UInt32 = 0xFFFF_F000
  private static let ports = PortPair(local: 1_024, remote: 80)

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    var input = FuzzInput(bytes)
    configuration = Self.configuration(&input)
    let path = NetworkPath(version: input.byte() & 1 == 0 ? .v4 : .v6)
    connection = Connection(
      configuration: configuration,
      path: path,
      ports: Self.ports,
      secrets: ConnectionSecrets(initialSequenceNumber: 0xFFFF_FF00, timestampOffset: 0xFFFF_FFF0),
      now: .zero
    )
    self.input = input
    open(path)
  }

  private static func configuration(_ input: inout FuzzInput) -> ConnectionConfiguration {
    var configuration = ConnectionConfiguration()
    let switches = input.word()
    func isOn(_ bit: UInt16) -> Bool { switches >> bit & 1 == 0 }
    configuration.congestionControl = Self.congestionControl(input.byte())
    configuration.explicitCongestionNotification =
      ExplicitCongestionNotification(rawValue: input.byte() % 4) ?? .accurate
    configuration.selectiveAcknowledgment = isOn(0)
    configuration.timestamps = isOn(1)
    configuration.windowScale = isOn(2) ? ConnectionConfiguration.automaticWindowScale : nil
    configuration.autotune = isOn(3)
    configuration.recentAcknowledgment = isOn(4)
    configuration.tailLossProbe = isOn(5)
    configuration.proportionalRateReduction = isOn(6)
    configuration.forwardRetransmissionTimeoutRecovery = isOn(7)
    configuration.pacing = isOn(8)
    configuration.nagle = isOn(9)
    configuration.pathMTUProbing = isOn(10)
    configuration.challengesBlindAttacks = isOn(11)
    configuration.fastOpen = !isOn(12)
    if !isOn(13) { configuration.keepAliveIdle = .seconds(1) }
    if !isOn(14) { configuration.userTimeout = .seconds(30) }
    if !isOn(15) { configuration.maximumOutOfOrderRanges = 3 }
    configuration.receiveBuffer = 1_024 + UInt32(input.byte()) << 10
    configuration.sendBuffer = 1_024 + UInt32(input.byte()) << 12
    return configuration
  }

  /// A quarter of the connections have a controller that answers whatever the bytes say.
  private static func congestionControl(_ byte: UInt8) -> CongestionControlAlgorithm {
    let choices = CongestionControlAlgorithm.builtIn
    let choice = Int(byte % 4)
    return choice < choices.count ? choices[choice] : .supplied(byte & 4 == 0 ? erratic : erraticOwner)
  }

  private static let erratic = SuppliedCongestionController("erratic") { start in
    ErraticController(ownsWindow: false, state: start.seed)
  }
  private static let erraticOwner = SuppliedCongestionController("erratic, of its own window") { start in
    ErraticController(ownsWindow: true, state: start.seed)
  }

  /// Most connections get through the handshake.
  private mutating func open(_ path: NetworkPath) {
    let shape = input.byte()
    let isActive = shape & 1 == 0
    if isActive {
      connection.open(now: now)
      settle()
    }
    var header = header(flags: isActive ? [.syn, .ack] : .syn)
    header.sequenceNumber = Self.initialSequenceNumber
    header.acknowledgmentNumber = sentEnd
    addHandshakeOptions(to: &header)
    if isActive {
      if shape & 0xE == 0 { return }
      deliver(header, payloadLength: 0)
      return
    }
    guard case .accept = ListenDecision(about: header, payloadLength: 0) else { return }
    connection = Connection(
      accepting: header,
      configuration: configuration,
      path: path,
      ports: Self.ports,
      secrets: ConnectionSecrets(initialSequenceNumber: 0xFFFF_FF00, timestampOffset: 0xFFFF_FFF0),
      now: now
    )
    settle()
    if shape & 0xE == 0 { return }
    deliver(nearlyRight(flags: .ack), payloadLength: 0)
  }

  // MARK: Steps

  /// Does everything that the input says.
  mutating func run() {
    while !input.isEmpty {
      let step = input.byte()
      switch step >> 5 {
      case 0...3: sendSegment(shape: step)
      case 4: passTime(step & 31)
      case 5: useConnection(step & 31)
      case 6: repeatAcknowledgment(count: Int(step & 31))
      default: reportError(step & 31)
      }
      settle()
    }
  }

  /// A segment that is right except where `shape` says otherwise.
  private mutating func sendSegment(shape: UInt8) {
    var header = nearlyRight(flags: .ack)
    if shape & 1 != 0 { header.flags = TCPFlags(rawValue: input.word()) }
    if shape & 2 != 0 { header.sequenceNumber = displaced(header.sequenceNumber) }
    if shape & 4 != 0 { header.acknowledgmentNumber = displaced(header.acknowledgmentNumber) }
    if shape & 8 != 0 { header.window = input.word() }
    if shape & 16 != 0 { addOptions(to: &header) }
    let length = shape & 32 != 0 ? Int(input.word()) : 0
    if shape & 64 != 0 { header.urgentPointer = input.word() }
    deliver(header, payloadLength: length)
  }

  /// The same acknowledgment again and again, with a growing block.
  private mutating func repeatAcknowledgment(count: Int) {
    var header = nearlyRight(flags: .ack)
    header.acknowledgmentNumber &-= input.magnitude()
    let start = header.acknowledgmentNumber &+ input.magnitude()
    for index in 1...(count + 1) {
      header.options.sackBlocks = SACKBlocks()
      header.options.sackBlocks.append(SACKBlock(left: start, right: start &+ UInt32(index) * 1_448))
      deliver(header, payloadLength: 0)
      settle()
    }
  }

  private mutating func passTime(_ choice: UInt8) {
    let next = connection.nextDeadline
    if choice == 31, next < .never {
      now = max(now, next)
    } else {
      now += .microseconds(Int64(1) << Int64(choice & 31))
    }
  }

  private mutating func useConnection(_ choice: UInt8) {
    switch choice {
    case 0...7: written += UInt64(connection.send(Int(input.magnitude()), push: choice & 1 == 0, now: now))
    case 8...15: connection.read(Int(input.magnitude()), now: now)
    case 16, 17: connection.setCork(choice & 1 == 0)
    case 18, 19: connection.setNagle(choice & 1 == 0)
    case 20: connection.markUrgent()
    case 21: connection.setUserTimeout(.milliseconds(Int64(input.magnitude())))
    case 22:
      connection.setKeepAlive(
        idle: .milliseconds(1 + Int64(input.magnitude())),
        interval: .milliseconds(1 + Int64(input.magnitude())),
        probes: input.byte()
      )
    case 28: connection.close(now: now)
    case 29: connection.release(now: now)
    case 30: connection.abort(now: now)
    default: connection.read(connection.readableCount, now: now)
    }
  }

  private mutating func reportError(_ choice: UInt8) {
    let quoted = sentEnd &- input.magnitude()
    let error: NetworkError
    switch choice & 7 {
    case 0...2: error = .packetTooBig(maximumTransmissionUnit: Int(input.word()))
    case 3: error = .unreachable
    case 4: error = .protocolUnreachable
    case 5: error = .timeExceeded
    case 6: error = .parameterProblem
    default: error = .sourceQuench
    }
    connection.receive(error, quotedSequenceNumber: quoted, now: now)
  }

  // MARK: Segments

  private func header(flags: TCPFlags) -> TCPHeader {
    TCPHeader(
      sourcePort: Self.ports.remote,
      destinationPort: Self.ports.local,
      sequenceNumber: acknowledged,
      acknowledgmentNumber: sentEnd,
      flags: flags,
      window: 0xFFFF
    )
  }

  /// The next segment of an honest peer that has nothing to send.
  private mutating func nearlyRight(flags: TCPFlags) -> TCPHeader {
    var header = header(flags: flags)
    timestamp &+= 1
    if configuration.timestamps {
      header.options.timestamp = TCPOptions.Timestamp(value: timestamp, echo: lastTimestamp)
    }
    return header
  }

  private mutating func displaced(_ number: UInt32) -> UInt32 {
    let distance = input.magnitude()
    return input.byte() & 1 == 0 ? number &+ distance : number &- distance
  }

  private mutating func addHandshakeOptions(to header: inout TCPHeader) {
    let choice = input.byte()
    if choice & 1 == 0 { header.options.maximumSegmentSize = choice & 2 == 0 ? 1_460 : input.word() }
    if choice & 4 == 0 { header.options.windowScale = choice & 8 == 0 ? 7 : input.byte() }
    if choice & 16 == 0 { header.options.sackPermitted = true }
    if choice & 32 == 0 { header.options.timestamp = TCPOptions.Timestamp(value: timestamp, echo: lastTimestamp) }
    if choice & 64 != 0 { header.options.fastOpen = choice & 128 == 0 ? .request : FastOpenCookie(0x0102_0304) }
    if choice & 128 != 0 { header.flags.formUnion(TCPFlags(rawValue: input.word() & 0x1C0)) }
  }

  private mutating func addOptions(to header: inout TCPHeader) {
    let choice = input.byte()
    if choice & 1 != 0 { header.options.timestamp = nil }
    if choice & 2 != 0 {
      timestamp = displaced(timestamp)
      header.options.timestamp = TCPOptions.Timestamp(value: timestamp, echo: displaced(lastTimestamp))
    }
    if choice & 4 != 0 { addHandshakeOptions(to: &header) }
    for _ in 0..<(choice >> 3 & 7) {
      let left = displaced(header.acknowledgmentNumber)
      header.options.sackBlocks.append(SACKBlock(left: left, right: displaced(left)))
    }
    if choice & 64 != 0 {
      header.options.accurateECN = TCPOptions.AccurateECN(
        order: choice & 128 == 0 ? .ect0First : .ect1First,
        ect0Bytes: input.magnitude(),
        ceBytes: input.magnitude(),
        ect1Bytes: input.magnitude(),
        count: Int(input.byte() & 3)
      )
    }
  }

  // MARK: Checks

  /// Gives a segment to the connection, and checks what it would keep.
  private mutating func deliver(_ header: TCPHeader, payloadLength: Int) {
    segmentCount += 1
    let before = connection.metrics(now: now)
    let isOpen = connection.state.isSynchronized
    let codepoint = ECNCodepoint(bits: UInt8(truncatingIfNeeded: header.window))
    let reception = connection.receive(
      header,
      payloadLength: payloadLength,
      segmentCount: payloadLength > 1_448 ? payloadLength / 1_448 : 1,
      codepoint: codepoint,
      arrival: now
    )
    precondition(reception.payloadOffset >= 0, "bytes before the payload")
    precondition(reception.kept.count <= payloadLength - reception.payloadOffset, "bytes beyond the payload")
    if isOpen, !reception.kept.isEmpty {
      precondition(
        reception.kept.upperBound <= before.bytesReceived + UInt64(before.receiveWindow),
        "bytes beyond the window"
      )
    }
  }

  /// Lets the connection do all that is due, and checks that it comes to an end.
  private mutating func settle() {
    var rounds = 0
    repeat {
      if connection.nextDeadline <= now { connection.advance(to: now) }
      takeSegments()
      while connection.nextEvent() != nil {}
      rounds += 1
      precondition(rounds < 64, "a deadline that doesn't move on")
    } while connection.nextDeadline <= now
    precondition(connection.checkInvariants() == nil, "an invariant that does not hold")
    checkGauges()
  }

  private mutating func takeSegments() {
    var count = 0
    while connection.nextSegment(now: now, maximumSegments: 1 + count & 7, into: &plan) {
      count += 1
      // The peer's window admits some thousands of the smallest segments.
      precondition(count < 100_000, "segments without end")
      precondition(plan.payload.upperBound <= written || plan.payload.isEmpty, "data that nobody wrote")
      for segment in 0..<plan.segmentCount { check(plan.header(ofSegment: segment)) }
      note(plan)
    }
  }

  /// Whatever is sent reads the same as it was meant.
  private func check(_ header: TCPHeader) {
    withUnsafeTemporaryAllocation(byteCount: TCPHeader.maximumLength, alignment: 1) { buffer in
      var bytes = buffer.mutableBytes
      let length = header.emit(into: &bytes)
      let written = UnsafeRawBufferPointer(rebasing: buffer[..<length]).bytes
      guard let (again, _) = try? TCPHeader.parse(written) else { preconditionFailure("sent, not read") }
      precondition(again == header, "read otherwise than sent")
    }
  }

  private mutating func note(_ plan: SegmentPlan) {
    let header = plan.header
    if header.flags.contains(.rst) { return }
    var end = header.sequenceNumber &+ UInt32(truncatingIfNeeded: plan.payload.count)
    if header.flags.contains(.syn) { end &+= 1 }
    if header.flags.contains(.fin) { end &+= 1 }
    if Int32(bitPattern: end &- sentEnd) > 0 || header.flags.contains(.syn) { sentEnd = end }
    if header.flags.contains(.ack) { acknowledged = header.acknowledgmentNumber }
    if let sent = header.options.timestamp { lastTimestamp = sent.value }
  }

  private mutating func checkGauges() {
    let metrics = connection.metrics(now: now)
    precondition(connection.readableCount >= 0, "less than nothing to read")
    let most = max(configuration.maximumReceiveBuffer, configuration.receiveBuffer) + 65_535
    precondition(connection.readableCount <= Int(most), "more held than the buffer has room for")
    precondition(metrics.receiveBuffer <= Int(most), "a buffer beyond its bound")
    guard connection.state.isSynchronized else { return }
    precondition(metrics.congestionWindow > 0, "no congestion window")
    precondition(metrics.congestionWindow <= 1 << 31, "a congestion window beyond every peer's")
    precondition(metrics.bytesInFlight >= 0 && metrics.bytesInFlight <= 1 << 32, "a flight beyond every window")
  }
}
