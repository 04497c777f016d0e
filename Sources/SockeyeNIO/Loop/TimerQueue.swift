internal import HeapModule
internal import NIOCore

/// What is to run at a time, in the order of deadlines; equal deadlines keep the order in which they were asked for.
///
/// What is cancelled leaves its action at once, and its place in the heap when its time comes or when such places are most
/// of the heap: cancelling costs no search, and timers that are set and cancelled for ever take no memory.
struct TimerQueue: Sendable {
  /// What becomes of a timer: one of the two is called, once.
  struct Action: Sendable {
    /// Called when the time has come.
    let fire: @Sendable () -> Void
    /// Called if it is cancelled, or if the loop ends first.
    let cancel: @Sendable () -> Void
  }

  private struct Entry: Comparable, Sendable {
    let deadline: NIODeadline
    let identifier: UInt64

    static func < (left: Entry, right: Entry) -> Bool {
      left.deadline == right.deadline ? left.identifier < right.identifier : left.deadline < right.deadline
    }
  }

  private var heap = Heap<Entry>()
  private var actions: [UInt64: Action] = [:]
  private var nextIdentifier: UInt64 = 0

  /// How many timers are set.
  var count: Int { actions.count }

  /// Sets a timer, and returns the name to cancel it by.
  mutating func insert(_ action: Action, at deadline: NIODeadline) -> UInt64 {
    let identifier = nextIdentifier
    nextIdentifier += 1
    actions[identifier] = action
    heap.insert(Entry(deadline: deadline, identifier: identifier))
    return identifier
  }

  /// Takes a timer out; nil if it has fired or was cancelled before.
  mutating func remove(_ identifier: UInt64) -> Action? {
    guard let action = actions.removeValue(forKey: identifier) else { return nil }
    if heap.count > 2 * actions.count + 64 {
      let actions = actions
      heap = Heap(heap.unordered.filter { actions[$0.identifier] != nil })
    }
    return action
  }

  /// When the first timer is due; nil if none is set.
  mutating func nextDeadline() -> NIODeadline? {
    while let first = heap.min {
      if actions[first.identifier] != nil { return first.deadline }
      heap.removeMin()
    }
    return nil
  }

  /// Names the timers that are due at `now`, in their order, to be removed one after another: an earlier one may cancel a
  /// later one, and one that is set meanwhile waits for the next time, however early it is.
  mutating func nameDue(at now: NIODeadline, in names: inout [UInt64]) {
    while let deadline = nextDeadline(), deadline <= now, let first = heap.popMin() {
      names.append(first.identifier)
    }
  }

  /// Takes all timers out, in their order: first those that were named as due.
  mutating func removeAll() -> [Action] {
    var waiting: [Action] = []
    while nextDeadline() != nil, let first = heap.popMin() {
      if let action = actions.removeValue(forKey: first.identifier) { waiting.append(action) }
    }
    let named = actions.sorted { $0.key < $1.key }.map(\.value)
    actions = [:]
    return named + waiting
  }
}
