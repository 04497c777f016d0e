internal import SockeyeText

/// Writes followed streams as JSON, a piece a line, for programs.
public struct StreamJSON: Sendable {
  private let summary: (number: Int, first: String, second: String)
  private var offsets: [UInt64] = [0, 0]

  /// A writer for the streams of a connection.
  public init(_ summary: ConversationSummary) {
    self.summary = (summary.number, "\(summary.key.first)", "\(summary.key.second)")
  }

  /// The line for a piece. Bytes are given exactly, in base 64, and as text as far as they are UTF-8.
  public mutating func line(_ piece: StreamPiece, of end: End) -> String {
    let own = Int(end.rawValue)
    var line = JSONLine(event: Self.name(piece))
    line.add("connection", summary.number)
    line.add("from", end == .first ? summary.first : summary.second)
    line.add("to", end == .first ? summary.second : summary.first)
    line.add("offset", offsets[own])
    switch piece {
    case .data(let bytes):
      line.add("length", bytes.count)
      line.add("text", String(decoding: bytes, as: UTF8.self))
      line.add("base64", Base64.text(bytes))
      offsets[own] += UInt64(bytes.count)
    case .gap(let count, let reason):
      line.add("length", count)
      line.add("reason", reason.rawValue)
      offsets[own] += count
    case .conflict(let count, let offset):
      line.add("differing", count)
      line.add("at", offset)
    case .late(let count): line.add("length", count)
    case .restarted: offsets = [0, 0]
    case .finished, .reset: break
    }
    return line.line
  }

  private static func name(_ piece: StreamPiece) -> String {
    switch piece {
    case .data: "stream-data"
    case .gap: "stream-gap"
    case .conflict: "stream-conflict"
    case .late: "stream-late"
    case .finished: "stream-finished"
    case .reset: "stream-reset"
    case .restarted: "stream-restarted"
    }
  }
}
