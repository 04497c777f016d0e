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
  private var incoming: Transcoder?
  private var outgoing: Transcoder?

  init(_ peer: Peer, encoding: TextEncoding, at time: UInt64) {
    self.peer = peer
    since = time
    guard !peer.isDatagram else { return }
    incoming = Transcoder(from: encoding, to: .utf8)
    outgoing = Transcoder(from: encoding, to: .utf8)
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
  func text(_ bytes: ByteBufferView, isIncoming: Bool, _ encoding: TextEncoding) -> String {
    var text: [UInt8] = []
    if peer.isDatagram {
      text = Transcoder.convert(Array(bytes), from: encoding, to: .utf8).bytes
    } else if isIncoming {
      incoming?.convert(bytes, into: &text)
    } else {
      outgoing?.convert(bytes, into: &text)
    }
    return String(decoding: text, as: UTF8.self)
  }
}
