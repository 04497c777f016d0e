internal import NIOCore
internal import SockeyeTalk
internal import SockeyeText
internal import SockeyeTransport

/// Who says something to a session's peers.
enum Speaker: String {
  case user
  case rule
  case cycle
  case heartbeat
}

/// What a session makes of what happens in its conversation.
extension ConsoleSession {
  /// A message longer than this is told up to here.
  static let longestShown = 262_144

  func heard(_ event: ConversationEvent, opening: Int) {
    guard opening == self.opening else { return }
    record?.take(event)
    switch event {
    case .listening(let addresses):
      local = addresses.map(\.text)
      watchSegmentsOfListener(addresses)
    case .opened(let peer), .served(let peer): opened(peer)
    case .waiting, .secured, .clients: return
    case .retrying(let failure, let pause, let attempt, _):
      tell(
        "retrying",
        [
          "text": .string(failure.phrase.text(in: language)), "after": .integer(Int(pause.nanoseconds / 1_000_000)),
          "attempt": .integer(attempt),
        ]
      )
    case .received(let peer, let message): received(message, from: peer)
    case .sent(let peer, let bytes): sent(bytes, to: peer)
    case .inputEnded(let peer):
      tell("ended", ["peer": .integer(peer.number), "side": "theirs"])
      forwarded[peer.number]?.up.finish()
    case .outputEnded(let peer): tell("ended", ["peer": .integer(peer.number), "side": "ours"])
    case .notice(let peer, let phrase):
      var members: JSONObject = ["text": .string(phrase.text(in: language))]
      if let peer { members["peer"] = .integer(peer.number) }
      tell("notice", members)
    case .closed(let peer, let cause, let summary): closed(peer, cause, summary)
    }
  }

  private func opened(_ peer: Peer) {
    peers[peer.number] = SessionPeer(peer, encoding: settings.encoding, at: WallTime.now.nanoseconds / 1_000_000)
    var members: JSONObject = ["peer": .integer(peer.number), "address": .string(peer.address)]
    if let address = peer.localAddress {
      members["local"] = .string(address.text)
      if settings.kind.isClient { local = [address.text] }
    }
    rememberEnds(of: peer)
    tell("opened", members)
    beginHeartbeat(peer.number)
    if settings.kind == .forwarder { beginForwarding(peer) }
  }

  private func closed(_ peer: Peer, _ cause: CloseCause, _ summary: ConversationSummary) {
    peers[peer.number] = nil
    endHeartbeat(peer.number)
    endForwarding(peer)
    budgets[peer.number] = nil
    if summary.lasted >= SessionSettings.longestPause { connectionStood() }
    var members: JSONObject = [
      "peer": .integer(peer.number), "cause": .string(cause.word), "text": .string(cause.phrase.text(in: language)),
      "received": .count(summary.received), "sent": .count(summary.sent),
      "lasted": .integer(Int(summary.lasted.nanoseconds / 1_000_000)),
    ]
    if let order = summary.order { members["close"] = .string(order.rawValue) }
    tell("closed", members)
  }

  // MARK: Messages

  private func received(_ message: Message, from peer: Peer) {
    let count = message.bytes.readableBytes
    received.add(count)
    peers[peer.number]?.received &+= UInt64(count)
    tellReceived(message, from: peer, settings.kind == .forwarder ? .up : nil)
    if settings.kind == .forwarder { return forwardUp(message, from: peer) }
    reply(to: message, from: peer)
  }

  /// Something came back from where a forwarder forwards to.
  func receivedBack(_ message: Message, for peer: Peer) {
    let count = message.bytes.readableBytes
    sent.add(count)
    peers[peer.number]?.sent &+= UInt64(count)
    tellReceived(message, from: peer, .down)
  }

  private func tellReceived(_ message: Message, from peer: Peer, _ direction: ForwardDirection?) {
    tell(message, .received(direction), of: peer, isIncoming: direction != .down)
  }

  private func sent(_ bytes: ByteBuffer, to peer: Peer) {
    let count = bytes.readableBytes
    sent.add(count)
    peers[peer.number]?.sent &+= UInt64(count)
    tell(Message(bytes), .sent(by: speaker), of: peer, isIncoming: false)
  }

  private func tell(_ message: Message, _ kind: ToldMessage.Kind, of peer: Peer, isIncoming: Bool) {
    countersChanged()
    lastMessage += 1
    let count = message.bytes.readableBytes
    audience.tellMessage(of: self, bytes: count) {
      var data = message.bytes
      data.moveWriterIndex(to: data.readerIndex + min(count, Self.longestShown))
      return ToldMessage(
        session: number,
        time: WallTime.now.nanoseconds / 1_000_000,
        number: lastMessage,
        peer: peer.number,
        kind: kind,
        data: data,
        bytes: count,
        text: peers[peer.number]?.text(data, isIncoming: isIncoming),
        marks: message.marks,
        source: message.source?.text
      )
    }
  }
}
