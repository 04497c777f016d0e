/// The records of what is outstanding, in the order of their offsets, in a ring that grows by doubling.
///
/// The records touch: each begins where the one before it ends. Every access is masked into the
/// allocation, so no index, right or wrong, reaches outside it. No pointer into it leaves it: a record that is
/// inserted moves the others, so outside they are named by their index.
@usableFromInline
struct SentRing: ~Copyable {
  private var storage: UnsafeMutablePointer<SentRecord>?
  private var mask: UInt32 = 0
  private var head: UInt32 = 0
  /// Records in the ring.
  private(set) var count: Int = 0

  init() {}

  // Usable from inline, since Embedded Swift looks it up wherever a connection is destroyed.
  deinit { storage?.deallocate() }

  /// Records that fit without growth.
  var capacity: Int { storage == nil ? 0 : Int(mask) + 1 }

  /// A copy of the record at `index`, 0 the oldest; nil where there is none.
  @inline(__always)
  func record(at index: Int) -> SentRecord? {
    guard let storage, UInt(bitPattern: index) < UInt(bitPattern: count) else { return nil }
    return storage[slot(index)]
  }

  /// Puts `record` in the place of the one at `index`, if there is one.
  @inline(__always)
  mutating func replaceRecord(at index: Int, with record: SentRecord) {
    guard let storage, UInt(bitPattern: index) < UInt(bitPattern: count) else { return }
    storage[slot(index)] = record
  }

  /// Adds a record at the end; false where there is no room.
  @inline(__always)
  mutating func append(_ record: SentRecord) -> Bool {
    guard let storage, count <= Int(mask) else { return false }
    (storage + Int((head &+ UInt32(truncatingIfNeeded: count)) & mask)).initialize(to: record)
    count &+= 1
    return true
  }

  /// Removes the oldest record, if there is one.
  @inline(__always)
  mutating func removeFirst() {
    guard count > 0 else { return }
    head = (head &+ 1) & mask
    count &-= 1
  }

  /// Makes room for a record at `index`, moving whichever side is shorter; false where there is no room.
  mutating func insert(_ record: SentRecord, at index: Int) -> Bool {
    guard let storage, count <= Int(mask), index >= 0, index <= count else { return false }
    if index < count / 2 {
      head = (head &- 1) & mask
      for position in 0..<index { move(storage, from: position + 1, to: position) }
    } else {
      for position in stride(from: count, to: index, by: -1) { move(storage, from: position - 1, to: position) }
    }
    count += 1
    (storage + slot(index)).initialize(to: record)
    return true
  }

  /// The index of the record that covers `offset`; `count` where all lie before it.
  func index(covering offset: StreamOffset) -> Int {
    guard let storage else { return 0 }
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if storage[slot(middle)].end <= offset { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Doubles the capacity. Allocates.
  mutating func grow() {
    let larger = Swift.max(capacity * 2, SentRing.initialCapacity)
    let replacement = UnsafeMutablePointer<SentRecord>.allocate(capacity: larger)
    if let storage {
      for position in 0..<count { (replacement + position).initialize(to: storage[slot(position)]) }
      storage.deallocate()
    }
    storage = replacement
    mask = UInt32(truncatingIfNeeded: larger - 1)
    head = 0
  }

  static let initialCapacity = 32

  @inline(__always)
  private func slot(_ index: Int) -> Int { Int((head &+ UInt32(truncatingIfNeeded: index)) & mask) }

  @inline(__always)
  private func move(_ storage: UnsafeMutablePointer<SentRecord>, from source: Int, to target: Int) {
    storage[slot(target)] = storage[slot(source)]
  }
}
