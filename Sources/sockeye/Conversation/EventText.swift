import NIOCore
import SockeyeTalk
import SockeyeTransport

/// What happens in a conversation, in words for a person.
enum EventText {
  /// A peer's number and address.
  static func name(_ peer: Peer) -> String { "[\(peer.number)] \(peer.address)" }

  /// An event as one line, or several; nothing for what is shown otherwise.
  static func line(_ event: ConversationEvent, isServer: Bool) -> String {
    switch event {
    case .listening(let addresses): return "listening on \(addresses.map(\.text).joined(separator: " and "))"
    case .retrying(let failure, let pause, let attempt, let total):
      return "\(failure.message); again in \(DurationArgument(pause)) (\(attempt) of \(total))"
    case .opened(let peer) where peer.isDatagram:
      let what = isServer ? "datagrams come from there" : "datagrams go there"
      return "\(name(peer)): \(what); UDP makes no connection"
    case .opened(let peer): return "\(name(peer)) connected"
    case .served(let peer): return "\(name(peer)) has its turn"
    case .waiting(let peer, let ahead): return "\(name(peer)) waits for its turn, \(ahead) before it"
    case .inputEnded(let peer): return "\(name(peer)) has nothing more to say: its FIN came at \(WallTime.now.text)"
    case .outputEnded(let peer): return "\(name(peer)) was told all: our FIN went out at \(WallTime.now.text)"
    case .closed(let peer, let cause, let summary):
      let ending = ending(cause, summary).map { " (\($0))" } ?? ""
      let figures = "received \(summary.received), sent \(summary.sent) bytes in \(seconds(summary.lasted))"
      return "\(name(peer)) closed: \(cause.text)\(ending); \(figures)"
    case .clients(let rows):
      guard !rows.isEmpty else { return "no clients" }
      return rows.map { row in
        "\(name(row.peer))\(row.isWaiting ? " (waiting)" : ""): received \(row.received), sent \(row.sent) bytes"
      }.joined(separator: "\n")
    case .received, .sent, .notice: return ""
    }
  }

  /// Who ended the stream, in the terms of RFC 9293, section 3.6.
  private static func ending(_ cause: CloseCause, _ summary: ConversationSummary) -> String? {
    if let by = cause.resetBy { return by == "us" ? "reset by us" : "reset by the peer" }
    switch (summary.order, summary.ourEnd, summary.peerEnd) {
    case (.active?, let ours?, let theirs?):
      return "active close: our FIN first, at \(seconds(ours)), the peer's at \(seconds(theirs))"
    case (.active?, let ours?, nil): return "active close: our FIN at \(seconds(ours)), none from the peer"
    case (.passive?, let ours?, let theirs?):
      return "passive close: the peer's FIN first, at \(seconds(theirs)), ours at \(seconds(ours))"
    case (.passive?, nil, let theirs?): return "passive close: the peer's FIN at \(seconds(theirs))"
    case (.simultaneous?, let ours?, let theirs?):
      return "simultaneous close: our FIN at \(seconds(ours)), the peer's crossed it and came at \(seconds(theirs))"
    default: return nil
    }
  }

  private static func seconds(_ amount: TimeAmount) -> String {
    "\(Double(amount.nanoseconds / 1_000_000) / 1000) s"
  }
}
