internal import SockeyeTCP

/// A line of a scenario file, read word by word.
struct ScenarioStatement {
  private let number: Int
  private var words: ArraySlice<Substring>

  init(_ line: Substring, number: Int) {
    self.number = number
    words = line.prefix { $0 != "#" }.split { $0.isWhitespace }[...]
  }

  var isAtEnd: Bool { words.isEmpty }

  func error(_ problem: ScenarioFileError.Problem) -> ScenarioFileError {
    ScenarioFileError(line: number, problem: problem)
  }

  mutating func next() -> String? { words.popFirst().map(String.init) }

  /// All words that are left, as a text.
  mutating func rest() -> String {
    defer { words = [] }
    return words.joined(separator: " ")
  }

  /// The next word, where there has to be one such as the example.
  mutating func word(_ example: String) throws(ScenarioFileError) -> String {
    guard let word = next() else { throw error(.expected(example, found: nil)) }
    return word
  }

  /// The next word, which has to be that one.
  mutating func keyword(_ keyword: String) throws(ScenarioFileError) {
    let found = try word(keyword)
    guard found == keyword else { throw error(.expected(keyword, found: found)) }
  }

  /// Nothing may be left.
  func finish() throws(ScenarioFileError) {
    if let word = words.first { throw error(.leftOver(String(word))) }
  }

  // MARK: Values

  mutating func duration(from least: Interval = .zero, upTo limit: Interval) throws(ScenarioFileError) -> Interval {
    let units: [(String, Double)] = [
      ("ns", 1), ("us", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3_600e9), ("d", 86_400e9),
    ]
    let limits = (Double(least.nanoseconds), Double(limit.nanoseconds))
    return .nanoseconds(Int64(try value("20ms", units, limits, "\(limit.nanoseconds / 1_000_000_000)s")))
  }

  mutating func size(from least: Int = 0, upTo limit: Int) throws(ScenarioFileError) -> Int {
    let units: [(String, Double)] = [("", 1), ("B", 1), ("KB", 1e3), ("MB", 1e6), ("KiB", 1_024), ("MiB", 1_048_576)]
    return Int(try value("3000", units, (Double(least), Double(limit)), "\(least)...\(limit)"))
  }

  mutating func rate() throws(ScenarioFileError) -> UInt64 {
    UInt64(
      try value("10Mbps", [("bps", 1), ("kbps", 1e3), ("Mbps", 1e6), ("Gbps", 1e9)], (1_000, 1e12), "1kbps...1000Gbps")
    )
  }

  /// A share of all, from 0 to 1.
  mutating func share() throws(ScenarioFileError) -> Double {
    try value("1%", [("%", 0.01)], (0, 1), "0%...100%")
  }

  mutating func isOn() throws(ScenarioFileError) -> Bool {
    let word = try word("on")
    switch word {
    case "on": return true
    case "off": return false
    default: throw error(.expected("on, off", found: word))
    }
  }

  /// One number or more, each of a packet, as many as follow.
  mutating func numbers() throws(ScenarioFileError) -> Set<UInt64> {
    var numbers: Set<UInt64> = []
    while let word = words.first, let number = UInt64(word), number > 0 {
      numbers.insert(number)
      words.removeFirst()
    }
    guard !numbers.isEmpty else { throw error(.expected("3 5 7", found: next())) }
    return numbers
  }

  private mutating func value(
    _ example: String,
    _ units: [(name: String, factor: Double)],
    _ limits: (least: Double, most: Double),
    _ limit: String
  ) throws(ScenarioFileError) -> Double {
    let word = try word(example)
    let digits = word.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard let number = Double(digits), number.isFinite,
      let unit = units.first(where: { $0.name == word.dropFirst(digits.count) })
    else { throw error(.expected(example, found: word)) }
    let value = number * unit.factor
    guard value >= limits.least, value <= limits.most else { throw error(.outOfRange(word, limit: limit)) }
    return value
  }
}
