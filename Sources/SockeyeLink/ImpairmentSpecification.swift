public import SockeyeSimulator
internal import SockeyeTCP

/// A bad network as people write it: `delay=50ms,loss=1%,rate=10Mbps,down:queue=64KiB`.
///
/// Pairs of a key and a value, with commas between them; `up:` or `down:` before a key makes it hold in that direction
/// only. Keys:
///
/// - `delay`, `jitter` (times), `distribution` of the jitter (`uniform`, `normal`, `pareto`);
/// - `loss`, `duplicate`, `corrupt`, `reorder` (probabilities), `reorder-delay`: for how long, 10 ms unless said;
/// - `burst=1%/25%`, loss in bursts: how likely a packet begins one, and how likely the next one ends it
///   (`GilbertElliott`), perhaps with the losses within and outside: `burst=1%/25%/90%/0.1%`;
/// - `rate`, `queue` (its limit in bytes), `codel` (the longest that packets are to wait in it, `ControlledDelay`);
/// - `profile`, a known network (``ImpairmentProfile``), whose values those behind it change.
public struct ImpairmentSpecification: Equatable, Sendable {
  /// What packets from the side that opens suffer.
  public var up = Impairments()
  /// What packets towards it suffer.
  public var down = Impairments()

  /// What is wrong with a specification, and which part of it.
  public enum Problem: Error, Equatable, Sendable {
    /// The part isn't a key, an equals sign and a value.
    case notAPair(String)
    /// There is no such key.
    case unknownKey(String)
    /// The key's value isn't what it has to be.
    case badValue(key: String, value: String)
  }

  /// A perfect network.
  public init() {}

  /// Reads a specification.
  public init(_ text: some StringProtocol) throws(Problem) {
    try change(by: text)
  }

  /// Reads a number of bytes, with or without a unit.
  package static func size(_ text: String, of key: String) throws(Problem) -> UInt64 {
    try Quantity.size(text, of: key)
  }

  /// Changes what a text names, and leaves the rest as it is.
  public mutating func change(by text: some StringProtocol) throws(Problem) {
    for part in text.split(separator: ",", omittingEmptySubsequences: true) {
      guard let equals = part.firstIndex(of: "=") else { throw .notAPair(String(part)) }
      var key = String(part[..<equals])
      let value = String(part[part.index(after: equals)...])
      var directions: [WritableKeyPath<Self, Impairments>] = [\.up, \.down]
      if key.hasPrefix("up:") {
        directions = [\.up]
        key.removeFirst(3)
      } else if key.hasPrefix("down:") {
        directions = [\.down]
        key.removeFirst(5)
      }
      if key == "profile" {
        guard directions.count == 2, let profile = ImpairmentProfile(rawValue: value) else {
          throw .badValue(key: key, value: value)
        }
        self = profile.specification
        continue
      }
      for direction in directions { try self[keyPath: direction].set(key, value) }
    }
  }
}

extension ImpairmentSpecification.Problem: CustomStringConvertible {
  /// What is wrong, in a few words.
  public var description: String {
    switch self {
    case .notAPair(let part): "'\(part)' is not KEY=VALUE"
    case .unknownKey(let key): "there is no impairment '\(key)'"
    case .badValue("profile", let value):
      "there is no profile '\(value)'; there are \(ImpairmentProfile.allCases.map(\.rawValue).joined(separator: ", "))"
    case .badValue(let key, let value): "'\(value)' is no value for \(key)"
    }
  }
}

extension Impairments {
  fileprivate mutating func set(_ key: String, _ value: String) throws(ImpairmentSpecification.Problem) {
    switch key {
    case "delay": delay = try Quantity.interval(value, of: key)
    case "jitter": jitter = try Quantity.interval(value, of: key)
    case "rate": bitsPerSecond = try Quantity.rate(value, of: key)
    case "queue": queueBytes = Int(clamping: try Quantity.size(value, of: key))
    case "distribution":
      switch value {
      case "uniform": jitterDistribution = .uniform
      case "normal": jitterDistribution = .normal
      case "pareto": jitterDistribution = .pareto
      default: throw .badValue(key: key, value: value)
      }
    case "codel": controlledDelay = ControlledDelay(target: try Quantity.interval(value, of: key))
    case "burst": loss = .bursty(try Quantity.burst(value, of: key))
    case "reorder-delay": reorderingDelay = try Quantity.interval(value, of: key)
    case "loss": loss = .independent(try Quantity.probability(value, of: key))
    case "duplicate": duplication = try Quantity.probability(value, of: key)
    case "corrupt": corruption = try Quantity.probability(value, of: key)
    case "reorder":
      reordering = try Quantity.probability(value, of: key)
      if reorderingDelay == .zero { reorderingDelay = .milliseconds(10) }
    default: throw .unknownKey(key)
    }
  }
}

/// Reads numbers with units.
private enum Quantity {
  typealias Problem = ImpairmentSpecification.Problem

  static func interval(_ text: String, of key: String) throws(Problem) -> Interval {
    let units: [(String, Double)] = [("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("ns", 1), ("s", 1e9)]
    let value = try number(text, units, of: key)
    guard value <= 1e18 else { throw .badValue(key: key, value: text) }
    return .nanoseconds(Int64(value))
  }

  /// Bits a second, in powers of ten.
  static func rate(_ text: String, of key: String) throws(Problem) -> UInt64 {
    let units: [(String, Double)] = [("kbps", 1e3), ("mbps", 1e6), ("gbps", 1e9), ("bps", 1)]
    let value = try number(text.lowercased(), units, of: key)
    guard value >= 1, value <= 1e15 else { throw .badValue(key: key, value: text) }
    return UInt64(value)
  }

  static func size(_ text: String, of key: String) throws(Problem) -> UInt64 {
    let units: [(String, Double)] = [
      ("KiB", 1_024), ("MiB", 1_048_576), ("GiB", 1_073_741_824), ("kB", 1e3), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9),
      ("B", 1), ("", 1),
    ]
    let value = try number(text, units, of: key)
    guard value <= 1e15 else { throw .badValue(key: key, value: text) }
    return UInt64(value)
  }

  /// A percentage, or a number between 0 and 1.
  static func probability(_ text: String, of key: String) throws(Problem) -> Double {
    let value = try number(text, [("%", 0.01), ("", 1)], of: key)
    guard value <= 1 else { throw .badValue(key: key, value: text) }
    return value
  }

  /// Two to four probabilities with slashes between them.
  static func burst(_ text: String, of key: String) throws(Problem) -> GilbertElliott {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard (2...4).contains(parts.count) else { throw .badValue(key: key, value: text) }
    var model = GilbertElliott(
      enterBad: try probability(String(parts[0]), of: key),
      leaveBad: try probability(String(parts[1]), of: key)
    )
    if parts.count > 2 { model.lossInBad = try probability(String(parts[2]), of: key) }
    if parts.count > 3 { model.lossInGood = try probability(String(parts[3]), of: key) }
    return model
  }

  private static func number(_ text: String, _ units: [(String, Double)], of key: String) throws(Problem) -> Double {
    for (unit, factor) in units where text.hasSuffix(unit) {
      guard let value = Double(String(text.dropLast(unit.count))), value >= 0, value.isFinite else { continue }
      return value * factor
    }
    throw .badValue(key: key, value: text)
  }
}
