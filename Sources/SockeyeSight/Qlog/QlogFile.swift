internal import SockeyeTCP
internal import SockeyeText

/// A conversation as a qlog file, with a trace for each end.
///
/// The events are those of Documentation/QlogTCP.md: a schema for TCP in the manner of qlog's (draft-ietf-quic-qlog), and
/// beside it the few of QUIC's events that qvis draws its diagrams from.
public struct QlogFile {
  /// Where the events were seen.
  public enum Vantage: Sendable {
    /// Each end told its own.
    case ends
    /// Somewhere between them, as in a capture.
    case network
  }

  private let conversation: Conversation
  private let title: String
  private let vantage: Vantage
  private let reference: Int64

  /// A file of a conversation.
  ///
  /// - Parameters:
  ///   - conversation: what happened.
  ///   - title: what the file is called.
  ///   - vantage: where that was seen.
  ///   - reference: the date of the conversation's time zero, in milliseconds since 1970; 0 for virtual time.
  public init(_ conversation: Conversation, title: String, vantage: Vantage, reference: Int64 = 0) {
    self.conversation = conversation
    self.title = title
    self.vantage = vantage
    self.reference = reference
  }

  /// The file's bytes: one JSON object.
  public func bytes() -> [UInt8] {
    var events = QlogEvents(conversation)
    events.takeAll()
    var file = JSONWriter()
    file.object { file in
      file.name("qlog_version")
      file.string("0.3")
      file.name("qlog_format")
      file.string("JSON")
      file.name("title")
      file.string(title)
      file.name("traces")
      file.array { file in
        for end in [End.first, .second] { write(end, events.written[Int(end.rawValue)], to: &file) }
      }
    }
    return file.bytes + [UInt8(ascii: "\n")]
  }

  private func write(_ end: End, _ events: [UInt8], to file: inout JSONWriter) {
    let role = end == .first ? "client" : "server"
    file.object { trace in
      trace.name("title")
      trace.string("\(conversation.name(of: end)): \(title)")
      trace.name("vantage_point")
      trace.object {
        $0.name("name")
        $0.string(conversation.name(of: end))
        $0.name("type")
        $0.string(vantage == .ends ? role : "network")
        guard vantage == .network else { return }
        $0.name("flow")
        $0.string(role)
      }
      trace.name("common_fields")
      trace.object {
        $0.name("protocol_type")
        $0.array { $0.string("TCP") }
        $0.name("time_format")
        $0.string("relative")
        $0.name("reference_time")
        $0.number(reference)
      }
      trace.name("events")
      trace.array { $0.written(events) }
    }
  }
}
