internal import DequeModule
internal import NIOCore
internal import Synchronization

/// What runs once on a loop.
enum LoopTask: Sendable {
  case closure(@Sendable () -> Void)
  case job(UnownedJob)
}

/// What a loop is to run, given to it from any thread: tasks in their order, and timers.
///
/// A wake-up can't be lost. The loop says that it is going to sleep under the same lock under which others add, and only if
/// there is nothing for it; whoever adds then sees that it sleeps, says that it doesn't any more, and wakes it. The link's
/// wake-up stays set until a sleep takes it.
final class LoopQueue: Sendable {
  /// Who runs what the loop is given.
  enum Phase: Sendable {
    /// The thread that turns the loop.
    case open
    /// The loop has ended: tasks are run by who adds one while nobody does (`isRun`), and timers are refused.
    case ended(isRun: Bool)
  }

  /// What an addition asks of who made it.
  enum Addition: Sendable {
    case added
    /// The loop sleeps: wake it.
    case addedToSleeping
    /// The loop has ended, and nobody runs tasks: it is to be done here, until `leave` says that it is over.
    case addedToEnded
  }

  private struct State: Sendable {
    var phase = Phase.open
    var tasks = Deque<LoopTask>()
    var timers = TimerQueue()
    /// Until when the loop sleeps; nil while it is awake.
    var sleepEnd: NIODeadline?
  }

  private let state = Mutex(State())

  /// Adds a task.
  func add(_ task: LoopTask) -> Addition {
    state.withLock { state in
      state.tasks.append(task)
      switch state.phase {
      case .open: return state.sleepEnd.take() == nil ? .added : .addedToSleeping
      case .ended(isRun: true): return .added
      case .ended(isRun: false):
        state.phase = .ended(isRun: true)
        return .addedToEnded
      }
    }
  }

  /// Sets a timer.
  ///
  /// - Returns: the name to cancel it by, and what to do; no name if the loop has ended.
  func add(_ action: TimerQueue.Action, at deadline: NIODeadline) -> (identifier: UInt64?, addition: Addition) {
    state.withLock { state in
      guard case .open = state.phase else { return (nil, .added) }
      let identifier = state.timers.insert(action, at: deadline)
      guard let sleepEnd = state.sleepEnd, deadline < sleepEnd else { return (identifier, .added) }
      state.sleepEnd = nil
      return (identifier, .addedToSleeping)
    }
  }

  /// Takes a timer out, which then never fires; nil if it is gone.
  func cancelTimer(_ identifier: UInt64) -> TimerQueue.Action? {
    state.withLock { $0.timers.remove(identifier) }
  }

  /// Says that the loop is going to sleep until `limit` at the latest, or until its first timer.
  ///
  /// - Returns: until when; nil where there is something to run at once.
  func beginSleep(until limit: NIODeadline) -> NIODeadline? {
    state.withLock { state in
      guard state.tasks.isEmpty else { return nil }
      let end = min(limit, state.timers.nextDeadline() ?? .distantFuture)
      state.sleepEnd = end
      return end
    }
  }

  /// Says that the loop is awake.
  func endSleep() {
    state.withLock { $0.sleepEnd = nil }
  }

  /// When there is something to run: at once if a task waits, else when the first timer is due; nil if there is nothing.
  func nextDeadline(now: NIODeadline) -> NIODeadline? {
    state.withLock { $0.tasks.isEmpty ? $0.timers.nextDeadline() : now }
  }

  /// Names the timers that are due, in their order. Each is to be taken out by its name when its turn comes.
  func nameDue(at now: NIODeadline, in names: inout [UInt64]) {
    state.withLock { $0.timers.nameDue(at: now, in: &names) }
  }

  /// Takes all tasks that wait, and leaves `spare` in their place, whose room is used again.
  func takeTasks(into spare: inout Deque<LoopTask>) {
    state.withLock { state in
      let taken = state.tasks
      state.tasks = spare
      spare = taken
    }
  }

  /// Takes all timers out.
  func takeTimers() -> [TimerQueue.Action] {
    state.withLock { $0.timers.removeAll() }
  }

  /// Ends it, if no task waits; its thread goes on to run tasks until it leaves. Returns whether it did.
  func endIfEmpty() -> Bool {
    state.withLock { state in
      guard state.tasks.isEmpty, state.timers.count == 0 else { return false }
      state.phase = .ended(isRun: true)
      return true
    }
  }

  /// Whether it has ended.
  var hasEnded: Bool {
    state.withLock { state in
      if case .ended = state.phase { return true }
      return false
    }
  }

  /// Says that a thread goes which has run tasks. Returns whether it may: not while an ended loop's tasks wait for it.
  func leave() -> Bool {
    state.withLock { state in
      guard case .ended(isRun: true) = state.phase else { return true }
      guard state.tasks.isEmpty else { return false }
      state.phase = .ended(isRun: false)
      return true
    }
  }
}
