import Glibc
import SockeyeSight
import SockeyeText

/// Prints segments as they pass, a line each.
struct LiveLines: Sendable {
  let style: SequenceDiagramText.Style
  let json: Bool

  /// Prints a segment, and what is noticeable about it.
  func show(_ seen: SeenSegment, in summary: ConversationSummary) {
    // Whoever reads a pipe wants each line when it happens.
    defer { fflush(nil) }
    if json {
      return print(EventJSON.line(seen.segment, seen.findings, from: seen.from, of: summary))
    }
    let (from, to) =
      seen.from == .first ? (summary.key.first, summary.key.second) : (summary.key.second, summary.key.first)
    let time = DisplayWidth.rightAligned(SequenceDiagramText.clock(summary.ended), to: 12)
    let label = style.label.text(seen.segment)
    let findings = seen.findings.map { "  ↳ \($0.phrase.text(in: style.language))" }.joined()
    print("\(time) \(from) → \(to)  \(label)\(findings)")
  }
}
