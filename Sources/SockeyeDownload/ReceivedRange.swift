/// Which bytes of how many a response holds (RFC 9110, section 14.4).
struct ReceivedRange: Hashable, Sendable {
  /// The bytes that follow; nothing in the answer to a range that can't be had (416).
  var bytes: Range<UInt64>?
  /// The size of the whole, where the server knows it.
  var size: UInt64?

  /// Reads a field's value; nothing unless it makes sense in itself.
  init?(_ value: some StringProtocol) {
    let parts = value.split(separator: " ", omittingEmptySubsequences: true)
    guard parts.count == 2, parts[0].lowercased() == "bytes" else { return nil }
    let slash = parts[1].split(separator: "/", omittingEmptySubsequences: false)
    guard slash.count == 2 else { return nil }
    if slash[1] != "*" {
      guard let size = DecimalNumber.parse(slash[1]) else { return nil }
      self.size = size
    }
    if slash[0] == "*" {
      guard self.size != nil else { return nil }
      return
    }
    let ends = slash[0].split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2, let first = DecimalNumber.parse(ends[0]), let last = DecimalNumber.parse(ends[1]),
      first <= last, last < self.size ?? .max
    else { return nil }
    bytes = first..<(last + 1)
  }
}

/// Sizes and offsets as a peer writes them.
enum DecimalNumber {
  /// Digits alone, and no more of them than a file's offset can have: below 2^63.
  static func parse(_ text: some StringProtocol) -> UInt64? {
    guard !text.isEmpty, text.utf8.count <= 19, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let number = UInt64(text), number < UInt64(Int64.max)
    else { return nil }
    return number
  }
}
