internal import NIOCore
internal import SockeyeTalk
internal import SockeyeTransport

/// The conversation that a session holds, on whichever side. Used on its event loop.
enum HeldConversation: Sendable {
  case client(ConversationClient)
  case server(ConversationServer)

  func say(_ bytes: ByteBuffer, to peers: [Int]?) -> Telling {
    switch self {
    case .client(let client): client.say(bytes, to: peers)
    case .server(let server): server.say(bytes, to: peers)
    }
  }

  func endOutput(to peer: Int) -> Bool {
    switch self {
    case .client(let client): client.endOutput(to: peer)
    case .server(let server): server.endOutput(to: peer)
    }
  }

  func kick(_ peer: Int) -> Bool {
    switch self {
    case .client(let client): client.kick(peer)
    case .server(let server): server.kick(peer)
    }
  }

  func status(of peer: Int) -> StreamStatus? {
    switch self {
    case .client(let client): client.status(of: peer)
    case .server(let server): server.status(of: peer)
    }
  }

  func end() {
    switch self {
    case .client(let client): client.end()
    case .server(let server): server.end()
    }
  }

  func waitUntilDone() async {
    switch self {
    case .client(let client): _ = await client.waitUntilDone()
    case .server(let server): _ = await server.waitUntilDone()
    }
  }
}
