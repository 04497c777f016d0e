/// Values by their keys, in the order in which they were used last: finding, using and removing one, and finding the one that has
/// rested longest, each take the same time however many there are.
///
/// The order is a list through a slab, whose places are used again.
struct RestingOrder<Key: Hashable, Value> {
  private struct Node {
    var key: Key
    /// Nil where the place is free.
    var value: Value?
    /// The neighbours in the list: what was used before it, and after it.
    var older: Int
    var newer: Int
  }

  private static var nowhere: Int { -1 }

  private var places: [Key: Int] = [:]
  private var nodes: [Node] = []
  private var free: [Int] = []
  private var oldestPlace = Self.nowhere
  private var newestPlace = Self.nowhere

  var count: Int { places.count }
  var isEmpty: Bool { places.isEmpty }

  /// The key that has rested longest, and its value.
  var oldest: (key: Key, value: Value)? {
    guard oldestPlace != Self.nowhere, let value = nodes[oldestPlace].value else { return nil }
    return (nodes[oldestPlace].key, value)
  }

  /// All keys, in no order.
  var keys: [Key] { Array(places.keys) }

  /// The keys that have rested longest, up to the first whose value isn't wanted.
  func keys(fromOldestWhile isWanted: (Value) -> Bool) -> [Key] {
    var found: [Key] = []
    var place = oldestPlace
    while place != Self.nowhere, let value = nodes[place].value, isWanted(value) {
      found.append(nodes[place].key)
      place = nodes[place].newer
    }
    return found
  }

  /// A key's value; giving it another one is no use of it. What there is none of can't be changed: see ``insert(_:for:)``.
  subscript(key: Key) -> Value? {
    get { places[key].flatMap { nodes[$0].value } }
    set {
      guard let place = places[key] else { return }
      if newValue == nil { remove(key) } else { nodes[place].value = newValue }
    }
  }

  /// Gives a key that has none a value, and takes it as the one used last.
  mutating func insert(_ value: Value, for key: Key) {
    remove(key)
    let node = Node(key: key, value: value, older: Self.nowhere, newer: Self.nowhere)
    let place: Int
    if let unused = free.popLast() {
      place = unused
      nodes[place] = node
    } else {
      place = nodes.count
      nodes.append(node)
    }
    places[key] = place
    append(place)
  }

  /// Takes a key as the one used last.
  mutating func use(_ key: Key) {
    guard let place = places[key], place != newestPlace else { return }
    unlink(place)
    append(place)
  }

  /// Forgets a key. Returns its value.
  @discardableResult
  mutating func remove(_ key: Key) -> Value? {
    guard let place = places.removeValue(forKey: key) else { return nil }
    unlink(place)
    free.append(place)
    return nodes[place].value.take()
  }

  private mutating func append(_ place: Int) {
    nodes[place].older = newestPlace
    nodes[place].newer = Self.nowhere
    if newestPlace == Self.nowhere { oldestPlace = place } else { nodes[newestPlace].newer = place }
    newestPlace = place
  }

  private mutating func unlink(_ place: Int) {
    let (older, newer) = (nodes[place].older, nodes[place].newer)
    if older == Self.nowhere { oldestPlace = newer } else { nodes[older].newer = newer }
    if newer == Self.nowhere { newestPlace = older } else { nodes[newer].older = older }
  }
}
