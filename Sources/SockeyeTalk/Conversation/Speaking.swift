public import NIOCore
public import SockeyeTransport

/// What became of something that was to be said to peers.
public struct Telling: Sendable {
  /// The numbers of those who are told.
  public var told: [Int] = []
  /// The numbers of those who don't read what they were told before: nothing more is kept for them.
  public var behind: [Int] = []
  /// The numbers of those who aren't there.
  public var missing: [Int] = []

  /// Nobody.
  public init() {}
}

/// A peer, and how much was said.
public struct PeerStanding: Sendable {
  /// The peer.
  public let peer: Peer
  /// Whether it waits for its turn.
  public let isWaiting: Bool
  /// How many bytes it said.
  public let received: UInt64
  /// How many bytes it was told.
  public let sent: UInt64

  init(_ session: Session, isWaiting: Bool = false) {
    peer = session.peer
    self.isWaiting = isWaiting
    received = session.received
    sent = session.sent
  }
}

// Whoever holds a conversation speaks on its event loop, where its observer is: what it says is in order with what it hears.

extension ConversationClient {
  /// Says something to the peer. To be called on the transport's event loop.
  ///
  /// - Parameters:
  ///   - bytes: What to say.
  ///   - peers: Whom to tell; all by default. The only peer has the number of the configuration.
  public func say(_ bytes: ByteBuffer, to peers: [Int]? = nil) -> Telling {
    core.value.say(bytes, to: peers)
  }

  /// Tells the peer that nothing more comes, once everything is sent. To be called on the transport's event loop.
  ///
  /// - Returns: Whether it is there.
  public func endOutput(to peer: Int) -> Bool { core.value.with(peer) { $0.endOutput() } }

  /// Ends the conversation with the peer. To be called on the transport's event loop.
  ///
  /// - Returns: Whether it is there.
  public func kick(_ peer: Int) -> Bool { core.value.with(peer) { $0.finish(.local(.kicked)) } }

  /// Those who are there. To be called on the transport's event loop.
  public var peers: [PeerStanding] { core.value.life.session.map { [PeerStanding($0)] } ?? [] }
}

extension ConversationServer {
  /// Says something to peers. To be called on the transport's event loop.
  ///
  /// - Parameters:
  ///   - bytes: What to say.
  ///   - peers: Whom to tell; all by default.
  public func say(_ bytes: ByteBuffer, to peers: [Int]? = nil) -> Telling {
    core.value.say(bytes, to: peers)
  }

  /// Tells a peer that nothing more comes, once everything is sent. To be called on the transport's event loop.
  ///
  /// - Returns: Whether it is there.
  public func endOutput(to peer: Int) -> Bool { core.value.with(peer) { $0.endOutput() } }

  /// Ends the conversation with a peer. To be called on the transport's event loop.
  ///
  /// - Returns: Whether it is there.
  public func kick(_ peer: Int) -> Bool { core.value.with(peer) { $0.finish(.local(.kicked)) } }

  /// Those who are there, in the order in which they came. To be called on the transport's event loop.
  public var peers: [PeerStanding] {
    core.value.clientele.all.map { PeerStanding($0.session, isWaiting: $0.isWaiting) }
  }

  /// Makes a peer of an address that has sent no datagram yet. To be called on the transport's event loop.
  ///
  /// - Returns: The peer, also when it was there before.
  /// - Throws: A failure of kind `usage` when this is no server of datagrams in the address's family, or has too many peers.
  public func addPeer(_ address: SocketAddress) throws(Failure) -> Peer { try core.value.addPeer(address) }
}

extension ClientCore {
  func say(_ bytes: ByteBuffer, to peers: [Int]?) -> Telling {
    var telling = Telling()
    for number in peers ?? [configuration.number] {
      guard number == configuration.number, let session = life.session, !session.isFinishing, !session.isOutputEnded
      else {
        telling.missing.append(number)
        continue
      }
      telling.tell(session, bytes)
    }
    return telling
  }

  func with(_ peer: Int, _ body: (Session) -> Void) -> Bool {
    guard peer == configuration.number, let session = life.session, !session.isFinishing else { return false }
    body(session)
    return true
  }
}

extension ServerCore {
  func say(_ bytes: ByteBuffer, to peers: [Int]?) -> Telling {
    var telling = Telling()
    for number in peers ?? clientele.served.keys.sorted() {
      guard let session = clientele.served[number], !session.isFinishing, !session.isOutputEnded else {
        telling.missing.append(number)
        continue
      }
      telling.tell(session, bytes)
    }
    return telling
  }

  func with(_ peer: Int, _ body: (Session) -> Void) -> Bool {
    guard let session = clientele.find(peer), !session.isFinishing else { return false }
    body(session)
    return true
  }
}

extension Telling {
  fileprivate mutating func tell(_ session: Session, _ bytes: ByteBuffer) {
    guard session.isWritable else { return behind.append(session.peer.number) }
    session.send(bytes)
    session.flush()
    told.append(session.peer.number)
  }
}
