internal import DequeModule
internal import NIOCore
internal import SockeyeTalk
internal import SockeyeText
internal import SockeyeTransport

/// The forwarded messages that are remembered, to be said again: the last ones, bounded in number and size.
struct ForwardMemory {
  private static let most = (messages: 1024, bytes: 4 << 20)

  private var items: Deque<(number: Int, peer: Int, direction: ForwardDirection, bytes: ByteBuffer)> = []
  private var size = 0

  mutating func keep(_ bytes: ByteBuffer, _ number: Int, _ peer: Int, _ direction: ForwardDirection) {
    items.append((number, peer, direction, bytes.compact))
    size += bytes.readableBytes
    while items.count > Self.most.messages || size > Self.most.bytes, let first = items.popFirst() {
      size -= first.bytes.readableBytes
    }
  }

  func find(_ number: Int) -> (peer: Int, direction: ForwardDirection, bytes: ByteBuffer)? {
    items.first { $0.number == number }.map { ($0.peer, $0.direction, $0.bytes) }
  }
}

/// What a forwarder does: it sits between a client and a server, and shows, holds, edits and replays what they say.
extension ConsoleSession {
  /// One of the lanes to where it is forwarded takes no more, or does again.
  func laneChanged(_ isReady: Bool) {
    fullLanes += isReady ? -1 : 1
    if fullLanes == 0 { becameReady() }
  }

  /// Somebody has connected here.
  func beginForwarding(_ peer: Peer) {
    let connection = forwarded[peer.number] ?? ForwardedConnection(peer, in: self)
    forwarded[peer.number] = connection
    // The first client may come before whoever opened the session knows that it is open: what it says waits.
    guard case .open(.server(let server)) = state, let remote = settings.remote else { return }
    connection.start(server, to: remote, settings, over: transport)
  }

  func endAllForwarding() {
    for connection in forwarded.values { connection.end() }
    forwarded.removeAll()
  }

  func endForwarding(_ peer: Peer) { forwarded.removeValue(forKey: peer.number)?.end() }

  func forwardUp(_ message: Message, from peer: Peer) {
    guard let connection = forwarded[peer.number] else { return }
    forward(message, of: connection, .up)
  }

  /// Shows a message, and sends it on, or holds it.
  func forward(_ message: Message, of connection: ForwardedConnection, _ direction: ForwardDirection) {
    let peer = connection.peer
    if direction == .down { receivedBack(message, for: peer) }
    forwardMemory.keep(message.bytes, lastMessage, peer.number, direction)
    let lane = direction == .up ? connection.up : connection.down
    lane.take(message.bytes, number: lastMessage, isHeld: isHolding)
    if isHolding {
      tell(
        "held",
        ["n": .integer(lastMessage), "peer": .integer(peer.number), "direction": .string(direction.rawValue)]
      )
    }
  }

  /// Nothing more comes from where it is forwarded to.
  func forwardingEnded(_ peer: Peer) {
    guard let connection = forwarded[peer.number] else { return }
    connection.down.finish()
  }

  func forwardingFailed(_ peer: Peer, _ failure: Failure) { tellNotice(failure.phrase, peer) }

  func tellNotice(_ phrase: Phrase, _ peer: Peer) {
    tell("notice", ["peer": .integer(peer.number), "text": .string(phrase.text(in: language))])
  }

  // MARK: By hand

  func hold(_ isHolding: Bool) {
    self.isHolding = isHolding
    guard !isHolding else { return }
    for connection in forwarded.values {
      connection.up.releaseAll()
      connection.down.releaseAll()
    }
  }

  /// Lets a held message go on.
  ///
  /// - Parameter replacement: What goes in its place; nothing drops it.
  func release(_ number: Int, as replacement: (ByteBuffer) -> ByteBuffer?) throws(ConsoleError) {
    for connection in forwarded.values {
      if connection.up.release(number, as: replacement) || connection.down.release(number, as: replacement) { return }
    }
    throw ConsoleError(.missing, .noHeldMessage(number))
  }

  /// Says a message again, the same way.
  func replay(_ number: Int) throws(ConsoleError) {
    guard let message = forwardMemory.find(number), let connection = forwarded[message.peer] else {
      throw ConsoleError(.missing, .noRememberedMessage(number))
    }
    let lane = message.direction == .up ? connection.up : connection.down
    guard lane.isReady else { throw ConsoleError(.behind, .peerIsBehind(message.peer)) }
    lastMessage += 1
    lane.take(message.bytes, number: lastMessage, isHeld: false)
  }
}
