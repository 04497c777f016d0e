import NIOCore
import SockeyeGateway
import SockeyeText
import SockeyeTransport

/// A connection of a command's, as the table at the end has it.
struct ConnectionRow: Hashable {
  /// The command's process that had it, by name and number.
  var process: String?
  /// Where it went: a name with the address that it had, or an address.
  var destination: String
  /// What is known of one that was open.
  var passage: Passage?
  /// Why it ended, or was never open.
  var end: Phrase

  /// What passed over a connection.
  struct Passage: Hashable {
    var bytesSent: UInt64
    var bytesReceived: UInt64
    var duration: Duration
    var roundTripTime: Duration?
    var retransmissions: UInt64?
  }
}

/// The connections of a command as a table for people.
enum ConnectionTable {
  private static let headings = [
    Phrase("process", zh: "进程"), Phrase("destination", zh: "目的地"), Phrase("sent", zh: "发送"),
    Phrase("received", zh: "接收"),
    Phrase("time", zh: "时长"), Phrase("RTT", zh: "往返时间"), Phrase("resent", zh: "重传"), Phrase("end", zh: "结局"),
  ]

  /// The lines of the table, its headings first.
  ///
  /// - Parameter others: how many connections there were beside those.
  static func lines(_ rows: [ConnectionRow], others: Int, in language: Language) -> [String] {
    guard !rows.isEmpty else { return [] }
    let table = [headings.map { $0.text(in: language) }] + rows.map { cells($0, language) }
    let widths = headings.indices.map { column in table.map { DisplayWidth.of($0[column]) }.max() ?? 0 }
    var lines = table.map { row in
      headings.indices.map { column in
        switch column {
        case 0...1: DisplayWidth.fitted(row[column], to: widths[column])
        case headings.count - 1: row[column]
        default: DisplayWidth.rightAligned(row[column], to: widths[column])
        }
      }.joined(separator: "  ")
    }
    if others > 0 {
      lines.append(Phrase("and \(others) more", zh: "另有 \(others) 个").text(in: language))
    }
    return lines
  }

  private static func cells(_ row: ConnectionRow, _ language: Language) -> [String] {
    let end = VisibleText.of(row.end.text(in: language))
    let destination = DisplayWidth.shortened(VisibleText.of(row.destination), to: 60)
    let process = VisibleText.of(row.process ?? "-")
    guard let passage = row.passage else { return [process, destination, "-", "-", "-", "-", "-", end] }
    return [
      process, destination, ByteText.of(Int64(clamping: passage.bytesSent)),
      ByteText.of(Int64(clamping: passage.bytesReceived)),
      "\(RateText.seconds(passage.duration.nanoseconds)) s",
      passage.roundTripTime.map { "\(RateText.decimal(Double($0.nanoseconds) / 1e6, places: 2)) ms" } ?? "-",
      passage.retransmissions.map { "\($0)" } ?? "-", end,
    ]
  }
}
