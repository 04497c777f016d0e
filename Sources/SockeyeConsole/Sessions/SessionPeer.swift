internal import NIOCore
internal import SockeyeTalk
internal import SockeyeTransport

/// How many messages and bytes went one way.
struct MessageCount {
  private(set) var messages = 0
  private(set) var bytes: UInt64 = 0

  mutating func add(_ count: Int) {
    messages &+= 1
    bytes &+= UInt64(count)
  }

  var json: JSONValue { .object(["bytes": .count(bytes), "messages": .integer(messages)]) }
}

/// A peer of a session, and what is known of it. Its text is decoded as one stream in each direction, so that a character
/// that two messages share is told with the second.
final class SessionPeer {
  let peer: Peer
  /// When it came, in milliseconds since 1970.
  let since: UInt64
  var received: UInt64 = 0
  var sent: UInt64 = 0
  private var incoming: TextOfStream
  private var outgoing: TextOfStream

  init(_ peer: Peer, encoding: TextEncoding, at time: UInt64) {
    self.peer = peer
    since = time
    incoming = TextOfStream(encoding, isStream: !peer.isDatagram)
    outgoing = TextOfStream(encoding, isStream: !peer.isDatagram)
  }

  var json: JSONValue {
    var result: JSONObject = [
      "peer": .integer(peer.number), "address": .string(peer.address), "since": .count(since),
      "received": .count(received),
      "sent": .count(sent),
    ]
    if let local = peer.localAddress { result["local"] = .string(local.text) }
    return .object(result)
  }

  /// What bytes say, in UTF-8.
  ///
  /// - Returns: Nothing where they are that already, but for what in them is no character.
  func text(_ bytes: ByteBuffer, isIncoming: Bool) -> ByteBuffer? {
    isIncoming ? incoming.take(bytes) : outgoing.take(bytes)
  }
}
