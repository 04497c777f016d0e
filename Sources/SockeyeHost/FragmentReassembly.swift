internal import SockeyeTCP
internal import SockeyeWire

/// Puts packets together from their fragments (RFC 791 section 3.2, RFC 815, RFC 8200 section 4.5).
///
/// A packet whose fragments overlap, or contradict each other about its length, is given up with all that belongs to it:
/// nobody sends such in earnest (RFC 5722 for IPv6; here for IPv4 as well, as RFC 1858 and RFC 3128 advise). A fragment
/// that comes twice, exactly, is harmless. A packet that isn't whole in time is given up.
///
/// Memory is bounded in bytes, in packets and in fragments, and what is charged is what is held, overhead included. Where bytes
/// run out, whoever holds most of them gives up his oldest packet, and where packets do, whoever holds most packets: a source
/// that floods takes from itself. Where all hold as many, the oldest goes: who floods under many addresses has to send as many
/// fragments as there are places while another's packet is under way. A source is an IPv4 address, or an IPv6 network of 64 bits.
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
    /// Where the IPv6 byte stands that names the fragment header.
    var nextHeaderOffset = 6
    /// IP's ECN field.
    var codepoint: ECNCodepoint
  }

  /// A packet that has become whole.
  struct Whole: Equatable {
    /// What stood before the first fragment's data: the IP header and, for IPv6, headers up to the fragment header.
    var head: [UInt8]
    var nextHeaderOffset = 6
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

  private struct Piece {
    var range: Range<Int>
    var bytes: [UInt8]
  }

  private struct Packet {
    var key: Key
    var deadline: Instant
    /// What has come, in order; no two overlap.
    var pieces: [Piece] = []
    var length: Int?
    var head: [UInt8] = []
    var nextHeaderOffset = 6
    var protocolNumber: UInt8 = 0
    var codepoint: ECNCodepoint?
    /// The packet was found to be wrong: what else comes of it is dropped.
    var isGivenUp = false
    /// Bytes of data that have come.
    var held = 0

    /// An array costs some 32 bytes beside its own, and its allocation as many.
    var cost: Int { held + head.count + pieces.count * 80 + 256 }
  }

  /// What the packets of one source cost, and how many they are.
  private struct Source {
    var address: IPAddress
    var cost: Int
    var packets: Int
  }

  /// How long fragments wait for the others: 60 seconds, the same for both families (RFC 8200 section 4.5, RFC 1122
  /// section 3.3.2).
  private static var timeout: Interval { .seconds(60) }
  private static var maximumPackets: Int { 256 }
  private static var maximumFragments: Int { 128 }
  private static var maximumLength: Int { 65_535 }

  /// Oldest first: all wait equally long.
  private var packets: [Packet] = []
  private var sources: [Source] = []
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
    let before = packets[index].cost
    defer { makeRoom() }
    guard !packets[index].isGivenUp, !packets[index].pieces.contains(where: { $0.range == range }) else {
      return .dropped
    }
    guard Self.fits(range, isLast: !fragment.moreFollow, in: packets[index]) else {
      packets[index] = Packet(key: key, deadline: packets[index].deadline, isGivenUp: true)
      charge(packets[index].cost - before, to: key.source)
      return .dropped
    }
    let follower = packets[index].pieces.firstIndex { $0.range.lowerBound > range.lowerBound }
    let piece = Piece(range: range, bytes: Self.copy(packet, payload))
    packets[index].pieces.insert(piece, at: follower ?? packets[index].pieces.count)
    packets[index].held += range.count
    if !fragment.moreFollow { packets[index].length = range.upperBound }
    if range.lowerBound == 0 {
      packets[index].protocolNumber = fragment.protocolNumber
      packets[index].nextHeaderOffset = fragment.nextHeaderOffset
      packets[index].head = Self.copy(packet, 0..<payload.lowerBound)
    }
    merge(fragment.codepoint, into: &packets[index])
    charge(packets[index].cost - before, to: key.source)
    guard packets[index].held == packets[index].length else { return .kept }
    return .whole(Self.join(remove(at: index)))
  }

  /// Gives up a packet whose time is over. Returns nil when there is none left; its quote is empty if the first fragment
  /// never came, and then nobody is told.
  mutating func expire(now: Instant) -> Expired? {
    guard let first = packets.first, first.deadline <= now else { return nil }
    let packet = remove(at: 0)
    guard let start = packet.pieces.first, start.range.lowerBound == 0 else {
      return Expired(key: packet.key, quote: [])
    }
    return Expired(key: packet.key, quote: packet.head + start.bytes)
  }

  private static func copy(_ packet: RawSpan, _ range: Range<Int>) -> [UInt8] {
    packet.extracting(range).withUnsafeBytes { [UInt8](copying: $0) }
  }

  private static func join(_ packet: Packet) -> Whole {
    var payload: [UInt8] = []
    payload.reserveCapacity(packet.held)
    for piece in packet.pieces { payload.append(contentsOf: piece.bytes) }
    return Whole(
      head: packet.head,
      nextHeaderOffset: packet.nextHeaderOffset,
      protocolNumber: packet.protocolNumber,
      codepoint: packet.codepoint ?? .notCapable,
      payload: payload
    )
  }

  // MARK: Room

  private mutating func place(of key: Key, now: Instant) -> Int {
    if let index = packets.firstIndex(where: { $0.key == key }) { return index }
    if packets.count == Self.maximumPackets { dropOldest { $0.packets } }
    let packet = Packet(key: key, deadline: now + Self.timeout)
    packets.append(packet)
    charge(packet.cost, packets: 1, to: key.source)
    return packets.count - 1
  }

  private mutating func remove(at index: Int) -> Packet {
    let packet = packets.remove(at: index)
    charge(-packet.cost, packets: -1, to: packet.key.source)
    return packet
  }

  /// Adds to what the packets of a source cost, or takes from it.
  private mutating func charge(_ cost: Int, packets: Int = 0, to address: IPAddress) {
    size += cost
    let source = Self.source(address)
    guard let index = sources.firstIndex(where: { $0.address == source }) else {
      sources.append(Source(address: source, cost: cost, packets: packets))
      return
    }
    sources[index].cost += cost
    sources[index].packets += packets
    if sources[index].packets == 0 { sources.remove(at: index) }
  }

  private static func source(_ address: IPAddress) -> IPAddress {
    guard case .v6(let address) = address else { return address }
    return .v6(IPv6Address(high: address.high, low: 0))
  }

  /// Gives up the oldest of the packets whose source has most by that measure.
  private mutating func dropOldest(_ measure: (Source) -> Int) {
    let most = sources.map(measure).max() ?? 0
    let greatest = Set(sources.filter { measure($0) == most }.map { $0.address })
    guard let index = packets.firstIndex(where: { greatest.contains(Self.source($0.key.source)) }) else { return }
    _ = remove(at: index)
  }

  private mutating func makeRoom() {
    while size > limit, !packets.isEmpty { dropOldest { $0.cost } }
  }

  /// Whether a fragment contradicts nothing that came before it.
  private static func fits(_ range: Range<Int>, isLast: Bool, in packet: Packet) -> Bool {
    guard packet.pieces.count < maximumFragments else { return false }
    for piece in packet.pieces where piece.range.overlaps(range) { return false }
    let end = packet.pieces.last?.range.upperBound ?? 0
    if isLast { return packet.length == nil && range.upperBound >= end }
    if let length = packet.length { return range.upperBound <= length }
    return true
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
