internal import NIOCore
internal import SockeyeTalk
internal import SockeyeText
internal import SockeyeTransport

/// What must hold of a message for a rule to answer it.
indirect enum RuleCondition: Sendable {
  case always
  case contains([UInt8])
  case prefix([UInt8])
  /// The bytes, as far as the mask has ones.
  case equals([UInt8], mask: [UInt8]?)
  case length(ClosedRange<Int>)
  case integer(IntegerField)
  case pattern(Pattern, String)
  case source(AddressFilter, String)
  case checksum(AppendedChecksum)
  case all([RuleCondition])
  case any([RuleCondition])
  case not(RuleCondition)

  /// An integer somewhere in a message.
  struct IntegerField: Sendable {
    let offset: Int
    let width: Int
    let isLittleEndian: Bool
    let range: ClosedRange<Int>

    func value(in bytes: [UInt8]) -> UInt64? {
      guard offset + width <= bytes.count else { return nil }
      let digits = bytes[offset..<offset + width]
      return (isLittleEndian ? Array(digits.reversed()) : Array(digits)).reduce(0) { $0 << 8 | UInt64($1) }
    }
  }

  /// A message, and all that conditions ask of it.
  struct Subject {
    let bytes: [UInt8]
    let text: String
    let source: SocketAddress?
  }

  /// Whether a condition holds, and if not, which part of it doesn't.
  enum Verdict {
    /// It holds; with what a pattern found.
    case holds([String])
    case fails(ConsoleSentence)
  }

  /// Looks at a message.
  func judge(_ subject: Subject) -> Verdict {
    switch self {
    case .always: .holds([])
    case .contains(let part):
      Self.verdict(Self.contains(subject.bytes, part), .failsContains(Hex.text(part.prefix(32))))
    case .prefix(let part): Self.verdict(subject.bytes.starts(with: part), .failsPrefix(Hex.text(part.prefix(32))))
    case .equals(let bytes, let mask):
      Self.verdict(Self.equals(subject.bytes, bytes, mask), .failsEquals(Hex.text(bytes.prefix(32))))
    case .length(let range): Self.verdict(range.contains(subject.bytes.count), .failsLength(subject.bytes.count, range))
    case .integer(let field): Self.judge(field, subject)
    case .pattern(let pattern, let text):
      pattern.firstMatch(in: subject.text).map { .holds($0) } ?? .fails(.failsPattern(text))
    case .source(let filter, let text):
      Self.verdict(subject.source.map { filter.admits($0) } ?? false, .failsSource(subject.source?.text ?? "-", text))
    case .checksum(let checksum):
      Self.verdict(Self.isValid(checksum, subject.bytes), .failsChecksum(checksum.algorithm.name))
    case .all(let conditions): Self.all(conditions, subject)
    case .any(let conditions): Self.any(conditions, subject)
    case .not(let condition):
      if case .holds = condition.judge(subject) { .fails(.failsNot) } else { .holds([]) }
    }
  }

  // MARK: Parts

  private static func verdict(_ holds: Bool, _ sentence: ConsoleSentence) -> Verdict {
    holds ? .holds([]) : .fails(sentence)
  }

  private static func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
    guard let first = part.first, part.count <= bytes.count else { return part.isEmpty }
    return (0...bytes.count - part.count).contains { start in
      bytes[start] == first && bytes[start..<start + part.count].elementsEqual(part)
    }
  }

  private static func equals(_ bytes: [UInt8], _ wanted: [UInt8], _ mask: [UInt8]?) -> Bool {
    guard bytes.count == wanted.count else { return false }
    guard let mask else { return bytes == wanted }
    return zip(zip(bytes, wanted), mask).allSatisfy { ($0.0 ^ $0.1) & $1 == 0 }
  }

  private static func judge(_ field: IntegerField, _ subject: Subject) -> Verdict {
    guard let value = field.value(in: subject.bytes) else { return .fails(.failsTooShort(field.offset, field.width)) }
    return verdict(Int(exactly: value).map(field.range.contains) ?? false, .failsInteger(value, field.range))
  }

  private static func isValid(_ checksum: AppendedChecksum, _ bytes: [UInt8]) -> Bool {
    let size = checksum.algorithm.checksum(of: []).count
    guard bytes.count >= size else { return false }
    return checksum.bytes(over: Array(bytes.dropLast(size))).elementsEqual(bytes.suffix(size))
  }

  private static func all(_ conditions: [RuleCondition], _ subject: Subject) -> Verdict {
    var matches: [String] = []
    for condition in conditions {
      switch condition.judge(subject) {
      case .fails(let sentence): return .fails(sentence)
      case .holds(let found): if matches.isEmpty { matches = found }
      }
    }
    return .holds(matches)
  }

  private static func any(_ conditions: [RuleCondition], _ subject: Subject) -> Verdict {
    var first: ConsoleSentence?
    for condition in conditions {
      switch condition.judge(subject) {
      case .holds(let found): return .holds(found)
      case .fails(let sentence): first = first ?? sentence
      }
    }
    return .fails(first ?? .failsNot)
  }
}
