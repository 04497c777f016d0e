/// `Content-Range: bytes FIRST-LAST/TOTAL` on a PUT: the part of a file that the body is (RFC 9110, section 14.5).
struct ContentRange: Equatable, Sendable {
  let first: Int64
  let last: Int64
  /// `nil` when the client does not know yet.
  let total: Int64?

  /// Reads a field; `nil` for anything that is not such a range.
  init?(_ field: String) {
    guard field.hasPrefix("bytes ") else { return nil }
    let parts = field.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2, let first = Self.number(ends[0]), let last = Self.number(ends[1]), first <= last else {
      return nil
    }
    if parts[1] == "*" {
      self.total = nil
    } else {
      guard let total = Self.number(parts[1]), last < total else { return nil }
      self.total = total
    }
    self.first = first
    self.last = last
  }

  /// Digits only: `Int64` itself would take a sign.
  private static func number(_ text: Substring) -> Int64? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      return nil
    }
    return Int64(text).flatMap { $0 < .max ? $0 : nil }
  }
}
