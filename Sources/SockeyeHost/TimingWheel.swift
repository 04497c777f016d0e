internal import SockeyeTCP

/// Deadlines of numbered timers in a hierarchical timing wheel (Varghese and Lauck, 1987): setting, moving and clearing
/// one takes the same time however many there are.
///
/// Slots only sort roughly: level 0 has slots of about a millisecond, each level above slots 64 times as long. Deadlines
/// are kept exactly, so a timer never runs early and `nextDeadline` is to the nanosecond.
struct TimingWheel {
  private static let levels = 8
  private static let slotBits = 6
  /// Nanoseconds of a slot of level 0, as a shift.
  private static let tickBits = 20

  private struct Node {
    var deadline = Int64.max
    var next: Int32 = -1
    var previous: Int32 = -1
    /// Which slot of all levels holds the node; -1 for none.
    var slot: Int32 = -1
  }

  /// Bytes that a timer takes.
  static var nodeSize: Int { MemoryLayout<Node>.stride }

  private var nodes: [Node] = []
  private var heads = [Int32](repeating: -1, count: levels << slotBits)
  /// The least deadline of each slot; nil where it has to be looked for.
  private var least = [Int64?](repeating: nil, count: levels << slotBits)
  private var occupied = [UInt64](repeating: 0, count: levels)
  private var tick: Int64

  /// A wheel that starts at `now`.
  init(now: Instant) {
    tick = max(now.nanoseconds, 0) >> Self.tickBits
  }

  /// Sets, moves or, with `never`, clears the timer of that number.
  mutating func schedule(_ timer: Int, at deadline: Instant) {
    if timer >= nodes.count {
      guard deadline != .never else { return }
      nodes.append(contentsOf: repeatElement(Node(), count: timer + 1 - nodes.count))
    }
    guard nodes[timer].deadline != deadline.nanoseconds else { return }
    remove(timer)
    guard deadline != .never else { return }
    nodes[timer].deadline = deadline.nanoseconds
    insert(timer)
  }

  /// The earliest deadline; `never` if no timer is set.
  mutating func nextDeadline() -> Instant {
    guard let slot = earliestSlot() else { return .never }
    return Instant(nanoseconds: leastDeadline(of: slot))
  }

  /// Clears a timer whose deadline has come, and returns its number. Nil when there is none left.
  mutating func popExpired(now: Instant) -> Int? {
    let target = max(now.nanoseconds, 0) >> Self.tickBits
    while let slot = earliestSlot() {
      let start = startTick(of: slot)
      guard start <= target else { break }
      tick = max(tick, start)
      guard slot < 1 << Self.slotBits else {
        cascade(slot)
        continue
      }
      guard leastDeadline(of: slot) <= now.nanoseconds else { return nil }
      var timer = heads[slot]
      while timer >= 0, nodes[Int(timer)].deadline != least[slot] { timer = nodes[Int(timer)].next }
      guard timer >= 0 else { return nil }
      remove(Int(timer))
      return Int(timer)
    }
    // Nothing is due up to here, so each timer keeps its slot when the wheel turns.
    tick = max(tick, target)
    return nil
  }

  /// When a timer is due; `never` if it isn't set.
  func deadline(of timer: Int) -> Instant {
    timer < nodes.count ? Instant(nanoseconds: nodes[timer].deadline) : .never
  }

  /// Checks that each timer hangs in the slot that its deadline has, and each slot knows its least.
  func checkInvariants() {
    var linked = 0
    for slot in heads.indices {
      let isOccupied = occupied[slot >> Self.slotBits] & 1 << UInt64(slot & (1 << Self.slotBits - 1)) != 0
      precondition(isOccupied == (heads[slot] >= 0), "a slot that is marked wrongly")
      var (timer, previous, least) = (heads[slot], Int32(-1), Int64.max)
      while timer >= 0 {
        let node = nodes[Int(timer)]
        precondition(node.slot == Int32(slot) && node.previous == previous, "a timer that hangs in the wrong place")
        least = min(least, node.deadline)
        linked += 1
        (previous, timer) = (timer, node.next)
      }
      if isOccupied, let known = self.least[slot] { precondition(known == least, "a slot that misjudges its least") }
    }
    precondition(linked == nodes.count { $0.slot >= 0 }, "a timer that is lost")
  }

  // MARK: Slots

  private mutating func insert(_ timer: Int) {
    let due = max(nodes[timer].deadline >> Self.tickBits, tick)
    let difference = due ^ tick
    let level = difference == 0 ? 0 : min((63 - difference.leadingZeroBitCount) / Self.slotBits, Self.levels - 1)
    let position = Int(truncatingIfNeeded: due >> Int64(Self.slotBits * level)) & (1 << Self.slotBits - 1)
    let slot = level << Self.slotBits | position
    nodes[timer].slot = Int32(truncatingIfNeeded: slot)
    nodes[timer].next = heads[slot]
    nodes[timer].previous = -1
    if heads[slot] >= 0 {
      nodes[Int(heads[slot])].previous = Int32(truncatingIfNeeded: timer)
      if let known = least[slot] { least[slot] = min(known, nodes[timer].deadline) }
    } else {
      least[slot] = nodes[timer].deadline
    }
    heads[slot] = Int32(truncatingIfNeeded: timer)
    occupied[level] |= 1 << UInt64(position)
  }

  private mutating func remove(_ timer: Int) {
    let node = nodes[timer]
    guard node.slot >= 0 else { return }
    let slot = Int(node.slot)
    if node.previous >= 0 { nodes[Int(node.previous)].next = node.next } else { heads[slot] = node.next }
    if node.next >= 0 { nodes[Int(node.next)].previous = node.previous }
    if heads[slot] < 0 {
      occupied[slot >> Self.slotBits] &= ~(1 << UInt64(slot & (1 << Self.slotBits - 1)))
    }
    if least[slot] == node.deadline { least[slot] = nil }
    nodes[timer] = Node()
  }

  /// The slot that holds the earliest deadline. Timers of a level share all higher digits of their tick with the wheel's,
  /// so the lowest level that has any holds the earliest, and there its lowest slot.
  private func earliestSlot() -> Int? {
    for level in 0..<Self.levels where occupied[level] != 0 {
      return level << Self.slotBits | occupied[level].trailingZeroBitCount
    }
    return nil
  }

  private func startTick(of slot: Int) -> Int64 {
    let shift = Int64(Self.slotBits * (slot >> Self.slotBits))
    let position = Int64(slot & (1 << Self.slotBits - 1))
    let above = shift + Int64(Self.slotBits)
    let higher = (tick >> above) << above
    return higher | position << shift
  }

  private mutating func leastDeadline(of slot: Int) -> Int64 {
    if let known = least[slot] { return known }
    var result = Int64.max
    var timer = heads[slot]
    while timer >= 0 {
      result = min(result, nodes[Int(timer)].deadline)
      timer = nodes[Int(timer)].next
    }
    least[slot] = result
    return result
  }

  /// Spreads a slot of a higher level over the levels below it, now that the wheel stands at its start.
  private mutating func cascade(_ slot: Int) {
    var timer = heads[slot]
    heads[slot] = -1
    least[slot] = nil
    occupied[slot >> Self.slotBits] &= ~(1 << UInt64(slot & (1 << Self.slotBits - 1)))
    while timer >= 0 {
      let next = nodes[Int(timer)].next
      insert(Int(timer))
      timer = next
    }
  }
}
