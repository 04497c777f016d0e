internal import SockeyeTCP

/// Which number belongs to which four-tuple: open addressing with linear probing, under a keyed hash, so that nobody outside
/// can choose tuples that collide.
///
/// Eight bytes a place: the tuples themselves are kept where the numbers point, so whoever looks one up says whether what
/// is there is meant. At most three quarters full; removal shifts what follows back, so nothing is left behind.
@usableFromInline
struct FlowTable: ~Copyable {
  private struct Place {
    /// The low half of the tuple's hash, which is as much as 2^32 places ask for.
    var hash: UInt32
    var number: UInt32
    static var none: UInt32 { .max }
  }

  /// Bytes that a place takes.
  static var placeSize: Int { MemoryLayout<Place>.stride }

  private var places: UnsafeMutablePointer<Place>
  private var capacity = 16
  private let key: SecretKey
  private(set) var count = 0

  /// An empty table under a key that is the host's secret.
  init(key: SecretKey) {
    self.key = key
    places = Self.allocate(capacity)
  }

  deinit {
    places.deallocate()
  }

  private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<Place> {
    let places = UnsafeMutablePointer<Place>.allocate(capacity: capacity)
    places.initialize(repeating: Place(hash: 0, number: Place.none), count: capacity)
    return places
  }

  private func hash(_ tuple: FourTuple) -> UInt32 {
    UInt32(truncatingIfNeeded: tuple.flowHash(key))
  }

  private func next(_ place: Int) -> Int { (place + 1) & (capacity - 1) }

  /// The number that belongs to `tuple`, of those that `isMeant` accepts; nil if there is none.
  func number(of tuple: FourTuple, where isMeant: (Int) -> Bool) -> Int? {
    guard count > 0 else { return nil }
    let hash = hash(tuple)
    var place = Int(hash) & (capacity - 1)
    while places[place].number != Place.none {
      if places[place].hash == hash, isMeant(Int(places[place].number)) { return Int(places[place].number) }
      place = next(place)
    }
    return nil
  }

  /// Adds a tuple, which must not be there, and its number, which must be less than 2^32 - 1.
  mutating func insert(_ number: Int, for tuple: FourTuple) {
    if (count + 1) * 4 > capacity * 3 { grow() }
    count += 1
    insert(Place(hash: hash(tuple), number: UInt32(truncatingIfNeeded: number)))
  }

  private func insert(_ new: Place) {
    var place = Int(new.hash) & (capacity - 1)
    while places[place].number != Place.none { place = next(place) }
    places[place] = new
  }

  /// Removes a tuple and its number, if they are there.
  mutating func remove(_ number: Int, for tuple: FourTuple) {
    var hole = Int(hash(tuple)) & (capacity - 1)
    while Int(places[hole].number) != number {
      guard places[hole].number != Place.none else { return }
      hole = next(hole)
    }
    count -= 1
    var place = next(hole)
    while places[place].number != Place.none {
      // An entry may move back to the hole unless its own place lies behind the hole.
      let home = Int(places[place].hash) & (capacity - 1)
      if (place - home) & (capacity - 1) >= (place - hole) & (capacity - 1) {
        places[hole] = places[place]
        hole = place
      }
      place = next(place)
    }
    places[hole].number = Place.none
  }

  /// Checks that each number is found from where its hash points: no empty place lies between.
  func checkInvariants() {
    var found = 0
    for index in 0..<capacity where places[index].number != Place.none {
      found += 1
      var place = Int(places[index].hash) & (capacity - 1)
      while place != index {
        precondition(places[place].number != Place.none, "a number that can't be found")
        place = next(place)
      }
    }
    precondition(found == count && count * 4 <= capacity * 3, "a table that miscounts")
  }

  private mutating func grow() {
    let (old, oldCapacity) = (places, capacity)
    capacity *= 2
    places = Self.allocate(capacity)
    for place in 0..<oldCapacity where old[place].number != Place.none { insert(old[place]) }
    old.deallocate()
  }
}
