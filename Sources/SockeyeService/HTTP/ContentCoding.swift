/// The codings of which a sibling may lie beside a file: `page.html.br` beside `page.html`.
enum ContentCoding: String, CaseIterable, Sendable {
  case br
  case zstd
  case gzip

  /// What the sibling's name ends with.
  var suffix: StaticString {
    switch self {
    case .br: ".br"
    case .zstd: ".zst"
    case .gzip: ".gz"
    }
  }

  /// The codings that a client takes, in its order of preference and then ours: RFC 9110, section 12.5.3.
  static func acceptable(_ field: String?) -> [ContentCoding] {
    guard let field else { return [] }
    var weights: [(coding: ContentCoding, weight: Int)] = []
    for item in field.utf8.split(separator: UInt8(ascii: ",")) {
      let parts = item.split(separator: UInt8(ascii: ";"))
      guard let name = parts.first, let coding = Self(rawValue: Substring(name).trimmingSpaces.lowercased()) else {
        continue
      }
      let weight = parts.dropFirst().first.map { QualityValue.thousandths(Substring($0).trimmingSpaces) } ?? 1000
      if weight > 0 { weights.append((coding, weight)) }
    }
    guard weights.count > 1 else { return weights.map(\.coding) }
    return Self.allCases.filter { coding in weights.contains { $0.coding == coding } }.sorted { left, right in
      (weights.first { $0.coding == left }?.weight ?? 0) > (weights.first { $0.coding == right }?.weight ?? 0)
    }
  }
}
