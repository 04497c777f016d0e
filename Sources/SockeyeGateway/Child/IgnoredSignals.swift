internal import CSockeyeLinux

/// A set of signals that a process ignores, which it hands on to the programs that it becomes.
public struct IgnoredSignals: Hashable, Sendable {
  /// Bit n - 1 stands for signal n.
  let bits: UInt64

  /// No signal.
  public init() { bits = 0 }

  private init(bits: UInt64) { self.bits = bits }

  /// Those that this process ignores at this moment.
  public static var current: IgnoredSignals { IgnoredSignals(bits: sockeye_ignored_signals()) }
}
