import NIOCore
import SockeyeTransport

/// Whoever a session belongs to. Called on the session's event loop.
protocol SessionOwner: AnyObject {
  var observer: any ConversationObserver { get }

  /// The peer is there and can be spoken to.
  func sessionOpened(_ session: Session)
  /// The peer said something, which has been shown; answers are the session's own business.
  func session(_ session: Session, heard message: Message)
  /// The peer has no more to say.
  func sessionInputEnded(_ session: Session)
  /// More can be sent again.
  func sessionBecameWritable(_ session: Session)
  /// The session will read no more because of what the observer can take; it has to be resumed.
  func sessionStalled(_ session: Session)
  /// The session has nothing more to say and is not listened to; it is about to be closed.
  func sessionLeaving(_ session: Session)
  /// Takes note that nothing more comes from the session.
  func sessionClosed(_ session: Session, cause: CloseCause)
  /// A datagram could not be sent.
  func session(_ session: Session, couldNotSend failure: Failure)
}

extension SessionOwner {
  /// Tells what TLS with a peer came to, if anybody wants to know.
  func tellOfHandshake(_ session: Session) {
    if let facts = session.handshakeFacts { observer.conversation(.secured(session.peer, facts)) }
  }

  /// One datagram of many is worth a word.
  func session(_ session: Session, couldNotSend failure: Failure) {
    observer.conversation(.notice(session.peer, failure.phrase))
  }
}

/// How a session's bytes travel: over a stream, or as datagrams. Confined to the session's event loop.
protocol SessionCarrier: AnyObject {
  /// How long the peer may take to end after us; nothing where there is no end to wait for.
  var lingering: TimeAmount? { get }
  /// Whether more can be sent without piling up.
  var isWritable: Bool { get }
  /// The shortest time in which the peer could have answered.
  var roundTrip: TimeAmount { get }
  /// Queues bytes to be sent.
  func transmit(_ bytes: ByteBuffer)
  /// Sends what is queued.
  func flush()
  /// Reads on.
  func read()
  /// Does what the end of a direction asks for, and tells when what was queued is out.
  func perform(_ step: StreamEnds.Step, whenOut: @escaping () -> Void)
  /// Closes at once.
  func close()
}
