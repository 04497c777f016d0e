/// Base 64 (RFC 4648, section 4).
enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func text(_ bytes: some Collection<UInt8>) -> String {
    var result: [UInt8] = []
    result.reserveCapacity((bytes.count + 2) / 3 * 4)
    var group = 0
    var held = 0
    for byte in bytes {
      group = group << 8 | Int(byte)
      held += 1
      guard held == 3 else { continue }
      for shift in [18, 12, 6, 0] { result.append(alphabet[group >> shift & 63]) }
      group = 0
      held = 0
    }
    if held > 0 {
      group <<= 8 * (3 - held)
      for index in 0..<4 { result.append(index <= held ? alphabet[group >> (18 - 6 * index) & 63] : UInt8(ascii: "=")) }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// Reads base 64, its padding there or not.
  ///
  /// - Returns: Nothing where it is none.
  static func bytes(_ text: some StringProtocol) -> [UInt8]? {
    var digits = Array(text.utf8)
    while digits.last == UInt8(ascii: "=") { digits.removeLast() }
    guard digits.count % 4 != 1 else { return nil }
    var result: [UInt8] = []
    result.reserveCapacity(digits.count * 3 / 4)
    var group = 0
    var bits = 0
    for digit in digits {
      guard let value = value(digit) else { return nil }
      group = group << 6 & 0xFFFFFF | value
      bits += 6
      if bits >= 8 {
        bits -= 8
        result.append(UInt8(truncatingIfNeeded: group >> bits))
      }
    }
    return result
  }

  private static func value(_ digit: UInt8) -> Int? {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(digit) - 65
    case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(digit) - 71
    case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(digit) + 4
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
