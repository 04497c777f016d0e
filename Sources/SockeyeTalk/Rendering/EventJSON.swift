import NIOCore
import SockeyeText
import SockeyeTransport

/// Events as one JSON object a line, for programs.
///
/// What is there may grow and never changes: `v` is the version of the form, `event` the kind, `time` the moment (RFC
/// 3339). Bytes are given exactly, in base 64, and as text in UTF-8 as far as they are text.
public final class EventJSON {
  /// The text of each peer, in both directions: a character that two reads share is told with the second.
  private final class Streams {
    var received: Transcoder?
    var sent: Transcoder?
  }

  private let encoding: TextEncoding
  private var streams: [Int: Streams] = [:]

  /// Creates a writer of events.
  ///
  /// - Parameter encoding: The encoding of what peers say.
  public init(encoding: TextEncoding) { self.encoding = encoding }

  /// An event as one line, its line feed included.
  public func line(_ event: ConversationEvent, at time: WallTime) -> String {
    var line: JSONLine
    switch event {
    case .listening(let addresses):
      line = begin("listening", time)
      line.add("address", addresses.first?.text ?? "")
      line.add("addresses", addresses.map(\.text))
    case .retrying(let failure, let pause, let attempt, let total):
      line = begin("retrying", time)
      line.add("error", failure.message)
      line.add("attempt", attempt)
      if let total { line.add("of", total) }
      line.add("afterMilliseconds", pause.nanoseconds / 1_000_000)
    case .opened(let peer):
      line = begin("opened", time, peer)
      if peer.name != nil, let proxy = peer.remoteAddress { line.add("proxy", proxy.text) }
    case .secured(let peer, let facts):
      line = begin("secured", time, peer)
      add(facts, at: time, to: &line)
    case .served(let peer): line = begin("served", time, peer)
    case .waiting(let peer, let ahead):
      line = begin("waiting", time, peer)
      line.add("ahead", ahead)
    case .received(let peer, let message):
      line = begin("received", time, peer, source: message.source)
      add(message.bytes, text(message, from: peer), to: &line)
      if message.marks.contains(.truncated) { line.add("truncated", true) }
      if message.marks.contains(.incomplete) { line.add("incomplete", true) }
      if message.marks.contains(.unexpectedSource) { line.add("unexpected", true) }
    case .sent(let peer, let bytes):
      line = begin("sent", time, peer)
      add(bytes, text(sent: bytes, to: peer), to: &line)
    case .inputEnded(let peer): line = begin("peer-finished", time, peer)
    case .outputEnded(let peer): line = begin("finished", time, peer)
    case .notice(let peer, let phrase):
      line = begin("notice", time, peer)
      line.add("text", phrase.english)
    case .closed(let peer, let cause, let summary):
      line = begin("closed", time, peer)
      streams[peer.number] = nil
      line.add("cause", cause.word)
      line.add("detail", cause.phrase.english)
      if let order = summary.order { line.add("close", order.rawValue) }
      if let by = cause.resetBy { line.add("resetBy", by) }
      if let end = summary.ourEnd { line.add("finishedMicroseconds", end.nanoseconds / 1000) }
      if let end = summary.peerEnd { line.add("peerFinishedMicroseconds", end.nanoseconds / 1000) }
      switch summary.command {
      case .exited(let status)?: line.add("exitStatus", Int(status))
      case .signalled(let signal)?: line.add("exitSignal", Int(signal))
      case nil: break
      }
      line.add("received", summary.received)
      line.add("sent", summary.sent)
      line.add("milliseconds", summary.lasted.nanoseconds / 1_000_000)
    case .clients(let rows):
      line = begin("clients", time)
      line.add("clients", rows.map { "\($0.peer.number) \($0.peer.address)\($0.isWaiting ? " waiting" : "")" })
    }
    return line.line + "\n"
  }

  /// The peer's own certificate is told field by field, and what vouches for it by name.
  private func add(_ facts: HandshakeFacts, at time: WallTime, to line: inout JSONLine) {
    line.add("version", facts.version)
    if let cipher = facts.cipher { line.add("cipher", cipher) }
    if let agreed = facts.applicationProtocol { line.add("alpn", agreed) }
    guard let own = facts.chain.first else { return }
    line.add("subject", own.subject)
    line.add("issuer", own.issuer)
    line.add("notBefore", HandshakeFacts.day(own.notBefore))
    line.add("notAfter", HandshakeFacts.day(own.notAfter))
    line.add("daysLeft", own.daysLeft(at: Int64(time.nanoseconds / 1_000_000_000)))
    line.add("chain", facts.chain.map(\.subject))
  }

  private func begin(_ event: String, _ time: WallTime, _ peer: Peer? = nil, source: SocketAddress? = nil) -> JSONLine {
    var line = JSONLine(event: event)
    line.add("time", time.iso8601)
    if let peer {
      line.add("peer", peer.number)
      line.add("address", source?.text ?? peer.address)
    }
    return line
  }

  private func add(_ bytes: ByteBuffer, _ text: String, to line: inout JSONLine) {
    line.add("bytes", bytes.readableBytes)
    line.add("base64", Base64.text(bytes.readableBytesView))
    line.add("text", text)
  }

  // MARK: Text

  private func text(_ message: Message, from peer: Peer) -> String {
    if message.marks.contains(.datagram) { return whole(message.bytes) }
    var text: [UInt8] = []
    streams(of: peer).received?.convert(message.bytes.readableBytesView, into: &text)
    return String(decoding: text, as: UTF8.self)
  }

  private func text(sent bytes: ByteBuffer, to peer: Peer) -> String {
    var text: [UInt8] = []
    streams(of: peer).sent?.convert(bytes.readableBytesView, into: &text)
    return String(decoding: text, as: UTF8.self)
  }

  private func whole(_ bytes: ByteBuffer) -> String {
    let text = Transcoder.convert(Array(bytes.readableBytesView), from: encoding, to: .utf8).bytes
    return String(decoding: text, as: UTF8.self)
  }

  private func streams(of peer: Peer) -> Streams {
    if let known = streams[peer.number] { return known }
    let new = Streams()
    new.received = Transcoder(from: encoding, to: .utf8)
    new.sent = Transcoder(from: encoding, to: .utf8)
    streams[peer.number] = new
    return new
  }
}
