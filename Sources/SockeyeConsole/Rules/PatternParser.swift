internal import SockeyeText
internal import SockeyeTransport

/// Reads a regular expression.
struct PatternParser {
  private let text: String
  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var depth = 0
  /// How many groups are counted.
  private(set) var groups = 0

  /// How many groups there may be, and how deep they may nest.
  private static let mostGroups = 50
  /// How often something may be repeated by number.
  private static let mostRepetitions = 1000

  init(_ text: String) {
    self.text = text
    scalars = Array(text.unicodeScalars.prefix(4096))
  }

  mutating func parse() throws(Failure) -> Pattern.Node {
    let node = try alternatives()
    guard position == scalars.count, text.unicodeScalars.count == scalars.count else { throw wrong }
    return node
  }

  private var wrong: Failure { Failure(.usage, .badPattern(VisibleText.of(String(text.prefix(200))), position)) }
  private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    position += 1
    return true
  }

  private mutating func alternatives() throws(Failure) -> Pattern.Node {
    var branches = [try sequence()]
    while take("|") { branches.append(try sequence()) }
    guard var node = branches.popLast() else { throw wrong }
    while let branch = branches.popLast() { node = .either(branch, node) }
    return node
  }

  private mutating func sequence() throws(Failure) -> Pattern.Node {
    var nodes: [Pattern.Node] = []
    while let scalar = next, scalar != "|", scalar != ")" { nodes.append(try repeated(try atom())) }
    return nodes.isEmpty ? .empty : .sequence(nodes)
  }

  private mutating func repeated(_ node: Pattern.Node) throws(Failure) -> Pattern.Node {
    let range: (Int, Int?)
    switch next {
    case "*": range = (0, nil)
    case "+": range = (1, nil)
    case "?": range = (0, 1)
    case "{": range = try counted()
    default: return node
    }
    position += 1
    let isGreedy = !take("?")
    // What repeats a repetition is a mistake more often than meant.
    guard next.map({ !"*+?{".unicodeScalars.contains($0) }) ?? true else { throw wrong }
    return .repetition(node, minimum: range.0, maximum: range.1, isGreedy: isGreedy)
  }

  /// Reads `{m}`, `{m,}` or `{m,n}`, and stops at the brace.
  private mutating func counted() throws(Failure) -> (Int, Int?) {
    position += 1
    let minimum = try number()
    var maximum: Int? = minimum
    if take(",") { maximum = next == "}" ? nil : try number() }
    guard next == "}", maximum ?? minimum >= minimum else { throw wrong }
    return (minimum, maximum)
  }

  private mutating func number() throws(Failure) -> Int {
    var digits = ""
    while let scalar = next, ("0"..."9").contains(scalar), digits.count < 5 {
      digits.unicodeScalars.append(scalar)
      position += 1
    }
    guard let number = Int(digits), number <= Self.mostRepetitions else { throw wrong }
    return number
  }

  private mutating func atom() throws(Failure) -> Pattern.Node {
    guard let scalar = next else { throw wrong }
    position += 1
    switch scalar {
    case "^": return .start
    case "$": return .end
    case ".": return .character(.init(ranges: [0x0A...0x0A], isInverted: true))
    case "(": return try group()
    case "[": return .character(try characterClass())
    case "\\": return .character(try escape())
    case "*", "+", "?", "{", ")": throw wrong
    default: return .character(.init(ranges: [scalar.value...scalar.value]))
    }
  }

  private mutating func group() throws(Failure) -> Pattern.Node {
    var number: Int?
    if take("?") {
      guard take(":") else { throw wrong }
    } else {
      groups += 1
      number = groups
    }
    depth += 1
    guard groups <= Self.mostGroups, depth <= Self.mostGroups else { throw Failure(.usage, .patternTooLarge) }
    let node = try alternatives()
    depth -= 1
    guard take(")") else { throw wrong }
    return .group(node, number)
  }

  // MARK: Characters

  private mutating func escape() throws(Failure) -> Pattern.CharacterSet {
    guard let kind = next else { throw wrong }
    position += 1
    switch kind {
    case "d": return Self.digits
    case "D": return Self.inverted(Self.digits)
    case "w": return Self.words
    case "W": return Self.inverted(Self.words)
    case "s": return Self.spaces
    case "S": return Self.inverted(Self.spaces)
    default:
      let value = try character(kind)
      return .init(ranges: [value...value])
    }
  }

  /// A character behind a backslash.
  private mutating func character(_ kind: Unicode.Scalar) throws(Failure) -> UInt32 {
    switch kind {
    case "n": return 0x0A
    case "r": return 0x0D
    case "t": return 0x09
    case "0": return 0
    case "x":
      guard position + 2 <= scalars.count else { throw wrong }
      var digits = ""
      digits.unicodeScalars.append(contentsOf: scalars[position..<position + 2])
      guard digits.allSatisfy(\.isHexDigit), let value = UInt32(digits, radix: 16) else { throw wrong }
      position += 2
      return value
    case "a"..."z", "A"..."Z", "1"..."9": throw wrong
    default: return kind.value
    }
  }

  private mutating func characterClass() throws(Failure) -> Pattern.CharacterSet {
    var result = Pattern.CharacterSet(ranges: [])
    result.isInverted = take("^")
    var isFirst = true
    while let scalar = next, isFirst || scalar != "]" {
      isFirst = false
      position += 1
      var first = scalar.value
      if scalar == "\\" {
        let set = try escape()
        guard set.ranges.count == 1, !set.isInverted, let range = set.ranges.first, range.count == 1 else {
          guard !set.isInverted else { throw wrong }
          result.ranges += set.ranges
          continue
        }
        first = range.lowerBound
      }
      result.ranges.append(first...(try rangeEnd(from: first)))
    }
    guard take("]") else { throw wrong }
    return result
  }

  private mutating func rangeEnd(from first: UInt32) throws(Failure) -> UInt32 {
    guard next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else { return first }
    position += 2
    var last = scalars[position - 1].value
    if scalars[position - 1] == "\\" {
      guard let kind = next else { throw wrong }
      position += 1
      last = try character(kind)
    }
    guard last >= first else { throw wrong }
    return last
  }

  private static let digits = Pattern.CharacterSet(ranges: [0x30...0x39])
  private static let words = Pattern.CharacterSet(ranges: [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
  private static let spaces = Pattern.CharacterSet(ranges: [0x09...0x0D, 0x20...0x20])

  private static func inverted(_ set: Pattern.CharacterSet) -> Pattern.CharacterSet {
    .init(ranges: set.ranges, isInverted: !set.isInverted)
  }
}
