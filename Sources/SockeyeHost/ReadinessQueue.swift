/// The places of sockets whose readiness may have changed, each at most once, in the order in which it did.
///
/// It is as large as the table of sockets at most, whether or not anybody takes what is in it.
struct ReadinessQueue {
  private var places = RingQueue<Int>()
  private var isWaiting: [Bool] = []

  mutating func append(_ place: Int) {
    if place >= isWaiting.count {
      isWaiting.append(contentsOf: repeatElement(false, count: place + 1 - isWaiting.count))
    }
    guard !isWaiting[place] else { return }
    isWaiting[place] = true
    places.append(place)
  }

  mutating func popFirst() -> Int? {
    guard let place = places.popFirst() else { return nil }
    isWaiting[place] = false
    return place
  }
}
