import NIOCore
import SockeyeText
import SockeyeTransport

/// What a client makes of the datagrams that come, of those that can't be sent, and of silence.
extension ClientCore {
  func datagramHandler() -> DatagramHandler {
    DatagramHandler(
      arrived: { [weak self] _, envelope in self?.datagramArrived(envelope) },
      completed: { [weak self] in self?.life.session?.flush() },
      writable: { [weak self] in self?.life.session?.becameWritable() },
      failed: { [weak self] error in
        guard let self, let session = life.session else { return }
        didNotArrive(DatagramFailure.of(error, to: session.peer), session)
      }
    )
  }

  private func datagramArrived(_ envelope: AddressedEnvelope<ByteBuffer>) {
    guard let session = life.session, !session.isFinishing else { return }
    // What nobody can take is dropped, as a socket that is full would drop it.
    guard observer.isReady else { return datagrams.drop() }
    var marks: Message.Marks = .datagram
    if !isExpected(envelope.remoteAddress) {
      marks.insert(.unexpectedSource)
      let notice = TalkSentence.datagramFromOther(envelope.remoteAddress.text).phrase
      observer.conversation(.notice(session.peer, notice))
    }
    let datagram = configuration.datagrams.cut(envelope.data, &marks)
    let isFromPeer = envelope.remoteAddress == session.peer.remoteAddress
    session.arrived(datagram, marks: marks, from: isFromPeer ? nil : envelope.remoteAddress)
  }

  /// Whoever answers a broadcast or a multicast does so under its own address.
  private func isExpected(_ source: SocketAddress) -> Bool {
    guard let peer = life.session?.peer.remoteAddress else { return true }
    if peer.isMulticast || configuration.datagrams.broadcast { return true }
    return source.port == peer.port && SocketAddressBytes.of(source) == SocketAddressBytes.of(peer)
  }

  func session(_ session: Session, couldNotSend failure: Failure) {
    // A socket may tell of an earlier datagram when the next one is sent.
    guard failure.kind == .network else { return session.finish(.failed(failure)) }
    didNotArrive(failure, session)
  }

  /// What an ICMP message said of something that was sent.
  private func didNotArrive(_ failure: Failure, _ session: Session) {
    guard !session.isClosed else { return }
    datagrams.complain(failure)
    // One who has answered may be gone for a moment, and isn't given up for it.
    guard !datagrams.hasHeard else { return observer.conversation(.notice(session.peer, failure.phrase)) }
    session.blame(.failed(failure))
    session.finish(.failed(failure))
  }

  /// Datagrams have no end: once all is said, silence is taken for it.
  func armQuietTimer() {
    guard let session = life.session, session.isOutputEnded else { return }
    // An explicit limit on an answer speaks for itself.
    guard configuration.conversation.expectation == nil else { return }
    session.leaveSilenceToOwner()
    let limit = configuration.conversation.idleTimeout
    let patience = limit ?? configuration.datagramPatience
    let quiet = limit ?? configuration.datagramQuiet
    let hasHeard = datagrams.hasHeard
    let isProbe = configuration.isProbe
    datagrams.wait(
      session.schedule(in: hasHeard ? quiet : patience) { [weak self] session in
        if !hasHeard {
          let sentence: TalkSentence = isProbe ? .probeUnanswered(patience.text) : .unanswered(patience.text)
          self?.observer.conversation(.notice(session.peer, sentence.phrase))
        }
        session.finish(.local(.done))
      }
    )
  }
}
