internal import Glibc

/// Dates of HTTP: RFC 9110, section 5.6.7.
public enum HTTPDate {
  private static let days: [StaticString] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  /// Writes seconds since 1970 as an IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT`.
  public static func text(_ seconds: Int64) -> String {
    let time = broken(seconds)
    let day = days[Int(time.tm_wday) % 7]
    let month = months[Int(time.tm_mon) % 12]
    return "\(day), \(two(time.tm_mday)) \(month) \(four(time.tm_year + 1900)) "
      + "\(two(time.tm_hour)):\(two(time.tm_min)):\(two(time.tm_sec)) GMT"
  }

  /// Writes seconds since 1970 in the manner of RFC 3339: `1994-11-06T08:49:37Z`.
  public static func internetText(_ seconds: Int64) -> String {
    let time = broken(seconds)
    return "\(four(time.tm_year + 1900))-\(two(time.tm_mon + 1))-\(two(time.tm_mday))"
      + "T\(two(time.tm_hour)):\(two(time.tm_min)):\(two(time.tm_sec))Z"
  }

  /// Reads any of the three formats that a recipient has to accept.
  ///
  /// - Returns: Seconds since 1970, or `nil` for anything else.
  public static func parse(_ text: some StringProtocol) -> Int64? {
    let words = text.split(whereSeparator: { $0 == " " || $0 == "," || $0 == "-" })
    switch words.count {
    case 6 where words[5] == "GMT":
      // IMF-fixdate, or RFC 850 with a year of two digits.
      guard let number = UInt16(words[3]) else { return nil }
      let year = words[3].utf8.count == 2 ? (number < 70 ? number + 2000 : number + 1900) : number
      return seconds(day: words[1], month: words[2], year: year, clock: words[4])
    case 5:
      // asctime: the year comes last.
      guard let year = UInt16(words[4]) else { return nil }
      return seconds(day: words[2], month: words[1], year: year, clock: words[3])
    default:
      return nil
    }
  }

  /// Reads what ``internetText(_:)`` writes: RFC 3339, in UTC and whole seconds.
  ///
  /// - Returns: Seconds since 1970, or `nil` for anything else.
  public static func parse(internetText text: some StringProtocol) -> Int64? {
    let parts = text.split(separator: "T", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1].hasSuffix("Z") else { return nil }
    let date = parts[0].split(separator: "-", omittingEmptySubsequences: false)
    guard date.count == 3, let year = UInt16(date[0]), let month = Int(date[1]), (1...12).contains(month) else {
      return nil
    }
    return seconds(day: date[2], month: months[month - 1], year: year, clock: parts[1].dropLast())
  }

  private static func seconds(
    day: some StringProtocol,
    month: some StringProtocol,
    year: UInt16,
    clock: some StringProtocol
  ) -> Int64? {
    let parts = clock.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 3, let hour = UInt8(parts[0]), let minute = UInt8(parts[1]), let second = UInt8(parts[2]),
      hour < 24, minute < 60, second < 61,
      let day = UInt8(day), (1...31).contains(day), let month = months.firstIndex(where: { $0 == month }),
      (1970...9999).contains(year)
    else { return nil }
    var time = tm()
    time.tm_year = CInt(year) - 1900
    time.tm_mon = CInt(month)
    time.tm_mday = CInt(day)
    time.tm_hour = CInt(hour)
    time.tm_min = CInt(minute)
    time.tm_sec = CInt(second)
    return Int64(timegm(&time))
  }

  private static func broken(_ seconds: Int64) -> tm {
    var time = tm()
    var seconds = time_t(seconds)
    gmtime_r(&seconds, &time)
    return time
  }

  private static func two(_ number: CInt) -> String { number < 10 ? "0\(number)" : "\(number)" }

  private static func four(_ number: CInt) -> String {
    let text = "\(number)"
    return String(repeating: "0", count: max(0, 4 - text.utf8.count)) + text
  }
}
