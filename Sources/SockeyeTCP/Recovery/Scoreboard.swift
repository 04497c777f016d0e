/// What is outstanding and what is known of it (RFC 6675 section 3), with the sums that make up the pipe.
///
/// The pipe of RFC 6675 section 4 is kept as a running sum instead of being counted over: everything
/// outstanding, less what is delivered, less what is lost, plus what is retransmitted and in the network.
struct Scoreboard: ~Copyable {
  /// The records, touching, from SND.UNA to SND.NXT.
  var ring = SentRing()
  /// SND.UNA.
  private(set) var start: StreamOffset
  /// SND.NXT.
  private(set) var end: StreamOffset
  /// Bytes that were selectively acknowledged.
  private(set) var deliveredBytes: UInt64 = 0
  /// Bytes taken for lost.
  private(set) var lostBytes: UInt64 = 0
  /// Bytes whose retransmission is believed to be in the network.
  private(set) var retransmittedBytes: UInt64 = 0
  /// The end of the selectively acknowledged data that lies furthest on; never before `start`.
  private(set) var highestDelivered: StreamOffset
  /// No record below this offset waits for its retransmission.
  private(set) var retransmissionHint = StreamOffset.max

  /// Nothing is outstanding, and everything before `offset` has been acknowledged.
  init(at offset: StreamOffset) {
    start = offset
    end = offset
    highestDelivered = offset
  }

  /// Bytes outstanding.
  @inline(__always)
  var outstandingBytes: UInt64 { end &- start }

  /// Bytes believed to be in the network.
  @inline(__always)
  var bytesInFlight: UInt64 {
    (outstandingBytes &+ retransmittedBytes).clampedDifference(deliveredBytes &+ lostBytes)
  }

  /// Whether anything lost waits for its retransmission.
  @inline(__always)
  var hasLossesToRepair: Bool { lostBytes > 0 && retransmissionHint != .max }

  // MARK: Growth at the end, removal at the start

  /// Adds what was sent for the first time. It begins at `end`.
  @inline(__always)
  mutating func append(_ record: SentRecord) -> Bool {
    guard ring.append(record) else { return false }
    end = record.end
    return true
  }

  /// Takes `count` bytes off the oldest record, or the whole of it where it has no more.
  @inline(__always)
  mutating func removeFirst(_ count: UInt64) {
    guard let record = ring.record(at: 0) else { return }
    forget(count, flags: record.pointee.flags)
    start &+= count
    if count >= UInt64(record.pointee.length) {
      ring.removeFirst()
    } else {
      record.pointee.start &+= count
      record.pointee.length &-= UInt32(truncatingIfNeeded: count)
    }
    if highestDelivered < start { highestDelivered = start }
  }

  @inline(__always)
  private mutating func forget(_ count: UInt64, flags: SentRecord.Flags) {
    guard !flags.isDisjoint(with: .fate) else { return }
    if flags.contains(.delivered) { deliveredBytes = deliveredBytes.clampedDifference(count) }
    if flags.contains(.lost) { lostBytes = lostBytes.clampedDifference(count) }
    if flags.contains(.retransmissionInFlight) { retransmittedBytes = retransmittedBytes.clampedDifference(count) }
  }

  // MARK: Fates

  /// Notes that a record was selectively acknowledged.
  mutating func markDelivered(_ record: UnsafeMutablePointer<SentRecord>) {
    forget(UInt64(record.pointee.length), flags: record.pointee.flags)
    record.pointee.flags.subtract(.presumption)
    record.pointee.flags.insert(.delivered)
    deliveredBytes &+= UInt64(record.pointee.length)
    highestDelivered = Swift.max(highestDelivered, record.pointee.end)
  }

  /// Takes a record for lost: its only transmission, or its retransmission.
  mutating func markLost(_ record: UnsafeMutablePointer<SentRecord>) {
    guard !record.pointee.flags.contains(.delivered) else { return }
    let length = UInt64(record.pointee.length)
    if record.pointee.flags.contains(.retransmissionInFlight) {
      record.pointee.flags.remove(.retransmissionInFlight)
      retransmittedBytes = retransmittedBytes.clampedDifference(length)
    }
    if !record.pointee.flags.contains(.lost) {
      record.pointee.flags.insert(.lost)
      lostBytes &+= length
    }
    retransmissionHint = Swift.min(retransmissionHint, record.pointee.start)
  }

  /// Notes that a record has been sent again.
  mutating func markRetransmitted(_ record: UnsafeMutablePointer<SentRecord>) {
    if !record.pointee.flags.contains(.retransmissionInFlight) {
      record.pointee.flags.insert(.retransmissionInFlight)
      retransmittedBytes &+= UInt64(record.pointee.length)
    }
    record.pointee.flags.insert(.retransmitted)
    record.pointee.flags.subtract(.onlyOnce)
    if retransmissionHint == record.pointee.start { retransmissionHint = record.pointee.end }
  }

  /// Takes nothing for lost any more: what was marked so had only been late.
  mutating func unmarkLost() {
    for index in 0..<ring.count {
      guard let record = ring.record(at: index) else { break }
      record.pointee.flags.remove(.lost)
    }
    lostBytes = 0
    retransmissionHint = .max
  }

  /// Forgets every selective acknowledgement: the peer has discarded what it had reported (RFC 2018 section 8).
  mutating func unmarkDelivered() {
    for index in 0..<ring.count {
      guard let record = ring.record(at: index) else { break }
      record.pointee.flags.remove(.delivered)
    }
    deliveredBytes = 0
    highestDelivered = start
  }

  // MARK: Finding and splitting

  /// The oldest record that is lost and whose retransmission is not in the network.
  mutating func nextToRepair() -> UnsafeMutablePointer<SentRecord>? {
    guard hasLossesToRepair else { return nil }
    var index = ring.index(covering: Swift.max(retransmissionHint, start))
    while let record = ring.record(at: index) {
      if record.pointee.flags.contains(.lost), !record.pointee.flags.contains(.retransmissionInFlight) {
        retransmissionHint = record.pointee.start
        return record
      }
      index += 1
    }
    retransmissionHint = .max
    return nil
  }

  /// Divides the record at `index` so that one begins at `offset`; false where there is no room or nothing
  /// to divide.
  mutating func split(at index: Int, offset: StreamOffset) -> Bool {
    guard let record = ring.record(at: index), offset > record.pointee.start, offset < record.pointee.end else {
      return false
    }
    var rest = record.pointee
    let kept = UInt32(truncatingIfNeeded: offset &- rest.start)
    rest.start = offset
    rest.length &-= kept
    // Inserted first: it copies what stands before it nowhere, and fails without leaving half a change.
    guard ring.insert(rest, at: index + 1), let first = ring.record(at: index) else { return false }
    first.pointee.length = kept
    return true
  }
}
