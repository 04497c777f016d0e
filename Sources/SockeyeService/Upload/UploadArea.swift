import Synchronization

/// What all uploads of a service share: the quota, and who is writing what.
///
/// Every byte that an upload may add is counted before it comes, and given back when it doesn't stay.
final class UploadArea: Sendable {
  private struct State {
    var used: Int64 = 0
    var active: Set<[UInt8]> = []
    /// What interrupted uploads have left, to be continued: counted for as long as it is there.
    var kept: [[UInt8]: Int64] = [:]
  }

  private let quota: Int64?
  private let state = Mutex(State())

  init(quota: Int64?) { self.quota = quota }

  /// Claims a path, so that two uploads never write the same file.
  func claim(_ path: ResourcePath) -> Bool {
    state.withLock { $0.active.insert(path.bytes).inserted }
  }

  /// Gives a path up.
  func release(_ path: ResourcePath) {
    state.withLock { _ = $0.active.remove(path.bytes) }
  }

  /// Whether so many bytes are left of the quota.
  func hasRoom(for count: Int64) -> Bool {
    guard let quota else { return true }
    return state.withLock { count <= quota - $0.used }
  }

  /// Takes bytes from the quota, or none at all if there are not enough left.
  func reserve(_ count: Int64) -> Bool {
    guard let quota else { return true }
    return state.withLock { state in
      guard count <= quota - state.used else { return false }
      state.used += count
      return true
    }
  }

  /// Bytes that an interrupted upload has left and that are counted. They belong to whoever continues it from then on.
  func takeKept(_ path: ResourcePath) -> Int64 {
    guard quota != nil else { return 0 }
    return state.withLock { $0.kept.removeValue(forKey: path.bytes) ?? 0 }
  }

  /// Settles what an upload has counted against what stays of it.
  ///
  /// - Parameters:
  ///   - counted: What it has reserved and taken over.
  ///   - stays: What of it is on the disk.
  ///   - isPartial: Whether that is a part that may be continued.
  func settle(_ path: ResourcePath, counted: Int64, stays: Int64, isPartial: Bool) {
    guard quota != nil else { return }
    state.withLock { state in
      state.used += stays - counted
      if isPartial, stays > 0 { state.kept[path.bytes] = stays }
    }
  }
}
