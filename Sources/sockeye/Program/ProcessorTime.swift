import Glibc

/// How much of the processor this program has used, on all its threads.
enum ProcessorTime {
  /// POSIX has `clock` count in millionths of a second.
  static var used: Duration { .microseconds(clock()) }
}

extension Duration {
  /// Whole nanoseconds.
  var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
