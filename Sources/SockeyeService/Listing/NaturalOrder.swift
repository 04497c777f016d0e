/// The order that people have names in: numbers by what they count, and everything else byte by byte.
enum NaturalOrder {
  /// Whether a name comes before another: `file2` before `file10`. No two different names are alike.
  static func precedes(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    var (here, there) = (left[...], right[...])
    while let first = here.first, let second = there.first {
      if isDigit(first), isDigit(second) {
        let (number, other) = (takeNumber(&here), takeNumber(&there))
        if number.count != other.count { return number.count < other.count }
        if !number.elementsEqual(other) { return number.lexicographicallyPrecedes(other) }
      } else {
        if first != second { return first < second }
        here.removeFirst()
        there.removeFirst()
      }
    }
    if here.isEmpty != there.isEmpty { return here.isEmpty }
    // They differ by leading zeros at most.
    return left.lexicographicallyPrecedes(right)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  /// Takes the digits at the beginning, and answers those that count. Names are short, so that any number of digits is.
  private static func takeNumber(_ name: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let digits = name.prefix(while: isDigit)
    name = name.dropFirst(digits.count)
    return digits.drop { $0 == UInt8(ascii: "0") }
  }
}
