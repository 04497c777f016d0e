public import SockeyeTCP

/// What is to happen, ordered by time, then by the order in which it was scheduled: a binary heap over plain storage.
///
/// Equal instants keep their order because a replay must be exact, and because packets sent back to back over a link
/// without a rate must not change places.
public struct EventQueue<Event> {
  private struct Entry {
    let time: Instant
    let order: UInt64
    let event: Event

    func precedes(_ other: Entry) -> Bool {
      time == other.time ? order < other.order : time < other.time
    }
  }

  private var heap: [Entry] = []
  private var nextOrder: UInt64 = 0

  /// Creates an empty queue.
  public init() {}

  /// How many events are waiting.
  public var count: Int { heap.count }

  /// Whether nothing is waiting.
  public var isEmpty: Bool { heap.isEmpty }

  /// When the first event is due; nil if nothing is waiting.
  public var nextTime: Instant? { heap.first?.time }

  /// Adds an event. One in the past is due at once.
  public mutating func schedule(_ event: Event, at time: Instant) {
    let entry = Entry(time: time, order: nextOrder, event: event)
    nextOrder += 1
    heap.append(entry)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard entry.precedes(heap[parent]) else { break }
      heap[child] = heap[parent]
      child = parent
    }
    heap[child] = entry
  }

  /// Takes the first event out, with the time it was scheduled for; nil if nothing is waiting.
  public mutating func removeFirst() -> (time: Instant, event: Event)? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    guard !heap.isEmpty else { return (first.time, first.event) }
    var parent = 0
    while true {
      var child = parent * 2 + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) { child += 1 }
      guard heap[child].precedes(last) else { break }
      heap[parent] = heap[child]
      parent = child
    }
    heap[parent] = last
    return (first.time, first.event)
  }

  /// Takes the first event out if it is due at `now`; nil if none is.
  public mutating func removeFirst(dueAt now: Instant) -> (time: Instant, event: Event)? {
    guard let nextTime, nextTime <= now else { return nil }
    return removeFirst()
  }
}
