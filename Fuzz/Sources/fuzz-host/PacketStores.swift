/// The memory that all runs share, so that a run costs none of its own.
struct PacketRoom {
  /// A packet as a host writes it.
  let packet = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_535, alignment: 16)
  /// A packet that is being made. Fields are written by offset, so there is room behind the longest.
  let forgery = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 16)
  /// What is written to sockets and read from them.
  let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
  let wire = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
  let history = UnsafeMutableRawBufferPointer.allocate(byteCount: 32 << 11, alignment: 16)

  private init() {
    scratch.initializeMemory(as: UInt8.self, repeating: 0x61)
  }

  // The fuzzer runs its inputs one after another, on one thread.
  nonisolated(unsafe) static let shared = PacketRoom()
}

/// Packets on the wire, one behind another; those that find no room are lost.
struct PacketArena {
  private static let limit = 256

  private let memory: UnsafeMutableRawBufferPointer
  private var used = 0
  private var packets: [(range: Range<Int>, host: Int, isDropped: Bool)] = []
  /// Whether they arrive in reverse order.
  var isReversed = false

  init(_ memory: UnsafeMutableRawBufferPointer) {
    self.memory = memory
    packets.reserveCapacity(Self.limit)
  }

  var count: Int { packets.count }

  mutating func append(_ packet: UnsafeMutableRawBufferPointer, to host: Int) {
    guard packets.count < Self.limit, used + packet.count <= memory.count else { return }
    let range = used..<used + packet.count
    UnsafeMutableRawBufferPointer(rebasing: memory[range]).copyMemory(from: UnsafeRawBufferPointer(packet))
    packets.append((range, host, false))
    used = range.upperBound
  }

  subscript(place: Int) -> (bytes: UnsafeMutableRawBufferPointer, host: Int) {
    (UnsafeMutableRawBufferPointer(rebasing: memory[packets[place].range]), packets[place].host)
  }

  func isDropped(_ place: Int) -> Bool { packets[place].isDropped }

  mutating func drop(_ place: Int) { packets[place].isDropped = true }

  mutating func removeAll() {
    packets.removeAll(keepingCapacity: true)
    used = 0
    isReversed = false
  }
}

/// The last 32 packets that were sent, as much of each as 2048 bytes hold.
struct PacketHistory {
  private static let slots = 32
  private static let slotLength = 2048

  private let memory: UnsafeMutableRawBufferPointer
  private var entries: [(length: Int, host: Int)] = []
  private var next = 0

  init(_ memory: UnsafeMutableRawBufferPointer) {
    self.memory = memory
    entries.reserveCapacity(Self.slots)
  }

  mutating func append(_ packet: UnsafeMutableRawBufferPointer, to host: Int) {
    let length = min(packet.count, Self.slotLength)
    let start = next * Self.slotLength
    UnsafeMutableRawBufferPointer(rebasing: memory[start..<start + length])
      .copyMemory(from: UnsafeRawBufferPointer(rebasing: packet[..<length]))
    if entries.count < Self.slots { entries.append((length, host)) } else { entries[next] = (length, host) }
    next = (next + 1) % Self.slots
  }

  /// The packet that so many were sent after; nil if nothing was sent yet.
  func entry(_ age: Int) -> (bytes: UnsafeMutableRawBufferPointer, host: Int)? {
    guard !entries.isEmpty else { return nil }
    let slot = (next + Self.slots - 1 - age % entries.count) % Self.slots
    let start = slot * Self.slotLength
    return (UnsafeMutableRawBufferPointer(rebasing: memory[start..<start + entries[slot].length]), entries[slot].host)
  }
}
