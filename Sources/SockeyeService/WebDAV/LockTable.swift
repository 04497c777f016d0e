import NIOCore
import Synchronization

/// The locks of a service. They are in memory alone, bounded in number and in time, and gone with the service.
final class LockTable: Sendable {
  private let held = Mutex<[Lock]>([])

  /// Locks at once, in all and of one user; where nobody is asked who he is, all are one user.
  static let most = 1024
  static let mostOfOne = 512
  /// How long a lock holds at most without being refreshed.
  static let longest = TimeAmount.minutes(10)

  /// What came of asking for a lock.
  enum Addition: Equatable, Sendable {
    case added
    /// Somebody has one that goes with no other.
    case conflict
    case full
  }

  /// A request to write, as the locks see it.
  struct Writing {
    let path: ResourcePath
    /// Whether what lies below is written, too.
    var isTree = false
    /// The tokens that the request names.
    let tokens: Set<String>
    let user: String?
  }

  func add(_ lock: Lock, now: NIODeadline) -> Addition {
    held.withLock { held in
      held.removeAll { $0.due <= now }
      let isTaken = held.contains { other in
        let overlaps = other.covers(lock.path) || (lock.isDeep && other.path.below(lock.path) != nil)
        return overlaps && !(other.isShared && lock.isShared)
      }
      guard !isTaken else { return .conflict }
      guard held.count < Self.most, held.count(where: { $0.user == lock.user }) < Self.mostOfOne else { return .full }
      held.append(lock)
      return .added
    }
  }

  /// Lets a lock hold longer.
  ///
  /// - Returns: The lock, if it is whose who asks, and covers what is asked about.
  func refresh(_ tokens: Set<String>, of path: ResourcePath, user: String?, due: NIODeadline, now: NIODeadline) -> Lock?
  {
    held.withLock { held in
      held.removeAll { $0.due <= now }
      let index = held.firstIndex { tokens.contains($0.token) && $0.covers(path) && $0.user == user }
      guard let index else { return nil }
      held[index].due = due
      return held[index]
    }
  }

  /// Gives a lock up.
  ///
  /// - Returns: Whether there was such a lock, and it was whose who asks.
  func remove(_ token: String, of path: ResourcePath, user: String?) -> Bool {
    held.withLock { held in
      guard let index = held.firstIndex(where: { $0.token == token && $0.covers(path) && $0.user == user }) else {
        return false
      }
      held.remove(at: index)
      return true
    }
  }

  /// What is gone has no locks.
  func removeAll(beneath path: ResourcePath) {
    held.withLock { $0.removeAll { $0.path.below(path) != nil } }
  }

  /// Whether a lock keeps a request from writing (RFC 4918, sections 6.1 and 7.4): one that covers what is written, or what
  /// lies below it, or the folder that it comes to stand in or goes from.
  func obstructs(_ writing: Writing, now: NIODeadline) -> Bool {
    let locks = held.withLock { held in
      held.filter { lock in
        lock.due > now
          && (lock.covers(writing.path) || lock.path.bytes == writing.path.parent.bytes
            || (writing.isTree && lock.path.below(writing.path) != nil))
      }
    }
    let isOpen = { (lock: Lock) in writing.tokens.contains(lock.token) && lock.user == writing.user }
    // Of several that share, one is enough (section 7.4).
    return locks.contains { lock in
      guard !isOpen(lock) else { return false }
      return !lock.isShared || !locks.contains { $0.path.bytes == lock.path.bytes && isOpen($0) }
    }
  }

  /// Whether something is locked by this token.
  func isLocked(_ path: ResourcePath, by token: String, now: NIODeadline) -> Bool {
    held.withLock { $0.contains { $0.token == token && $0.due > now && $0.covers(path) } }
  }

  /// Whether a file was made by a lock that the request is free to use.
  func hasMade(_ writing: Writing, now: NIODeadline) -> Bool {
    held.withLock { held in
      held.contains {
        $0.madeFile && $0.path.bytes == writing.path.bytes && $0.due > now && writing.tokens.contains($0.token)
          && $0.user == writing.user
      }
    }
  }

  /// The locks that matter to a path, and to what lies directly in it.
  func snapshot(around path: ResourcePath, behind prefix: String, now: NIODeadline) -> LockSnapshot {
    let locks = held.withLock { held in
      held.filter { $0.due > now && ($0.covers(path) || $0.path.parent.bytes == path.bytes) }
    }
    return LockSnapshot(locks: locks, prefix: prefix, now: now)
  }
}
