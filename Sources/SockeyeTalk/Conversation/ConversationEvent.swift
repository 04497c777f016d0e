public import NIOCore
public import SockeyeText
public import SockeyeTransport

/// Something that happened in a conversation.
public enum ConversationEvent: Sendable {
  /// Peers are listened for.
  case listening([SocketAddress])
  /// A connection could not be made, or was lost, and is tried again after a while; so often at most, if there is a limit.
  case retrying(Failure, after: TimeAmount, attempt: Int, of: Int?)
  /// A peer is there.
  case opened(Peer)
  /// A peer that is there and stays was shaken hands with in TLS. Reported only when asked for.
  case secured(Peer, HandshakeFacts)
  /// A peer waits for its turn; so many are before it.
  case waiting(Peer, ahead: Int)
  /// A waiting peer's turn has come.
  case served(Peer)
  /// A peer said something.
  case received(Peer, Message)
  /// Something was sent to a peer. Reported only when asked for.
  case sent(Peer, ByteBuffer)
  /// A peer has no more to say: its FIN has come.
  case inputEnded(Peer)
  /// This side has no more to say: its FIN has gone out.
  case outputEnded(Peer)
  /// Something that a person should know.
  case notice(Peer?, Phrase)
  /// A conversation has ended.
  case closed(Peer, CloseCause, ConversationSummary)
  /// All clients, because somebody asked.
  case clients([(peer: Peer, isWaiting: Bool, received: UInt64, sent: UInt64)])
}

/// What a conversation came to.
public struct ConversationSummary: Hashable, Sendable {
  /// How many bytes the peer said.
  public var received: UInt64
  /// How many bytes the peer was told.
  public var sent: UInt64
  /// How long it lasted, from the peer's coming to the end.
  public var lasted: TimeAmount
  /// When this side's FIN went out, since the peer's coming.
  public var ourEnd: TimeAmount?
  /// When the peer's FIN came, since its coming.
  public var peerEnd: TimeAmount?
  /// Who ended first, where there was a stream that ended.
  public var order: ClosingOrder?
  /// How the command that served the peer ended, where one did before the peer was gone.
  public var command: CommandEnd?

  /// Creates a summary of a conversation whose stream did not end.
  public init(received: UInt64, sent: UInt64, lasted: TimeAmount) {
    self.received = received
    self.sent = sent
    self.lasted = lasted
  }
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
