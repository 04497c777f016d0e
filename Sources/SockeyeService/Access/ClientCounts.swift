import Synchronization

/// How many connections there are from each address, where that is limited.
final class ClientCounts: Sendable {
  private let counts = Mutex<[String: Int]>([:])

  /// Counts a connection, unless its address has as many as it may.
  func enter(_ address: String, limit: Int) -> Bool {
    self.counts.withLock { counts in
      let count = counts[address, default: 0]
      guard count < limit else { return false }
      counts[address] = count + 1
      return true
    }
  }

  /// Forgets a connection that was counted.
  func leave(_ address: String) {
    self.counts.withLock { counts in
      guard let count = counts[address] else { return }
      counts[address] = count > 1 ? count - 1 : nil
    }
  }
}
