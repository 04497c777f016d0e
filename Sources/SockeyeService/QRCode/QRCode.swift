/// A QR code of a short text: ISO/IEC 18004, byte mode, error correction level L, versions 1 to 9.
///
/// It is there for one purpose: a telephone that reads an address off a terminal.
public struct QRCode: Sendable {
  /// Modules on a side.
  public let size: Int
  private var dark: [Bool]
  /// Modules whose place is fixed: finders, timing, alignment, format and version.
  private var isFunction: [Bool]

  /// The longest text, in bytes of UTF-8.
  public static let longestText = 230

  /// Encodes a text in the smallest version that holds it; `nil` if it is too long.
  public init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard let version = Version.all.first(where: { bytes.count + 2 <= $0.dataCodewords }) else { return nil }
    size = 17 + 4 * version.number
    dark = Array(repeating: false, count: size * size)
    isFunction = dark
    drawFunctionPatterns(version)
    drawCodewords(version.interleaved(Self.dataCodewords(bytes, count: version.dataCodewords)))
    applyBestMask(version)
  }

  /// Whether a module is dark; what lies outside is light.
  public func isDark(row: Int, column: Int) -> Bool {
    guard (0..<size).contains(row), (0..<size).contains(column) else { return false }
    return dark[row * size + column]
  }

  /// The code for a terminal, two rows of modules in a line of half blocks, with the quiet zone that readers need.
  ///
  /// Light modules are drawn, so that it reads on a dark background; `inverted` is for a light one.
  public func text(inverted: Bool = false) -> String {
    var lines: [String] = []
    let margin = 2
    for row in stride(from: -margin, to: size + margin, by: 2) {
      var line = ""
      for column in -margin..<(size + margin) {
        let upper = isDark(row: row, column: column) == inverted
        let lower = (row + 1 < size + margin) && isDark(row: row + 1, column: column) == inverted
        line += upper ? (lower ? "█" : "▀") : (lower ? "▄" : " ")
      }
      lines.append(line)
    }
    return lines.joined(separator: "\n")
  }

  /// Mode, length, bytes, terminator and padding.
  private static func dataCodewords(_ bytes: [UInt8], count: Int) -> [UInt8] {
    var bits = BitWriter()
    bits.append(0b0100, count: 4)
    bits.append(bytes.count, count: 8)
    for byte in bytes { bits.append(Int(byte), count: 8) }
    bits.append(0, count: 4)
    var codewords = bits.bytes
    var padding: UInt8 = 0xec
    while codewords.count < count {
      codewords.append(padding)
      padding ^= 0xec ^ 0x11
    }
    return codewords
  }

  private struct BitWriter {
    private var bits: [Bool] = []

    mutating func append(_ value: Int, count: Int) {
      for shift in (0..<count).reversed() { bits.append(value >> shift & 1 == 1) }
    }

    var bytes: [UInt8] {
      stride(from: 0, to: bits.count, by: 8).map { start in
        bits[start..<min(start + 8, bits.count)].enumerated().reduce(UInt8(0)) { byte, bit in
          bit.element ? byte | 0x80 >> UInt8(bit.offset) : byte
        }
      }
    }
  }

  // MARK: Patterns

  private mutating func set(_ row: Int, _ column: Int, _ isDark: Bool) {
    guard (0..<size).contains(row), (0..<size).contains(column) else { return }
    dark[row * size + column] = isDark
    isFunction[row * size + column] = true
  }

  private mutating func drawFunctionPatterns(_ version: Version) {
    for index in 0..<size {
      set(6, index, index % 2 == 0)
      set(index, 6, index % 2 == 0)
    }
    for (row, column) in [(3, 3), (3, size - 4), (size - 4, 3)] {
      for down in -4...4 {
        for right in -4...4 {
          let distance = max(abs(down), abs(right))
          set(row + down, column + right, distance != 2 && distance != 4)
        }
      }
    }
    let last = version.alignment.count - 1
    for (i, row) in version.alignment.enumerated() {
      for (j, column) in version.alignment.enumerated() {
        // Three corners belong to the finders.
        if (i == 0 && j == 0) || (i == 0 && j == last) || (i == last && j == 0) { continue }
        for down in -2...2 {
          for right in -2...2 { set(row + down, column + right, max(abs(down), abs(right)) != 1) }
        }
      }
    }
    drawFormat(mask: 0)
    if version.number >= 7 {
      let bits = Self.withCheck(version.number, bits: 12, generator: 0x1f25)
      for index in 0..<18 {
        let isDark = bits >> index & 1 == 1
        set(size - 11 + index % 3, index / 3, isDark)
        set(index / 3, size - 11 + index % 3, isDark)
      }
    }
  }

  /// Error correction level and mask, twice, in fifteen bits.
  private mutating func drawFormat(mask: Int) {
    let bits = Self.withCheck(0b01 << 3 | mask, bits: 10, generator: 0x537) ^ 0x5412
    func bit(_ index: Int) -> Bool { bits >> index & 1 == 1 }
    for index in 0..<6 { set(index, 8, bit(index)) }
    set(7, 8, bit(6))
    set(8, 8, bit(7))
    set(8, 7, bit(8))
    for index in 9..<15 { set(8, 14 - index, bit(index)) }
    for index in 0..<8 { set(8, size - 1 - index, bit(index)) }
    for index in 8..<15 { set(size - 15 + index, 8, bit(index)) }
    set(size - 8, 8, true)
  }

  /// A number followed by the remainder of its division: a BCH code.
  private static func withCheck(_ value: Int, bits: Int, generator: Int) -> Int {
    var rest = value
    for _ in 0..<bits { rest = rest << 1 ^ (rest >> (bits - 1)) * generator }
    return value << bits | rest
  }

  /// Two columns at a time from the lower right, upwards and downwards in turn, around what is fixed.
  private mutating func drawCodewords(_ codewords: [UInt8]) {
    var index = 0
    var right = size - 1
    var upwards = true
    while right > 0 {
      if right == 6 { right = 5 }
      for step in 0..<size {
        let row = upwards ? size - 1 - step : step
        for column in [right, right - 1] where !self.isFunction[row * size + column] {
          if index < codewords.count * 8 {
            dark[row * size + column] = codewords[index / 8] >> UInt8(7 - index % 8) & 1 == 1
            index += 1
          }
        }
      }
      right -= 2
      upwards.toggle()
    }
  }

  // MARK: Masks

  private mutating func applyBestMask(_ version: Version) {
    var best: (penalty: Int, code: QRCode)?
    for mask in 0..<8 {
      var candidate = self
      for row in 0..<size {
        for column in 0..<size where !self.isFunction[row * size + column] && Self.mask(mask, row, column) {
          candidate.dark[row * size + column].toggle()
        }
      }
      candidate.drawFormat(mask: mask)
      let penalty = candidate.penalty
      if penalty < best?.penalty ?? .max { best = (penalty, candidate) }
    }
    if let best { self = best.code }
  }

  private static func mask(_ mask: Int, _ row: Int, _ column: Int) -> Bool {
    switch mask {
    case 0: (row + column) % 2 == 0
    case 1: row % 2 == 0
    case 2: column % 3 == 0
    case 3: (row + column) % 3 == 0
    case 4: (row / 2 + column / 3) % 2 == 0
    case 5: row * column % 2 + row * column % 3 == 0
    case 6: (row * column % 2 + row * column % 3) % 2 == 0
    default: ((row + column) % 2 + row * column % 3) % 2 == 0
    }
  }

  /// How hard the code is to read: long runs, blocks, what looks like a finder, and imbalance.
  private var penalty: Int {
    var penalty = 0
    for line in 0..<size {
      penalty += Self.penalty(of: (0..<size).map { dark[line * size + $0] })
      penalty += Self.penalty(of: (0..<size).map { dark[$0 * size + line] })
    }
    for row in 1..<size {
      for column in 1..<size {
        let colour = isDark(row: row, column: column)
        if colour == isDark(row: row - 1, column: column), colour == isDark(row: row, column: column - 1),
          colour == isDark(row: row - 1, column: column - 1)
        {
          penalty += 3
        }
      }
    }
    let share = dark.lazy.filter { $0 }.count * 100 / dark.count
    return penalty + abs(share - 50) / 5 * 10
  }

  private static let finderLike: [[Bool]] = ["10111010000", "00001011101"].map { $0.map { $0 == "1" } }

  private static func penalty(of line: [Bool]) -> Int {
    var penalty = 0
    var run = 0
    for (index, isDark) in line.enumerated() {
      run = index > 0 && line[index - 1] == isDark ? run + 1 : 1
      if run == 5 { penalty += 3 } else if run > 5 { penalty += 1 }
      if index >= 10, Self.finderLike.contains(Array(line[(index - 10)...index])) { penalty += 40 }
    }
    return penalty
  }
}
