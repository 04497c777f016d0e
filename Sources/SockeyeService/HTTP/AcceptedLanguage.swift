import SockeyeText

extension Language {
  /// The language that a client prefers by its `Accept-Language` (RFC 9110, section 12.5.4), of those that there are; the
  /// one that is named first where both weigh the same, and English for whoever names none of them.
  init(accepting field: String?) {
    var best: (language: Language, weight: Int)?
    for item in (field ?? "").utf8.split(separator: UInt8(ascii: ",")) {
      let parts = item.split(separator: UInt8(ascii: ";"), maxSplits: 1)
      guard let range = parts.first, let language = Self.named(Substring(range).trimmingSpaces) else { continue }
      let weight = parts.dropFirst().first.map { QualityValue.thousandths(Substring($0).trimmingSpaces) } ?? 1000
      if weight > best?.weight ?? 0 { best = (language, weight) }
    }
    self = best?.language ?? .english
  }

  private static func named(_ range: Substring) -> Language? {
    let primary = range.prefix { $0 != "-" }.lowercased()
    return Language(rawValue: primary)
  }
}
