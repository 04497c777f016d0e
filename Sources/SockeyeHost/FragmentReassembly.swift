internal import SockeyeTCP
internal import SockeyeWire

/// Puts packets together from their fragments (RFC 791 section 3.2, RFC 815, RFC 8200 section 4.5).
///
/// A packet whose fragments overlap, or contradict each other about its length, is given up with all that belongs to it:
/// nobody sends such in earnest (RFC 5722 for IPv6; here for IPv4 as well, as RFC 1858 and RFC 3128 advise). A fragment
/// that comes twice, exactly, is harmless. Memory is bounded in bytes, overhead included, and in packets and fragments;
/// the oldest packet goes first. A packet that isn't whole in time is given up.
struct FragmentReassembly {
  /// What tells the fragments of one packet from others.
  struct Key: Hashable {
    var source: IPAddress
    var destination: IPAddress
    var identification: UInt32
    /// IPv4's protocol; IPv6 doesn't count it.
    var protocolNumber: UInt8
  }

  /// A fragment as it arrived.
  struct Fragment {
    /// Where its data belongs, in bytes.
    var offset: Int
    var moreFollow: Bool
    /// What the whole starts with; the first fragment's counts.
    var protocolNumber: UInt8
    /// IP's ECN field.
    var codepoint: ECNCodepoint
  }

  /// A packet that has become whole.
  struct Whole: Equatable {
    var protocolNumber: UInt8
    var codepoint: ECNCodepoint
    var payload: [UInt8]
  }

  /// What has become of a fragment.
  enum Outcome {
    case kept
    case dropped
    case whole(Whole)
  }

  /// A packet that was given up although its first fragment had come: its sender is to be told (RFC 792, RFC 4443).
  struct Expired: Equatable {
    var key: Key
    /// The start of the first fragment, as an ICMP error quotes it.
    var quote: [UInt8]
  }

  private struct Packet {
    var key: Key
    var deadline: Instant
    var payload: [UInt8] = []
    /// What is there: ranges in order that neither touch nor overlap.
    var ranges: [Range<Int>] = []
    /// The fragments as they came, to tell a repetition from an overlap.
    var fragments: [Range<Int>] = []
    var length: Int?
    var protocolNumber: UInt8 = 0
    var codepoint: ECNCodepoint?
    var quote: [UInt8] = []
    /// The packet was found to be wrong: what else comes of it is dropped.
    var isGivenUp = false
    var cost: Int { payload.count + quote.count + fragments.count * 32 + 256 }
  }

  /// How long fragments wait for the others: 60 seconds, the same for both families (RFC 8200 section 4.5, RFC 1122
  /// section 3.3.2).
  private static var timeout: Interval { .seconds(60) }
  private static var maximumPackets: Int { 256 }
  private static var maximumFragments: Int { 128 }
  private static var maximumLength: Int { 65_535 }

  /// Oldest first: all wait equally long.
  private var packets: [Packet] = []
  private var size = 0
  private let limit: Int

  /// Reassembly that holds at most `limit` bytes.
  init(limit: Int) {
    self.limit = limit
  }

  /// When `expire` is to be called.
  var nextDeadline: Instant { packets.first?.deadline ?? .never }

