import FoundationEssentials

/// Which seeds tests of hostile servers try: `SOCKEYE_DOWNLOAD_SEEDS` sets how many, and `SOCKEYE_DOWNLOAD_SEED` the first.
enum HostileSeeds {
  /// So many, if nothing is set.
  static func range(_ usual: UInt64) -> Range<UInt64> {
    let first = number("SOCKEYE_DOWNLOAD_SEED", 1)
    return first..<(first + number("SOCKEYE_DOWNLOAD_SEEDS", usual))
  }

  private static func number(_ name: String, _ fallback: UInt64) -> UInt64 {
    ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) } ?? fallback
  }
}
