import ArgumentParser

/// A number of bytes as users write it: `1500`, `64KiB`, `1MB`, `2.5GiB`; K, M, G and T alone are powers of 1024.
struct SizeArgument: ExpressibleByArgument, CustomStringConvertible {
  let bytes: Int64

  init(bytes: Int64) { self.bytes = bytes }

  init?(argument: String) {
    let digits = argument.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let unit = argument.dropFirst(digits.count).lowercased()
    guard let count = Double(digits), let factor = Self.factors[unit],
      let bytes = Int64(exactly: (count * factor).rounded())
    else { return nil }
    self.bytes = bytes
  }

  var description: String {
    for (name, factor) in [("GiB", Int64(1) << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
      if self.bytes >= factor, self.bytes % factor == 0 { return "\(self.bytes / factor)\(name)" }
    }
    return "\(self.bytes)"
  }

  private static let factors: [String: Double] = [
    "": 1, "b": 1,
    "k": 0x1p10, "kib": 0x1p10, "kb": 1e3,
    "m": 0x1p20, "mib": 0x1p20, "mb": 1e6,
    "g": 0x1p30, "gib": 0x1p30, "gb": 1e9,
    "t": 0x1p40, "tib": 0x1p40, "tb": 1e12,
  ]
}
