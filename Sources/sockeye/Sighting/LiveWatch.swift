import Glibc
import SockeyeLink
import SockeyeSight
import SockeyeTCP
import SockeyeText
import SockeyeTransport

/// Shows the TCP segments that pass an interface as they pass, a line each, and at the end a table of connections.
struct LiveWatch {
  let interface: String
  let port: UInt16?
  let style: SequenceDiagramText.Style
  let json: Bool

  /// Watches until INT or TERM comes. Returns the connections that were seen.
  func run() throws -> ConversationTable {
    let tap = try open()
    let waker = tap.waker
    Signals.shared.onEnding { _ in waker.wake() }
    // Segments are shown and forgotten; what is kept of a connection is of fixed size.
    var limits = ConversationTable.Limits()
    limits.segments = 0
    limits.port = port
    var table = ConversationTable(limits: limits)
    var buffer = [UInt8](repeating: 0, count: 1 << 17)
    var count: UInt64 = 0
    StandardError.say(.watching(VisibleText.of(interface)))
    do throws(LinkError) {
      while let packet = try tap.next(into: &buffer) {
        count += 1
        let captured = CapturedPacket(
          number: count,
          time: packet.time,
          bytes: 0..<packet.length,
          originalLength: UInt32(clamping: packet.originalLength),
          linkType: LinkType(rawValue: Self.bareIP),
          comment: ""
        )
        guard let seen = table.add(buffer.span.bytes.extracting(0..<packet.length), captured) else { continue }
        show(seen, in: table.conversations[seen.index])
      }
    } catch {
      throw failure(error)
    }
    let missed = tap.takeMissedCount()
    if missed > 0 { StandardError.say(.packetsMissed(missed)) }
    return table
  }

  /// LINKTYPE_RAW: what a tap sees starts with the IP header.
  private static let bareIP: UInt32 = 101

  private func open() throws -> PacketTap {
    do throws(LinkError) {
      return try PacketTap(interface: interface)
    } catch {
      throw failure(error)
    }
  }

  private func failure(_ error: LinkError) -> Failure {
    let advice: ProgramSentence = error.number == EPERM ? .seePacketsAsRoot : .seeLinks
    return Failure(.other, .cannotUseDevice(error.phrase, advice.phrase))
  }

  private func show(
    _ seen: (index: Int, segment: Segment, from: End, findings: [Finding]),
    in summary: ConversationSummary
  ) {
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
