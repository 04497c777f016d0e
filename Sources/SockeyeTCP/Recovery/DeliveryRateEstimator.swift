/// How fast data arrives (draft-ietf-ccwg-bbr section 4.1, first draft-cheng-iccrg-delivery-rate-estimation).
///
/// Each record remembers how much had been delivered when it was sent. When it arrives, what was delivered
/// in between, over the time in between, is a sample of the delivery rate.
struct DeliveryRateEstimator {
  /// C.delivered: bytes known to have arrived since the start.
  private(set) var delivered: UInt64 = 0
  /// C.delivered_time: when `delivered` last grew.
  private(set) var deliveryTime = Instant.zero
  /// C.first_send_time: when the flight of the newest record known to have arrived was begun.
  private(set) var flightStart = Instant.zero
  /// C.lost: bytes taken for lost since the start.
  var lost: UInt64 = 0
  /// C.app_limited: while `delivered` is not beyond this, samples are limited by the application; 0: they are not.
  private(set) var applicationLimitedUntil: UInt64 = 0
  /// The last valid sample in bytes a second.
  private(set) var latestRate: UInt64 = 0
  /// The last valid sample was limited by the application.
  private(set) var isLatestRateApplicationLimited = false

  /// Whether what is sent now counts as limited by the application.
  @inline(__always)
  var isApplicationLimited: Bool { applicationLimitedUntil != 0 }

  init() {}

  /// What outlasts a pause.
  struct Totals {
    var delivered: UInt64 = 0
    var lost: UInt64 = 0
    var latestRate: UInt64 = 0
    var isLatestRateApplicationLimited = false
  }

  var totals: Totals {
    Totals(
      delivered: delivered,
      lost: lost,
      latestRate: latestRate,
      isLatestRateApplicationLimited: isLatestRateApplicationLimited
    )
  }

  /// Goes on after a pause: what was silent then was the application, unless nothing has been sent at all.
  init(resuming totals: Totals) {
    delivered = totals.delivered
    lost = totals.lost
    latestRate = totals.latestRate
    isLatestRateApplicationLimited = totals.isLatestRateApplicationLimited
    applicationLimitedUntil = delivered
  }

  /// Takes the snapshot for a transmission, and starts a new flight if nothing was in the network.
  @inline(__always)
  mutating func sent(_ record: inout SentRecord, inFlightBefore: UInt64, at now: Instant) {
    if inFlightBefore == 0 {
      flightStart = now
      deliveryTime = now
    }
    record.sentAt = now
    record.flightStart = flightStart
    record.deliveryTimeAtSend = deliveryTime
    record.deliveredAtSend = delivered
    record.lostAtSend = lost
    record.inFlightAtSend = UInt32(clamping: inFlightBefore &+ UInt64(record.length))
    if isApplicationLimited { record.flags.insert(.applicationLimited) }
  }

  /// Notes that the application, not the network, keeps the flight small.
  @inline(__always)
  mutating func applicationLimits(inFlight: UInt64) {
    applicationLimitedUntil = max(delivered &+ inFlight, 1)
  }

  /// Takes in `count` bytes of a record that are newly known to have arrived.
  @inline(__always)
  mutating func deliver(_ count: UInt64, of record: SentRecord, at now: Instant, sample: inout RateSample) {
    delivered &+= count
    deliveryTime = now
    // The newest transmission decides (IsNewestPacket).
    guard
      !sample.hasRecord
        || SentRecord.isSent(at: record.sentAt, upTo: record.end, after: sample.newestSentAt, upTo: sample.newestEnd)
    else { return }
    sample.hasRecord = true
    sample.newestSentAt = record.sentAt
    sample.newestEnd = record.end
    sample.priorDelivered = record.deliveredAtSend
    sample.priorTime = record.deliveryTimeAtSend
    sample.sendElapsed = record.sentAt - record.flightStart
    sample.isApplicationLimited = record.flags.contains(.applicationLimited)
    sample.inFlightAtSend = UInt64(record.inFlightAtSend)
    sample.lostAtSend = record.lostAtSend
    flightStart = record.sentAt
  }

  /// Completes the sample when the whole acknowledgment has been taken in (GenerateRateSample).
  mutating func finish(_ sample: inout RateSample, minimumRoundTripTime: Interval) {
    if isApplicationLimited, delivered > applicationLimitedUntil { applicationLimitedUntil = 0 }
    sample.lost = lost.clampedDifference(sample.lostAtSend)
    guard sample.hasRecord else { return }
    sample.delivered = delivered.clampedDifference(sample.priorDelivered)
    // The slower of sending and acknowledging: acknowledgments may arrive compressed, but no data can be
    // delivered faster than it was sent.
    let interval = max(sample.sendElapsed, deliveryTime - sample.priorTime)
    // Less than the least round trip: a retransmission whose original was delivered, or a clock that stood.
    guard interval > .zero, interval >= minimumRoundTripTime else { return }
    sample.interval = interval
    sample.rate = sample.delivered.scaled(by: 1_000_000_000, over: interval.positiveNanoseconds)
    if sample.rate >= latestRate || !sample.isApplicationLimited {
      latestRate = sample.rate
      isLatestRateApplicationLimited = sample.isApplicationLimited
    }
  }
}

/// A sample of the delivery rate, made of one acknowledgment.
public struct RateSample: Sendable {
  /// Bytes a second; 0 where no valid sample could be made.
  public internal(set) var rate: UInt64 = 0
  /// RS.delivered: bytes delivered from the sending of the newest record to its arrival.
  public internal(set) var delivered: UInt64 = 0
  /// RS.interval.
  public internal(set) var interval = Interval.zero
  /// RS.is_app_limited.
  public internal(set) var isApplicationLimited = false
  /// RS.prior_delivered: bytes delivered when the newest record was sent.
  public internal(set) var priorDelivered: UInt64 = 0
  /// RS.tx_in_flight: bytes in flight when the newest record was sent.
  public internal(set) var inFlightAtSend: UInt64 = 0
  /// RS.lost: bytes taken for lost between the sending and the arrival of the newest record.
  public internal(set) var lost: UInt64 = 0
  /// Whether the acknowledgment delivered anything.
  public internal(set) var hasRecord = false

  fileprivate var newestSentAt = Instant.zero
  fileprivate var newestEnd: StreamOffset = 0
  fileprivate var priorTime = Instant.zero
  fileprivate var sendElapsed = Interval.zero
  fileprivate var lostAtSend: UInt64 = 0

  init() {}
}