  /// Takes in a fragment whose data is `payload` of `packet`.
  mutating func take(
    _ fragment: Fragment,
    key: Key,
    packet: RawSpan,
    payload: Range<Int>,
    now: Instant
  ) -> Outcome {
    let range = fragment.offset..<fragment.offset + payload.count
    // Nothing, or not whole words before the last: it fits nowhere. Larger than a packet can be: a ping of death.
    guard !range.isEmpty, range.upperBound <= Self.maximumLength else { return .dropped }
    guard !fragment.moreFollow || payload.count.isMultiple(of: 8) else { return .dropped }
    let index = place(of: key, now: now)
    var entry = packets[index]
    // The copy here is to be the only one, or each fragment would copy what came before it.
    packets[index].payload = []
    size -= entry.cost
    defer { makeRoom() }
    if entry.isGivenUp || entry.fragments.contains(range) {
      packets[index] = entry
      size += entry.cost
      return .dropped
    }
    guard Self.fits(range, isLast: !fragment.moreFollow, in: entry) else {
      entry = Packet(key: key, deadline: entry.deadline, isGivenUp: true)
      packets[index] = entry
      size += entry.cost
      return .dropped
    }
    if range.upperBound > entry.payload.count {
      entry.payload.append(contentsOf: repeatElement(0, count: range.upperBound - entry.payload.count))
    }
    for position in 0..<payload.count {
      entry.payload[range.lowerBound + position] = packet[payload.lowerBound + position]
    }
    entry.fragments.append(range)
    Self.insert(range, into: &entry.ranges)
    if !fragment.moreFollow { entry.length = range.upperBound }
    if range.lowerBound == 0 {
      entry.protocolNumber = fragment.protocolNumber
      entry.quote = (0..<min(packet.byteCount, payload.lowerBound + 64)).map { packet[$0] }
    }
    merge(fragment.codepoint, into: &entry)
    if let length = entry.length, entry.ranges == [0..<length] {
      packets.remove(at: index)
      return .whole(
        Whole(protocolNumber: entry.protocolNumber, codepoint: entry.codepoint ?? .notCapable, payload: entry.payload)
      )
    }
    packets[index] = entry
    size += entry.cost
    return .kept
  }

  /// Gives up a packet whose time is over. Returns nil when there is none left; its quote is empty if the first fragment
  /// never came, and then nobody is told.
  mutating func expire(now: Instant) -> Expired? {
    guard let first = packets.first, first.deadline <= now else { return nil }
    packets.removeFirst()
    size -= first.cost
    return Expired(key: first.key, quote: first.quote)
  }

  private mutating func place(of key: Key, now: Instant) -> Int {
    if let index = packets.firstIndex(where: { $0.key == key }) { return index }
    if packets.count == Self.maximumPackets { dropOldest() }
    let packet = Packet(key: key, deadline: now + Self.timeout)
    size += packet.cost
    packets.append(packet)
    return packets.count - 1
  }

  private mutating func dropOldest() {
    size -= packets.removeFirst().cost
  }

  private mutating func makeRoom() {
    while size > limit, !packets.isEmpty { dropOldest() }
  }

  /// Whether a fragment contradicts nothing that came before it.
  private static func fits(_ range: Range<Int>, isLast: Bool, in packet: Packet) -> Bool {
    guard packet.fragments.count < maximumFragments else { return false }
    for known in packet.ranges where known.overlaps(range) { return false }
    let end = packet.ranges.last?.upperBound ?? 0
    if isLast { return packet.length == nil && range.upperBound >= end }
    if let length = packet.length { return range.upperBound <= length }
    return true
  }

  /// Adds a range that overlaps none, joining what it touches.
  private static func insert(_ range: Range<Int>, into ranges: inout [Range<Int>]) {
    var index = 0
    while index < ranges.count, ranges[index].upperBound < range.lowerBound { index += 1 }
    var joined = range
    while index < ranges.count, ranges[index].lowerBound <= joined.upperBound {
      joined = min(joined.lowerBound, ranges[index].lowerBound)..<max(joined.upperBound, ranges[index].upperBound)
      ranges.remove(at: index)
    }
    ranges.insert(joined, at: index)
  }

  /// RFC 3168 section 5.3: a mark on any fragment marks the whole.
  private func merge(_ codepoint: ECNCodepoint, into packet: inout Packet) {
    if packet.codepoint == nil || codepoint == .congestionExperienced { packet.codepoint = codepoint }
  }
}

extension RawSpan {
  /// The byte at `offset`, which must be inside.
  subscript(offset: Int) -> UInt8 {
    unsafeLoadUnaligned(fromByteOffset: offset, as: UInt8.self)
  }
}
