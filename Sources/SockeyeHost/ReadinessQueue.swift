/// The places of sockets whose readiness may have changed, each at most once, in the order in which it did.
///
/// It is as large as the table of sockets at most, whether or not anybody takes what is in it.
struct ReadinessQueue {
  private var places = RingQueue<SocketPlace>()
  private var isWaiting: [Bool] = []

  mutating func append(_ place: SocketPlace) {
    if place.index >= isWaiting.count {
      isWaiting.append(contentsOf: repeatElement(false, count: place.index + 1 - isWaiting.count))
    }
    guard !isWaiting[place.index] else { return }
    isWaiting[place.index] = true
    places.append(place)
  }

  mutating func popFirst() -> SocketPlace? {
    guard let place = places.popFirst() else { return nil }
    isWaiting[place.index] = false
    return place
  }
}
