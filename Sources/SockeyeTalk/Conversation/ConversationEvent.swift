public import NIOCore
public import SockeyeTransport

/// Something that happened in a conversation.
public enum ConversationEvent: Sendable {
  /// Peers are listened for.
  case listening([SocketAddress])
  /// A connection could not be made, and is tried again after a while.
  case retrying(Failure, after: TimeAmount, attempt: Int, of: Int)
  /// A peer is there.
  case opened(Peer)
  /// A peer waits for its turn; so many are before it.
  case waiting(Peer, ahead: Int)
  /// A waiting peer's turn has come.
  case served(Peer)
  /// A peer said something.
  case received(Peer, Message)
  /// Something was sent to a peer. Reported only when asked for.
  case sent(Peer, ByteBuffer)
  /// A peer has no more to say.
  case inputEnded(Peer)
  /// Something that a person should know.
  case notice(Peer?, String)
  /// A conversation has ended.
  case closed(Peer, CloseCause, received: UInt64, sent: UInt64, lasted: TimeAmount)
  /// All clients, because somebody asked.
  case clients([(peer: Peer, isWaiting: Bool, received: UInt64, sent: UInt64)])
}

/// Takes note of conversations. Called on their event loop only.
public protocol ConversationObserver: AnyObject {
  /// Takes note of an event.
  func conversation(_ event: ConversationEvent)

  /// Whether what peers say can be taken just now. While it can't, peers aren't read from.
  var isReady: Bool { get }

  /// Called by the observer, on the event loop, when it is ready again.
  var onReady: (() -> Void)? { get set }
}
