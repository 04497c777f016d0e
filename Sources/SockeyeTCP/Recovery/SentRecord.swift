/// One transmission that is not cumulatively acknowledged yet: a segment, or a super-segment that the link
/// will cut into segments.
///
/// Beside the range and its fate it carries the snapshot that delivery-rate estimation takes at every
/// transmission (draft-ietf-ccwg-bbr section 4.1.2.1). 64 bytes.
struct SentRecord {
  /// The first offset that the record covers.
  var start: StreamOffset
  /// When it was sent last.
  var sentAt: Instant
  /// P.delivered: bytes delivered on this connection when it was sent.
  var deliveredAtSend: UInt64
  /// P.delivered_time: when those had been delivered.
  var deliveryTimeAtSend: Instant
  /// P.first_send_time: when the flight that this transmission belongs to began.
  var flightStart: Instant
  /// P.lost: bytes taken for lost on this connection when it was sent.
  var lostAtSend: UInt64
  /// Offsets covered; at least 1.
  var length: UInt32
  /// P.tx_in_flight: bytes in flight just after it was sent.
  var inFlightAtSend: UInt32
  /// What has become of the record.
  var flags: Flags

  /// The first offset after the record.
  @inline(__always)
  var end: StreamOffset { start &+ UInt64(length) }

  /// Whether nothing can become of it before it is sent again: it has arrived, or is lost and waits for that.
  @inline(__always)
  var isSettled: Bool {
    flags.contains(.delivered) || (flags.contains(.lost) && !flags.contains(.retransmissionInFlight))
  }

  /// Whether it was sent after `other`. Of two sent at one instant the one further on counts as later
  /// (RACK_sent_after, RFC 8985 section 6.1).
  @inline(__always)
  static func isSent(at time: Instant, upTo end: StreamOffset, after otherTime: Instant, upTo otherEnd: StreamOffset)
    -> Bool
  {
    time > otherTime || (time == otherTime && end > otherEnd)
  }

  /// What is known of a transmission.
  struct Flags: OptionSet {
    var rawValue: UInt8
    /// The peer has acknowledged it selectively.
    static let delivered = Flags(rawValue: 1 << 0)
    /// The transmission before the last, or the only one, is taken for lost.
    static let lost = Flags(rawValue: 1 << 1)
    /// A retransmission is believed to be in the network.
    static let retransmissionInFlight = Flags(rawValue: 1 << 2)
    /// It has been sent more than once.
    static let retransmitted = Flags(rawValue: 1 << 3)
    /// It was sent while the application limited the rate.
    static let applicationLimited = Flags(rawValue: 1 << 4)
    /// It is larger than what the path is known to take, to find out.
    static let pathProbe = Flags(rawValue: 1 << 5)

    /// What takes part in the sums of the scoreboard.
    static let fate = Flags(rawValue: 0b0111)
    /// What was presumed of a transmission, and ends when the record turns out to be delivered.
    static let presumption = Flags(rawValue: 0b0110)
  }
}
