/// A first-in, first-out queue in a ring that grows by doubling.
struct RingQueue<Element> {
  private var ring: [Element?] = []
  private var first = 0
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  /// The element that so many came before.
  subscript(index: Int) -> Element {
    guard index >= 0, index < count, let element = ring[(first + index) & (ring.count - 1)] else {
      preconditionFailure("no such element")
    }
    return element
  }

  /// The element that has waited longest.
  var front: Element? { isEmpty ? nil : ring[first] }

  mutating func append(_ element: Element) {
    if count == ring.count { grow() }
    ring[(first + count) & (ring.count - 1)] = element
    count += 1
  }

  mutating func popFirst() -> Element? {
    guard count > 0 else { return nil }
    let element = ring[first].take()
    first = (first + 1) & (ring.count - 1)
    count -= 1
    return element
  }

  /// Takes out the elements that `isUnwanted` picks, the order of the others kept.
  mutating func removeAll(where isUnwanted: (Element) -> Bool) {
    for _ in 0..<count {
      guard let element = popFirst() else { return }
      if !isUnwanted(element) { append(element) }
    }
  }

  private mutating func grow() {
    var larger = [Element?](repeating: nil, count: max(8, ring.count * 2))
    for index in 0..<count { larger[index] = ring[(first + index) & (ring.count - 1)] }
    ring = larger
    first = 0
  }
}

extension RingQueue where Element: Equatable {
  /// Whether an element waits.
  func contains(_ element: Element) -> Bool {
    (0..<count).contains { self[$0] == element }
  }
}
