import Glibc

/// A moment as clocks on the wall show it.
public struct WallTime: Sendable {
  /// Nanoseconds since 1970.
  public let nanoseconds: UInt64

  /// Creates a moment from nanoseconds since 1970.
  public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  /// The time at which it is asked for.
  public static var now: WallTime {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return WallTime(nanoseconds: UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec))
  }

  /// The local time of day to the millisecond: `14:03:59.123`.
  public var text: String {
    let fields = self.fields(localtime_r)
    return
      "\(Self.padded(fields.tm_hour)):\(Self.padded(fields.tm_min)):\(Self.padded(fields.tm_sec)).\(milliseconds)"
  }

  /// Date and time in UTC (RFC 3339): `2026-11-21T13:03:59.123Z`.
  public var iso8601: String {
    let fields = self.fields(gmtime_r)
    let date = "\(fields.tm_year + 1900)-\(Self.padded(fields.tm_mon + 1))-\(Self.padded(fields.tm_mday))"
    let time = "\(Self.padded(fields.tm_hour)):\(Self.padded(fields.tm_min)):\(Self.padded(fields.tm_sec))"
    return "\(date)T\(time).\(milliseconds)Z"
  }

  private func fields(
    _ convert: (UnsafePointer<time_t>, UnsafeMutablePointer<tm>) -> UnsafeMutablePointer<tm>?
  ) -> tm {
    var seconds = time_t(clamping: nanoseconds / 1_000_000_000)
    var fields = tm()
    _ = convert(&seconds, &fields)
    return fields
  }

  private var milliseconds: String {
    let value = nanoseconds / 1_000_000 % 1000
    return (value < 10 ? "00" : value < 100 ? "0" : "") + "\(value)"
  }

  private static func padded(_ value: CInt) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
