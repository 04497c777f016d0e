import NIOCore
import SockeyeTalk
import SockeyeText
import SockeyeTransport

/// What happens in a conversation, in words for a person.
enum EventText {
  /// A peer's number and address.
  static func name(_ peer: Peer) -> String { "[\(peer.number)] \(peer.address)" }

  /// An event as one line, or several; nothing for what is shown otherwise.
  static func phrase(_ event: ConversationEvent, isServer: Bool) -> Phrase {
    switch event {
    case .listening(let addresses): return ProgramSentence.listening(addresses.map(\.text)).phrase
    case .retrying(let failure, let pause, let attempt, let total):
      return ProgramSentence.retrying(failure.phrase, "\(DurationArgument(pause))", attempt, total).phrase
    case .opened(let peer) where peer.isDatagram:
      let name = name(peer)
      return (isServer ? ProgramSentence.datagramsComeFrom(name) : .datagramsGoTo(name)).phrase
    case .opened(let peer):
      let through = peer.name == nil ? nil : peer.remoteAddress?.text
      return (through.map { .connectedThrough(name(peer), $0) } ?? ProgramSentence.connected(name(peer))).phrase
    case .secured(let peer, let facts): return secured(peer, facts)
    case .served(let peer): return ProgramSentence.hasItsTurn(name(peer)).phrase
    case .waiting(let peer, let ahead): return ProgramSentence.waits(name(peer), ahead).phrase
    case .inputEnded(let peer) where peer.isUnix:
      return ProgramSentence.peerEndedStream(name(peer), WallTime.now.text).phrase
    case .outputEnded(let peer) where peer.isUnix:
      return ProgramSentence.weEndedStream(name(peer), WallTime.now.text).phrase
    case .inputEnded(let peer): return ProgramSentence.peerFinished(name(peer), WallTime.now.text).phrase
    case .outputEnded(let peer): return ProgramSentence.weFinished(name(peer), WallTime.now.text).phrase
    case .closed(let peer, let cause, let summary):
      let figures = ProgramSentence.exchanged(summary.received, summary.sent, seconds(summary.lasted)).phrase
      let (known, ending) =
        peer.isUnix
        ? (streamCause(cause), streamEnding(summary)) : (cause.phrase, ending(cause, summary))
      let cause = cause == .local(.commandEnded) ? summary.command?.phrase ?? known : known
      return ProgramSentence.closed(name(peer), cause, ending?.phrase, figures).phrase
    case .clients(let rows):
      guard !rows.isEmpty else { return ProgramSentence.noClients.phrase }
      let lines = rows.map { row in
        ProgramSentence.client(name(row.peer), isWaiting: row.isWaiting, received: row.received, sent: row.sent)
      }
      return Phrase(
        lines.map(\.english).joined(separator: "\n"),
        zh: lines.map(\.chinese).joined(separator: "\n")
      )
    case .notice(let peer?, let phrase): return ProgramSentence.of(name(peer), phrase).phrase
    case .notice(nil, let phrase): return ProgramSentence.of("sockeye", phrase).phrase
    case .received, .sent: return .literal("")
    }
  }

  /// What TLS came to: a line, and one for each certificate.
  private static func secured(_ peer: Peer, _ facts: HandshakeFacts) -> Phrase {
    let now = Int64(WallTime.now.nanoseconds / 1_000_000_000)
    let settled = ProgramSentence.secured(name(peer), facts.version, facts.cipher, facts.applicationProtocol)
    let certificates = facts.chain.map { certificate in
      ProgramSentence.certificate(
        certificate.subject,
        certificate.issuer,
        HandshakeFacts.day(certificate.notAfter),
        certificate.daysLeft(at: now)
      )
    }
    let lines = [settled] + certificates
    return Phrase(lines.map(\.english).joined(separator: "\n"), zh: lines.map(\.chinese).joined(separator: "\n"))
  }

  /// Who ended the stream, in the terms of RFC 9293, section 3.6.
  private static func ending(_ cause: CloseCause, _ summary: ConversationSummary) -> ProgramSentence? {
    if let by = cause.resetBy { return by == "us" ? .resetByUs : .resetByPeer }
    switch (summary.order, summary.ourEnd, summary.peerEnd) {
    case (.active?, let ours?, let theirs?): return .activeClose(seconds(ours), seconds(theirs))
    case (.active?, let ours?, nil): return .activeCloseUnanswered(seconds(ours))
    case (.passive?, let ours?, let theirs?): return .passiveClose(seconds(theirs), seconds(ours))
    case (.passive?, nil, let theirs?): return .passiveCloseUnanswered(seconds(theirs))
    case (.simultaneous?, let ours?, let theirs?): return .simultaneousClose(seconds(ours), seconds(theirs))
    default: return nil
    }
  }

  /// Why a Unix domain socket's conversation ended.
  private static func streamCause(_ cause: CloseCause) -> Phrase {
    switch cause {
    case .peerFinished: ProgramSentence.peerEndedIt.phrase
    case .peerReset: ProgramSentence.peerLeft.phrase
    default: cause.phrase
    }
  }

  /// Who ended a Unix domain socket's stream first.
  private static func streamEnding(_ summary: ConversationSummary) -> ProgramSentence? {
    switch (summary.ourEnd, summary.peerEnd) {
    case (let ours?, let theirs?) where summary.order == .passive: .peerEndedFirst(seconds(theirs), seconds(ours))
    case (let ours?, let theirs?): .weEndedFirst(seconds(ours), seconds(theirs))
    default: nil
    }
  }

  private static func seconds(_ amount: TimeAmount) -> String {
    "\(Double(amount.nanoseconds / 1_000_000) / 1000) s"
  }
}
