public import SockeyeTCP
public import SockeyeText

/// Draws a sequence diagram for a terminal: time, both ends' states, and the segments between two lifelines.
public struct SequenceDiagramText: Sendable {
  /// How the text is made.
  public struct Style: Sendable {
    /// Columns that a line may take; at least 60 are used, and no more than 138: what belongs together stays together.
    public var width = 80
    /// Whether states that change and remarkable segments are coloured, by ANSI escapes.
    public var isColoured = false
    /// The language of explanations.
    public var language = Language.english
    /// How segments are written.
    public var label = SegmentLabel()

    /// 80 columns, without colour, in English.
    public init() {}
  }

  private let style: Style
  private let middle: Int
  private static let timeWidth = 11
  private static let stateWidth = 13
  /// A lane that takes a segment with three SACK blocks.
  private static let widestMiddle = 96

  /// A drawer of a style.
  public init(_ style: Style = Style()) {
    self.style = style
    middle = min(max(style.width, 60) - Self.timeWidth - 2 * Self.stateWidth - 5, Self.widestMiddle)
  }

  /// The whole diagram, a line an element.
  public func lines(_ diagram: SequenceDiagram) -> [String] {
    var result = heading(diagram)
    for row in diagram.rows { result += lines(row) }
    return result
  }

  /// The ends' names and first states.
  public func heading(_ diagram: SequenceDiagram) -> [String] {
    let names = line(
      time: nil,
      diagram.names.first,
      joint: " ",
      String(repeating: " ", count: middle),
      diagram.names.second
    )
    let states = line(
      time: nil,
      diagram.initialStates.first.standardName,
      String(repeating: " ", count: middle),
      diagram.initialStates.second.standardName
    )
    return diagram.hasStates ? [names, states] : [names]
  }

  /// The lines of one row.
  public func lines(_ row: SequenceDiagram.Row) -> [String] {
    let first = row.changed.contains(.first) ? row.states.first : nil
    let second = row.changed.contains(.second) ? row.states.second : nil
    switch row.content {
    case .state:
      return [line(time: row.time, first?.standardName, String(repeating: " ", count: middle), second?.standardName)]
    case .crossing(let packet, let from, let arrival, let fate, let findings) where arrival == row.time:
      // Seen passing at one place, where nobody knows how long it took.
      let text = style.label.text(packet, width: middle - 5)
      let line = String(repeating: "─", count: middle - 3 - DisplayWidth.of(text))
      let arrow = from == .first ? " \(text) \(line)▶" : "◀\(line) \(text) "
      return [self.line(time: row.time, first?.standardName, arrow, second?.standardName)] + notes(fate, findings)
    case .crossing(let packet, let from, let arrival, let fate, let findings):
      let departs = label(packet, from: from, time: row.time, first, second)
      let arrow = from == .first ? rightArrow : leftArrow
      let arrives = line(
        time: arrival,
        from == .first ? nil : first?.standardName,
        arrow,
        from == .first ? second?.standardName : nil
      )
      return [departs] + notes(fate, findings) + [arrives]
    case .departure(let packet, let from, let fate, let findings):
      let mark = fate.isDropped ? "✗" : from == .first ? "▷" : "◁"
      let text = style.label.text(packet, width: middle - 5)
      let arrow =
        from == .first
        ? DisplayWidth.fitted(" \(text) ─\(mark)", to: middle)
        : DisplayWidth.rightAligned("\(mark)─ \(text) ", to: middle)
      return [
        line(
          time: row.time,
          first?.standardName,
          coloured(arrow, fate.isDropped ? .loss : .plain),
          second?.standardName
        )
      ]
        + notes(fate, findings)
    case .arrival(let packet, let from):
      let text = style.label.text(packet, width: middle - 6)
      let arrow =
        from == .first
        ? DisplayWidth.rightAligned("… \(text) ─▶", to: middle)
        : DisplayWidth.fitted("◀─ \(text) …", to: middle)
      return [line(time: row.time, first?.standardName, arrow, second?.standardName)]
    }
  }

  // MARK: Parts

  private func label(_ packet: SequenceDiagram.Packet, from: End, time: Instant, _ first: State?, _ second: State?)
    -> String
  {
    let text = style.label.text(packet, width: middle - 2)
    return from == .first
      ? line(time: time, first?.standardName, DisplayWidth.fitted(" " + text, to: middle), nil)
      : line(time: time, nil, DisplayWidth.rightAligned(text + " ", to: middle), second?.standardName)
  }

  private func notes(_ fate: Fate, _ findings: [Finding]) -> [String] {
    let phrases = findings.map(\.phrase) + (fate.phrase.map { [$0] } ?? [])
    return phrases.flatMap { phrase in
      DisplayWidth.wrapped(phrase.text(in: style.language), to: middle - 4).enumerated().map { index, text in
        line(
          time: nil,
          nil,
          coloured(DisplayWidth.fitted((index == 0 ? "  ↳ " : "    ") + text, to: middle), .note),
          nil
        )
      }
    }
  }

  private var rightArrow: String { String(repeating: "─", count: middle - 1) + "▶" }

  private var leftArrow: String { "◀" + String(repeating: "─", count: middle - 1) }

  private func line(time: Instant?, _ first: String?, joint: String = "│", _ middle: String, _ second: String?)
    -> String
  {
    let clock = time.map(Self.clock) ?? ""
    let left = coloured(DisplayWidth.rightAligned(first ?? "", to: Self.stateWidth), first == nil ? .plain : .state)
    let right = second.map { coloured(DisplayWidth.fitted($0, to: Self.stateWidth), .state) } ?? ""
    let text = "\(DisplayWidth.rightAligned(clock, to: Self.timeWidth)) \(left) \(joint)\(middle)\(joint) \(right)"
    return String(text.reversed().drop { $0 == " " }.reversed())
  }

  /// A time in milliseconds, or in seconds where it is long.
  public static func clock(_ time: Instant) -> String {
    let microseconds = time.nanoseconds / 1_000
    let isLong = microseconds >= 10_000_000
    let value = isLong ? microseconds / 1_000 : microseconds
    let fraction = String(value % 1_000 + 1_000).dropFirst()
    return "\(value / 1_000).\(fraction) \(isLong ? "s" : "ms")"
  }

  private enum Paint: String {
    case plain = ""
    case state = "36"
    case note = "33"
    case loss = "31"
  }

  private func coloured(_ text: String, _ paint: Paint) -> String {
    style.isColoured && paint != .plain ? "\u{1B}[\(paint.rawValue)m\(text)\u{1B}[0m" : text
  }
}
