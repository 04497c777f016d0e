import Synchronization

/// What all uploads of a service share: the quota, and who is writing what.
final class UploadArea: Sendable {
  private struct State {
    var used: Int64 = 0
    var active: Set<[UInt8]> = []
  }

  private let quota: Int64?
  private let state = Mutex(State())

  init(quota: Int64?) { self.quota = quota }

  /// Claims a path, so that two uploads never write the same file.
  func claim(_ path: ResourcePath) -> Bool {
    self.state.withLock { $0.active.insert(path.bytes).inserted }
  }

  /// Gives a path up.
  func release(_ path: ResourcePath) {
    self.state.withLock { _ = $0.active.remove(path.bytes) }
  }

  /// Takes bytes from the quota, or none at all if there are not enough left.
  func reserve(_ count: Int) -> Bool {
    guard let quota = self.quota else { return true }
    return self.state.withLock { state in
      guard Int64(count) <= quota - state.used else { return false }
      state.used += Int64(count)
      return true
    }
  }
}
