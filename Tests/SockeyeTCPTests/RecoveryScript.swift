@testable import SockeyeTCP

/// A sender driven by hand: segments of 1000 bytes, numbered from 0, at times in milliseconds.
///
/// The handshake takes from 0 to `roundTrip`. After that every call says what happens and when.
struct ScriptedSender: ~Copyable {
  static let segment: UInt64 = 1_000

  var recovery: LossRecovery
  /// What was sent, in order, as ranges of segment numbers.
  private(set) var log: [Range<Int>] = []
  private(set) var outcome = AcknowledgmentOutcome()
  /// Segments that the application has supplied, and that the window admits.
  var supplied = Int.max / 2_000
  var admitted = Int.max / 2_000
  var maximumSegments = 1

  init(
    roundTrip: Int64 = 100,
    selective: Bool = true,
    timestamps: Bool = false,
    configure: (inout ConnectionConfiguration) -> Void = { _ in }
  ) {
    var configuration = ConnectionConfiguration()
    configuration.congestionControl = .newReno
    configuration.pacing = false
    configure(&configuration)
    recovery = LossRecovery(configuration: configuration, segmentSize: 1_000, now: .zero)
    recovery.makeRoom()
    recovery.sent(0..<1, at: .zero)
    _ = recovery.acknowledged(Acknowledgment(cumulative: 1), at: Self.time(roundTrip))
    recovery.established(
      selective: selective,
      timestamps: timestamps,
      segmentSize: 1_000,
      algorithm: configuration.congestionControl,
      now: Self.time(roundTrip)
    )
  }

  static func time(_ milliseconds: Int64) -> Instant { .zero + .milliseconds(milliseconds) }
  static func offset(_ segment: Int) -> StreamOffset { 1 + UInt64(segment) * Self.segment }

  private var limits: TransmissionLimits {
    TransmissionLimits(
      windowEnd: Self.offset(admitted),
      dataEnd: Self.offset(supplied),
      maximumSegments: maximumSegments
    )
  }

  /// Sends whatever may be sent, at most `limit` plans; answers what was sent, as segment numbers.
  @discardableResult
  mutating func send(at milliseconds: Int64, limit: Int = .max) -> [Range<Int>] {
    var sent: [Range<Int>] = []
    while sent.count < limit {
      if recovery.needsRoom { recovery.makeRoom() }
      let range: Range<StreamOffset>
      switch recovery.nextTransmission(at: Self.time(milliseconds), limits: limits) {
      case .new(let next), .retransmission(let next), .probe(let next): range = next
      case .wait, .nothing:
        log += sent
        return sent
      }
      recovery.sent(range, at: Self.time(milliseconds))
      sent.append(
        Int((range.lowerBound - 1) / Self.segment)..<Int((range.upperBound - 1 + Self.segment - 1) / Self.segment)
      )
    }
    log += sent
    return sent
  }

  /// An acknowledgment of everything before segment `next`, with SACK blocks in segment numbers.
  @discardableResult
  mutating func acknowledge(
    _ next: Int,
    _ blocks: [Range<Int>] = [],
    at milliseconds: Int64,
    echo: Int64? = nil,
    marked: Bool = false,
    configure: (inout Acknowledgment) -> Void = { _ in }
  ) -> RecoveryEvents {
    var acknowledgment = Acknowledgment(cumulative: Self.offset(next))
    for block in blocks {
      acknowledgment.selective.append(from: Self.offset(block.lowerBound), to: Self.offset(block.upperBound))
    }
    acknowledgment.echoedTime = echo.map(Self.time)
    acknowledgment.congestionEcho = marked
    configure(&acknowledgment)
    if recovery.needsRoom { recovery.makeRoom() }
    outcome = recovery.acknowledged(acknowledgment, at: Self.time(milliseconds))
    return outcome.events
  }

  /// Runs the timer that is due, and answers what it did.
  @discardableResult
  mutating func expire(at milliseconds: Int64) -> RecoveryAction {
    recovery.deadlineReached(at: Self.time(milliseconds))
  }

  /// The congestion window in segments.
  var window: Double { Double(recovery.window.bytes) / Double(Self.segment) }
  /// Segments in flight.
  var inFlight: Int { Int(recovery.bytesInFlight / Self.segment) }
  /// Milliseconds until the next deadline, from the start.
  var deadline: Int64 { recovery.nextDeadline.nanoseconds / 1_000_000 }
}

extension LossRecovery {
  /// At work at once.
  init(configuration: ConnectionConfiguration, segmentSize: UInt32, now: Instant) {
    self.init(
      resuming: IdleRestart(configuration: configuration, segmentSize: segmentSize, seed: 0),
      at: now
    )
  }
}
