import NIOCore
import SockeyeText
import SockeyeTransport

/// What all clients are told: the input, and in a relay what the others say.
extension ServerCore: InputTarget {
  func startInput() {
    guard let input = configuration.input else { return }
    do {
      pump = try InputPump(input, configuration.conversation.composer, target: self, on: eventLoop)
    } catch {
      observer.conversation(.notice(nil, error.phrase))
    }
  }

  /// A person is always heard; a pipe is kept until somebody is there and all who aren't stuck take more.
  var takesInput: Bool {
    if configuration.input?.isInteractive == true { return true }
    let served = clientele.served
    if served.count == 1, let only = served.values.first { return only.isWritable }
    noteBehind()
    return served.values.contains { $0.isWritable } && !backlogs.values.contains { $0.isWaitedFor }
  }

  func take(_ bytes: ByteBuffer) {
    for session in clientele.served.values { tell(session, bytes) }
    if clientele.served.isEmpty, configuration.input?.isInteractive == true {
      observer.conversation(.notice(nil, TalkSentence.nobodyThere.phrase))
    }
  }

  private func tell(_ session: Session, _ bytes: ByteBuffer) {
    let number = session.peer.number
    guard session.isWritable || backlogs[number, default: Backlog()].keep(bytes.readableBytes) else {
      return session.abort(.local(.tooSlow))
    }
    session.send(bytes)
    session.flush()
    if !session.isWritable { noteBehind(session) }
  }

  private func noteBehind() {
    for session in clientele.served.values where !session.isWritable && !session.isFinishing { noteBehind(session) }
  }

  private func noteBehind(_ session: Session) {
    let number = session.peer.number
    guard clientele.served.count > 1 || configuration.input?.isInteractive == true || isRelay,
      backlogs[number, default: Backlog()].noteBehind()
    else { return }
    _ = session.schedule(in: Backlog.patience) { [weak self] session in
      guard let self, self.backlogs[number]?.isWaitedFor == true else { return }
      backlogs[number]?.noteStuck()
      let notice = TalkSentence.doesNotRead(Backlog.most >> 20).phrase
      observer.conversation(.notice(session.peer, notice))
      if isRelay { resumeRelay() }
      pump?.pump()
    }
  }

  func take(command: InputCommand) {
    switch command {
    case .tell(let number, let bytes):
      guard let session = clientele.served[number] else { return notThere(number) }
      tell(session, ByteBuffer(bytes: bytes))
    case .kick(let number):
      guard let session = clientele.find(number) else { return notThere(number) }
      session.finish(.local(.kicked))
    case .clients:
      let rows = clientele.all.map { session, isWaiting in
        (peer: session.peer, isWaiting: isWaiting, received: session.received, sent: session.sent)
      }
      observer.conversation(.clients(rows))
    case .quit: end()
    case .unknown(let text):
      let shown = VisibleText.of(text)
      observer.conversation(
        .notice(nil, TalkSentence.unknownCommand(shown).phrase)
      )
    }
  }

  private func notThere(_ number: Int) {
    observer.conversation(.notice(nil, TalkSentence.noClient(number).phrase))
  }

  func inputEnded() {
    if configuration.input?.isInteractive == true { return end() }
    let served = clientele.served.values
    for session in served where session.isInputEnded { sessionInputEnded(session) }
    // An input without a byte (`< /dev/null`) means that there is nothing to say, not that something was said.
    guard pump?.hasHadBytes == true else { return }
    for session in served {
      switch configuration.conversation.onInputEnd {
      case .halfClose: session.endOutput()
      case .close: session.finish(.local(.inputEnded))
      case .hold: break
      }
    }
  }

  func inputFailed(_ failure: Failure) {
    observer.conversation(.notice(nil, failure.phrase))
  }

  func inputRefused(_ failure: Failure) {
    observer.conversation(.notice(nil, failure.phrase))
  }

  // MARK: Relaying

  func relay(_ message: Message, from source: Session) {
    for session in clientele.served.values where session !== source { tell(session, message.bytes) }
    if isRelayBlocked { source.pause(.relay) }
  }

  /// Whether somebody who isn't stuck can't take what is said: nobody is read from until then.
  private var isRelayBlocked: Bool { backlogs.values.contains { $0.isWaitedFor } }

  func resumeRelay() {
    guard !isRelayBlocked else { return }
    for session in clientele.served.values { session.resume(.relay) }
  }
}
