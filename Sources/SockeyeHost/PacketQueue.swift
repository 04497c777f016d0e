internal import SockeyeWire

/// Whole packets that wait for the link: answers and datagrams, which have no connection that could make them again.
///
/// Bounded in bytes, overhead included: what doesn't fit is dropped, as a router would.
struct PacketQueue {
  /// What a packet costs beside its bytes.
  private static let overhead = 64

  private var packets = RingQueue<[UInt8]>()
  private var size = 0
  private let limit: Int

  /// An empty queue of at most `limit` bytes.
  init(limit: Int) {
    self.limit = limit
  }

  var isEmpty: Bool { packets.isEmpty }

  /// Whether a packet of `count` bytes has room.
  func hasRoom(_ count: Int) -> Bool {
    size + count + Self.overhead <= limit
  }

  /// Adds a packet. Returns whether there was room.
  @discardableResult
  mutating func append(_ packet: [UInt8]) -> Bool {
    guard hasRoom(packet.count) else { return false }
    size += packet.count + Self.overhead
    packets.append(packet)
    return true
  }

  /// Checks that the size is that of what waits.
  func checkInvariants() {
    var sum = 0
    for index in 0..<packets.count { sum += packets[index].count + Self.overhead }
    precondition(sum == size && size <= limit, "the size of a queue isn't that of its packets")
  }

  /// The packet that has waited longest.
  mutating func popFirst() -> [UInt8]? {
    guard let packet = packets.popFirst() else { return nil }
    size -= packet.count + Self.overhead
    return packet
  }
}
