import Glibc

/// Tells which seeds were running when the engine trapped: a trap ends the process, and only the seed replays it.
enum CrashReport {
  // Written by one thread for each slot, read only by a handler in a process that is ending; allocated once, before
  // either, and never moved.
  nonisolated(unsafe) private static let seeds = UnsafeMutablePointer<UInt64>.allocate(capacity: 64)
  nonisolated(unsafe) private static var slotCount = 0

  /// Installs the handler for this many slots, at most 64.
  static func install(slots: Int) {
    seeds.initialize(repeating: 0, count: 64)
    slotCount = min(slots, 64)
    for signalNumber in [SIGILL, SIGTRAP, SIGSEGV, SIGABRT] {
      signal(signalNumber) { number in
        CrashReport.writeSeeds()
        signal(number, SIG_DFL)
        raise(number)
      }
    }
  }

  /// Notes the seed that a slot runs now.
  static func note(seed: UInt64, slot: Int) {
    if slot < slotCount { seeds[slot] = seed }
  }

  private static func writeSeeds() {
    for slot in 0..<slotCount { write(seeds[slot]) }
  }

  /// Writes "trapped while running seed N" without allocating, as a signal handler must.
  private static func write(_ seed: UInt64) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { text in
      var end = text.count - 1
      text[end] = UInt8(ascii: "\n")
      var rest = seed
      repeat {
        end -= 1
        text[end] = UInt8(ascii: "0") + UInt8(rest % 10)
        rest /= 10
      } while rest > 0
      let prefix: StaticString = "trapped while running seed "
      Glibc.write(STDERR_FILENO, prefix.utf8Start, prefix.utf8CodeUnitCount)
      if let base = text.baseAddress { Glibc.write(STDERR_FILENO, base + end, text.count - end) }
    }
  }
}
