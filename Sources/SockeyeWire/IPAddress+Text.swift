// Addresses as text. Parsing takes what RFC 4291 section 2.2 and strict dotted decimal allow and nothing else: no octal,
// no shortened IPv4, no zone. Text is written as RFC 5952 section 4 wants it.

extension IPv4Address: CustomStringConvertible {
  /// The address that `text` names in dotted decimal, or nil.
  public init?(_ text: some StringProtocol) {
    var value: UInt32 = 0
    var fields = 0
    var digits = 0
    var field: UInt32 = 0
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        // A leading zero would be octal to some, decimal to others.
        guard digits == 0 || field > 0 else { return nil }
        field = field * 10 + UInt32(byte - UInt8(ascii: "0"))
        digits += 1
        guard field <= 255 else { return nil }
      case UInt8(ascii: "."):
        guard digits > 0, fields < 3 else { return nil }
        value = value << 8 | field
        fields += 1
        digits = 0
        field = 0
      default:
        return nil
      }
    }
    guard fields == 3, digits > 0 else { return nil }
    rawValue = value << 8 | field
  }

  /// Dotted decimal.
  public var description: String {
    "\(rawValue >> 24).\(rawValue >> 16 & 0xFF).\(rawValue >> 8 & 0xFF).\(rawValue & 0xFF)"
  }
}

extension IPv6Address: CustomStringConvertible {
  /// The address that `text` names, or nil.
  public init?(_ text: some StringProtocol) {
    var parser = IPv6TextParser()
    for byte in text.utf8 {
      guard parser.take(byte) else { return nil }
    }
    guard let address = parser.finish() else { return nil }
    self = address
  }

  /// The group of 16 bits at `index`, 0...7.
  private func group(_ index: Int) -> UInt16 {
    UInt16(truncatingIfNeeded: (index < 4 ? high : low) >> UInt64(48 - 16 * (index & 3)))
  }

  /// RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups left out, and the tail of
  /// a mapped address in dotted decimal.
  public var description: String {
    if let mapped { return "::ffff:\(mapped.description)" }
    let zeros = longestZeroRun()
    var text = ""
    var index = 0
    while index < 8 {
      if index == zeros.lowerBound, !zeros.isEmpty {
        text += "::"
        index = zeros.upperBound
      } else {
        if index > 0, index != zeros.upperBound || zeros.isEmpty { text += ":" }
        text += String(group(index), radix: 16)
        index += 1
      }
    }
    return text
  }

  private func longestZeroRun() -> Range<Int> {
    var longest = 0..<0
    var start = 0
    while start < 8 {
      var end = start
      while end < 8, group(end) == 0 { end += 1 }
      if end - start >= 2, end - start > longest.count { longest = start..<end }
      start = end + 1
    }
    return longest
  }
}

/// Takes the text of an IPv6 address byte by byte.
private struct IPv6TextParser {
  private var groups = InlineArray<8, UInt16>(repeating: 0)
  private var count = 0
  /// Where the run of zeros stands, once `::` was seen.
  private var gap: Int?
  private var digits = 0
  private var value: UInt32 = 0
  private var colons = 0
  /// The dotted tail, with its group's digits already read as decimal.
  private var dotted: UInt32 = 0
  private var dots = 0
  private var decimal: UInt32 = 0
  private var isDecimal = true

  mutating func take(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: ":"): takeColon()
    case UInt8(ascii: "."): takeDot()
    default: takeDigit(byte)
    }
  }

  private mutating func takeDigit(_ byte: UInt8) -> Bool {
    let digit: UInt32
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = UInt32(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = UInt32(byte - UInt8(ascii: "a")) + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = UInt32(byte - UInt8(ascii: "A")) + 10
    default: return false
    }
    // A single colon can't start an address.
    guard digits < 4, colons != 1 || count > 0 else { return false }
    if digits == 1, decimal == 0, dots > 0 { return false }
    isDecimal = (digits == 0 || isDecimal) && digit < 10
    // At most four hexadecimal digits, so neither number leaves its range.
    decimal = digits == 0 ? digit : decimal * 10 + digit
    value = digits == 0 ? digit : value << 4 | digit
    leadsWithZero = digits == 0 ? digit == 0 : leadsWithZero
    digits += 1
    colons = 0
    return dots == 0 || (isDecimal && decimal <= 255)
  }

  /// Whether the group being read starts with a zero, which dotted decimal forbids before another digit.
  private var leadsWithZero = false

  private mutating func takeColon() -> Bool {
    guard dots == 0 else { return false }
    colons += 1
    if digits > 0 { return endGroup() }
    if colons == 1 { return count == 0 && gap == nil }
    guard colons == 2, gap == nil else { return false }
    gap = count
    return true
  }

  private mutating func takeDot() -> Bool {
    guard digits > 0, isDecimal, decimal <= 255, dots < 3, digits == 1 || !leadsWithZero else { return false }
    dotted = dotted << 8 | decimal
    dots += 1
    digits = 0
    return true
  }

  private mutating func endGroup() -> Bool {
    guard count < 8 else { return false }
    groups[count] = UInt16(truncatingIfNeeded: value)
    count += 1
    digits = 0
    return true
  }

  mutating func finish() -> IPv6Address? {
    if dots > 0 {
      guard dots == 3, digits > 0, digits == 1 || !leadsWithZero, decimal <= 255, count <= 6 else { return nil }
      dotted = dotted << 8 | decimal
      groups[count] = UInt16(truncatingIfNeeded: dotted >> 16)
      groups[count + 1] = UInt16(truncatingIfNeeded: dotted)
      count += 2
    } else if digits > 0 {
      guard endGroup() else { return nil }
    } else if colons != 2 {
      return nil
    }
    guard gap == nil ? count == 8 : count < 8 else { return nil }
    var halves: (high: UInt64, low: UInt64) = (0, 0)
    for index in 0..<8 {
      let zeros = 8 - count
      let start = gap ?? 8
      let group =
        index < start ? groups[index] : index < start + zeros ? 0 : groups[index - zeros]
      if index < 4 {
        halves.high = halves.high << 16 | UInt64(group)
      } else {
        halves.low = halves.low << 16 | UInt64(group)
      }
    }
    return IPv6Address(high: halves.high, low: halves.low)
  }
}

extension IPAddress: CustomStringConvertible {
  /// The address of either family that `text` names, or nil.
  public init?(_ text: some StringProtocol) {
    if let address = IPv4Address(text) {
      self = .v4(address)
    } else if let address = IPv6Address(text) {
      self = .v6(address)
    } else {
      return nil
    }
  }

  /// The address as its family writes it.
  public var description: String {
    switch self {
    case .v4(let address): address.description
    case .v6(let address): address.description
    }
  }
}
