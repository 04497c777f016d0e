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
  /// The offset below which no record waits for its retransmission.
  private(set) var retransmissionHint = StreamOffset.max
  /// Every record that ends at or before this offset is settled.
  private(set) var openHint: StreamOffset = 0

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
    guard var record = ring.record(at: 0) else { return }
    forget(count, flags: record.flags)
    start &+= count
    if count >= UInt64(record.length) {
      ring.removeFirst()
    } else {
      record.start &+= count
      record.length &-= UInt32(truncatingIfNeeded: count)
      ring.replaceRecord(at: 0, with: record)
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

  /// Notes that the record at `index` was selectively acknowledged.
  mutating func markDelivered(at index: Int) {
    guard var record = ring.record(at: index), !record.flags.contains(.delivered) else { return }
    forget(UInt64(record.length), flags: record.flags)
    record.flags.subtract(.presumption)
    record.flags.insert(.delivered)
    ring.replaceRecord(at: index, with: record)
    deliveredBytes &+= UInt64(record.length)
    highestDelivered = Swift.max(highestDelivered, record.end)
  }

  /// Takes the record at `index` for lost: its only transmission, or its retransmission.
  mutating func markLost(at index: Int) {
    guard var record = ring.record(at: index), !record.flags.contains(.delivered) else { return }
    let length = UInt64(record.length)
    if record.flags.contains(.retransmissionInFlight) {
      retransmittedBytes = retransmittedBytes.clampedDifference(length)
    }
    if !record.flags.contains(.lost) { lostBytes &+= length }
    record.flags.remove(.retransmissionInFlight)
    record.flags.insert(.lost)
    ring.replaceRecord(at: index, with: record)
    retransmissionHint = Swift.min(retransmissionHint, record.start)
  }

  /// Notes that the record at `index` has been sent again, with what `transmission` says of that transmission.
  mutating func markRetransmitted(at index: Int, as transmission: SentRecord) {
    var record = transmission
    if !record.flags.contains(.retransmissionInFlight) { retransmittedBytes &+= UInt64(record.length) }
    record.flags.insert(.retransmissionInFlight)
    record.flags.insert(.retransmitted)
    ring.replaceRecord(at: index, with: record)
    if retransmissionHint == record.start { retransmissionHint = record.end }
    openHint = Swift.min(openHint, record.start)
  }

  /// Takes nothing for lost any more: what was marked so had only been late.
  mutating func unmarkLost() {
    removeFromAll(.lost)
    openHint = start
    lostBytes = 0
    retransmissionHint = .max
  }

  /// Forgets every selective acknowledgment: the peer has discarded what it had reported (RFC 2018 section 8).
  mutating func unmarkDelivered() {
    removeFromAll(.delivered)
    openHint = start
    deliveredBytes = 0
    highestDelivered = start
  }

  private mutating func removeFromAll(_ flag: SentRecord.Flags) {
    for index in 0..<ring.count {
      guard var record = ring.record(at: index) else { break }
      record.flags.remove(flag)
      ring.replaceRecord(at: index, with: record)
    }
  }

  /// Takes the record at `index` for one like others: it probes the path's MTU no more.
  mutating func endPathProbe(at index: Int) {
    guard var record = ring.record(at: index) else { return }
    record.flags.remove(.pathProbe)
    ring.replaceRecord(at: index, with: record)
  }

  // MARK: Finding and splitting

  /// The index of the oldest record whose fate is open; the count where there is none. What it passes it doesn't pass
  /// again, unless that is sent again.
  mutating func firstOpenIndex() -> Int {
    var index = ring.index(covering: Swift.max(openHint, start))
    while let record = ring.record(at: index), record.isSettled {
      openHint = record.end
      index += 1
    }
    return index
  }

  /// What the oldest record covers that is lost and whose retransmission is not in the network.
  mutating func nextToRepair() -> Range<StreamOffset>? {
    guard hasLossesToRepair else { return nil }
    var index = ring.index(covering: Swift.max(retransmissionHint, start))
    while let record = ring.record(at: index) {
      if record.flags.contains(.lost), !record.flags.contains(.retransmissionInFlight) {
        retransmissionHint = record.start
        return record.start..<record.end
      }
      index += 1
    }
    retransmissionHint = .max
    return nil
  }

  /// Divides the record at `index` so that one begins at `offset`; false where there is no room or nothing
  /// to divide. A probe of the path's MTU is one segment however long it is, so it is never divided.
  mutating func split(at index: Int, offset: StreamOffset) -> Bool {
    guard let record = ring.record(at: index), offset > record.start, offset < record.end,
      !record.flags.contains(.pathProbe)
    else { return false }
    var (first, rest) = (record, record)
    first.length = UInt32(truncatingIfNeeded: offset &- record.start)
    rest.start = offset
    rest.length &-= first.length
    // Inserted first: it copies what stands before it nowhere, and fails without leaving half a change.
    guard ring.insert(rest, at: index + 1) else { return false }
    ring.replaceRecord(at: index, with: first)
    return true
  }
}
