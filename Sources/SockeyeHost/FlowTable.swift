internal import SockeyeTCP

/// Values by four-tuple: open addressing with linear probing, under a keyed hash, so that nobody outside can choose tuples
/// that collide. At most three quarters full; removal shifts what follows back, so nothing is left behind.
struct FlowTable<Value> {
  private struct Entry {
    var hash: UInt64
    var tuple: FourTuple
    var value: Value
  }

  private var entries: [Entry?] = []
  private let key: SecretKey
  private(set) var count = 0

  /// An empty table under a key that is the host's secret.
  init(key: SecretKey) {
    self.key = key
  }

  /// The value of `tuple`; nil if there is none. Setting nil removes it.
  subscript(tuple: FourTuple) -> Value? {
    get {
      guard count > 0 else { return nil }
      return entries[find(tuple, hash: hash(tuple))]?.value
    }
    set {
      if let newValue {
        insert(tuple, newValue)
      } else {
        remove(tuple)
      }
    }
  }

  private func hash(_ tuple: FourTuple) -> UInt64 {
    tuple.flowHash(key)
  }

  /// Where the tuple is, or the empty place where it would be.
  private func find(_ tuple: FourTuple, hash: UInt64) -> Int {
    let mask = entries.count - 1
    var place = Int(truncatingIfNeeded: hash) & mask
    while let entry = entries[place], entry.hash != hash || entry.tuple != tuple { place = (place + 1) & mask }
    return place
  }

  private mutating func insert(_ tuple: FourTuple, _ value: Value) {
    if (count + 1) * 4 > entries.count * 3 { grow() }
    let hash = hash(tuple)
    let place = find(tuple, hash: hash)
    if entries[place] == nil { count += 1 }
    entries[place] = Entry(hash: hash, tuple: tuple, value: value)
  }

  private mutating func remove(_ tuple: FourTuple) {
    guard count > 0 else { return }
    var hole = find(tuple, hash: hash(tuple))
    guard entries[hole] != nil else { return }
    count -= 1
    let mask = entries.count - 1
    var place = (hole + 1) & mask
    while let entry = entries[place] {
      // An entry may move back to the hole unless its own place lies behind the hole.
      let home = Int(truncatingIfNeeded: entry.hash) & mask
      if (place - home) & mask >= (place - hole) & mask {
        entries[hole] = entry
        hole = place
      }
      place = (place + 1) & mask
    }
    entries[hole] = nil
  }

  private mutating func grow() {
    let old = entries
    entries = [Entry?](repeating: nil, count: max(16, old.count * 2))
    for case .some(let entry) in old { entries[find(entry.tuple, hash: entry.hash)] = entry }
  }
}
