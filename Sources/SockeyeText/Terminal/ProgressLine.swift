/// How far a transfer has come, in one line that fits the terminal.
public struct ProgressLine: Sendable {
  /// The least that is left for the name, unless it is shorter.
  private static let leastName = 12
  private static let longestBar = 30

  /// What is transferred, made safe to be shown.
  public var name: String
  /// Bytes that are there.
  public var done: Int64
  /// Bytes of the whole, where it is known.
  public var total: Int64?
  /// Bytes a second; 0 where it isn't known.
  public var rate: Double
  /// The language of the words in it.
  public var language: Language

  /// Creates a line.
  public init(name: String, done: Int64, total: Int64?, rate: Double, language: Language = .english) {
    self.name = name
    self.done = done
    self.total = total
    self.rate = rate
    self.language = language
  }

  /// Everything there is to say, for where there is room.
  public var figures: String { figureChoices[0] }

  /// The line, at most so many columns wide: figures are left out, the least telling first, before the name is cut short.
  public func text(columns: Int) -> String {
    let nameRoom = min(DisplayWidth.of(name), Self.leastName)
    let choices = figureChoices
    let figures = choices.first { DisplayWidth.of($0) + 2 + nameRoom <= columns } ?? choices[choices.count - 1]
    let room = columns - DisplayWidth.of(figures) - 2
    guard room > 0 else { return DisplayWidth.shortened(figures, to: columns) }
    guard let total, total > 0, room >= 30 else { return "\(DisplayWidth.shortened(name, to: room))  \(figures)" }
    let width = min(Self.longestBar, room / 2)
    let filled = Int(Double(width) * min(1, Double(done) / Double(total)))
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    return "\(DisplayWidth.shortened(name, to: room - width - 1)) \(bar)  \(figures)"
  }

  /// From the most to the least.
  private var figureChoices: [String] {
    let speed = "\(ByteText.of(Int64(clamping: rate)))/s"
    guard let total, total > 0 else {
      return ["\(ByteText.of(done))  \(speed)", ByteText.of(done)]
    }
    let percent = "\(Int(min(100, Double(done) / Double(total) * 100))) %"
    let isMoving = rate > 0 && total > done
    let time = Self.clock(Int64(clamping: Double(total - done) / rate))
    let left = isMoving ? "  " + Phrase("\(time) left", zh: "剩余 \(time)").text(in: language) : ""
    let share = Phrase(
      "\(ByteText.of(done)) of \(ByteText.of(total))",
      zh: "\(ByteText.of(done))，共 \(ByteText.of(total))"
    )
    return [
      "\(percent)  \(share.text(in: language))  \(speed)\(left)",
      "\(percent)  \(ByteText.of(done))  \(speed)\(left)", "\(percent)  \(speed)\(left)", "\(percent)  \(speed)",
      percent,
    ]
  }

  private static func clock(_ seconds: Int64) -> String {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60)
    let padded = { (number: Int64) in number < 10 ? "0\(number)" : "\(number)" }
    return hours > 0 ? "\(hours):\(padded(minutes)):\(padded(rest))" : "\(minutes):\(padded(rest))"
  }
}

/// Amounts of data for people: three digits and a binary unit.
public enum ByteText {
  /// An amount of bytes.
  public static func of(_ bytes: Int64) -> String {
    let magnitude = Double(bytes.magnitude)
    let units: [(String, Double)] = [("TiB", 0x1p40), ("GiB", 0x1p30), ("MiB", 0x1p20), ("KiB", 0x1p10)]
    guard let (name, factor) = units.first(where: { magnitude >= $0.1 }) else { return "\(bytes) B" }
    let tenths = (magnitude / factor * 10).rounded()
    let value = tenths >= 1000 ? "\(Int64(tenths / 10))" : "\(Int64(tenths) / 10).\(Int64(tenths) % 10)"
    return "\(bytes < 0 ? "-" : "")\(value) \(name)"
  }
}

extension Int64 {
  /// The nearest number that fits.
  fileprivate init(clamping value: Double) {
    self = value.isNaN ? 0 : value >= 9e18 ? .max : value <= -9e18 ? .min : Int64(value)
  }
}
