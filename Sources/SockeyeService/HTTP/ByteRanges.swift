/// Range requests: RFC 9110, section 14.
enum ByteRanges {
  /// What a `Range` field asks for, applied to a length.
  enum Request: Equatable, Sendable {
    /// No range, or one that is to be ignored: the whole.
    case whole
    /// At least one range, each of at least one byte.
    case parts([Range<Int64>])
    /// None of the ranges has a byte in it: 416.
    case unsatisfiable
  }

  /// More ranges than any honest client asks for at once.
  static let mostRanges = 64

  /// Reads a `Range` field.
  ///
  /// A field that cannot be read is ignored (section 14.2), and so is one that asks for more bytes than there are, as
  /// overlapping ranges do: the whole is less work for both sides.
  static func parse(_ field: String?, length: Int64) -> Request {
    guard let field, field.utf8.count >= 6, field.prefix(6).lowercased() == "bytes=" else { return .whole }
    var ranges: [Range<Int64>] = []
    var count = 0
    for item in field.utf8.dropFirst(6).split(separator: UInt8(ascii: ","), omittingEmptySubsequences: true) {
      let text = Substring(item).trimmingSpaces
      if text.isEmpty { continue }
      count += 1
      guard count <= mostRanges, let range = self.range(text, length: length) else { return .whole }
      if !range.isEmpty { ranges.append(range) }
    }
    guard count > 0 else { return .whole }
    guard !ranges.isEmpty else { return .unsatisfiable }
    var total: Int64 = 0
    for range in ranges {
      let (sum, overflow) = total.addingReportingOverflow(range.upperBound - range.lowerBound)
      guard !overflow, sum <= length else { return .whole }
      total = sum
    }
    return .parts(ranges)
  }

  /// One range: empty if it has no byte in it, `nil` if it is malformed.
  private static func range(_ text: Substring, length: Int64) -> Range<Int64>? {
    guard let dash = text.utf8.firstIndex(of: UInt8(ascii: "-")) else { return nil }
    let first = text[..<dash]
    let last = text[text.utf8.index(after: dash)...]
    if first.isEmpty {
      guard let count = number(last) else { return nil }
      return max(0, length - count)..<length
    }
    guard let start = number(first) else { return nil }
    guard !last.isEmpty else { return min(start, length)..<length }
    guard let end = number(last), start <= end else { return nil }
    guard start < length else { return length..<length }
    return start..<(end < length ? end + 1 : length)
  }

  /// Digits and nothing else. What does not fit is as good as the largest number.
  private static func number(_ text: Substring) -> Int64? {
    guard !text.isEmpty else { return nil }
    var number: Int64 = 0
    for byte in text.utf8 {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
      let (product, tooLarge) = number.multipliedReportingOverflow(by: 10)
      let (sum, overflow) = product.addingReportingOverflow(Int64(byte - UInt8(ascii: "0")))
      number = tooLarge || overflow || number == .max ? .max : sum
    }
    return number
  }
}
