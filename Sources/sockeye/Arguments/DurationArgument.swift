import ArgumentParser
import NIOCore

/// A length of time as users write it: `500ms`, `5s`, `2m`, `1h`, and sums such as `1m30s`.
struct DurationArgument: ExpressibleByArgument, CustomStringConvertible {
  let amount: TimeAmount

  init(_ amount: TimeAmount) { self.amount = amount }

  init?(argument: String) {
    guard let nanoseconds = Self.nanoseconds(argument) else { return nil }
    self.amount = .nanoseconds(nanoseconds)
  }

  var description: String {
    let nanoseconds = self.amount.nanoseconds
    for (unit, size) in Self.units where nanoseconds >= size && nanoseconds % size == 0 {
      return "\(nanoseconds / size)\(unit)"
    }
    return "\(nanoseconds)ns"
  }

  /// Longest names first where one begins like another.
  private static let units: [(name: String, nanoseconds: Int64)] = [
    ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000), ("ns", 1),
  ]

  private static func nanoseconds(_ text: String) -> Int64? {
    var rest = text[...]
    var total: Int64 = 0
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      rest = rest.dropFirst(digits.count)
      let name = rest.prefix { $0.isASCII && $0.isLetter }
      rest = rest.dropFirst(name.count)
      guard let count = Double(digits), let unit = Self.units.first(where: { $0.name == name }) else { return nil }
      let product = count * Double(unit.nanoseconds)
      guard let part = Int64(exactly: product.rounded()) else { return nil }
      let (sum, overflow) = total.addingReportingOverflow(part)
      guard !overflow else { return nil }
      total = sum
    }
    return total
  }
}
