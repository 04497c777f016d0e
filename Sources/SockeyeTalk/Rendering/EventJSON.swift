import NIOCore
import SockeyeTransport

/// Events as one JSON object a line, for programs.
///
/// What is there may grow and never changes: `v` is the version of the form, `event` the kind, `time` the moment (RFC
/// 3339). Bytes are given exactly, in base 64, and as text in UTF-8 as far as they are text.
public final class EventJSON {
  private let encoding: TextEncoding

  /// Creates a writer of events.
  ///
  /// - Parameter encoding: The encoding of what peers say.
  public init(encoding: TextEncoding) { self.encoding = encoding }

  /// An event as one line, its line feed included.
  public func line(_ event: ConversationEvent, at time: WallTime) -> String {
    var object = JSONObject()
    object.add("v", 1)
    switch event {
    case .listening(let addresses):
      object.add("event", "listening")
      object.add("time", time.iso8601)
      object.add("address", addresses.first?.text ?? "")
      object.add("addresses", addresses.map(\.text))
    case .retrying(let failure, let pause, let attempt, let total):
      object.add("event", "retrying")
      object.add("time", time.iso8601)
      object.add("error", failure.message)
      object.add("attempt", attempt)
      object.add("of", total)
      object.add("afterMilliseconds", Int(pause.nanoseconds / 1_000_000))
    case .opened(let peer): self.begin(&object, "opened", peer, time)
    case .served(let peer): self.begin(&object, "served", peer, time)
    case .waiting(let peer, let ahead):
      self.begin(&object, "waiting", peer, time)
      object.add("ahead", ahead)
    case .received(let peer, let message):
      self.begin(&object, "received", peer, time)
      self.add(message.bytes, to: &object)
      if message.marks.contains(.truncated) { object.add("truncated", true) }
      if message.marks.contains(.incomplete) { object.add("incomplete", true) }
      if message.marks.contains(.unexpectedSource) { object.add("unexpected", true) }
    case .sent(let peer, let bytes):
      self.begin(&object, "sent", peer, time)
      self.add(bytes, to: &object)
    case .inputEnded(let peer): self.begin(&object, "peer-finished", peer, time)
    case .notice(let peer, let text):
      if let peer {
        self.begin(&object, "notice", peer, time)
      } else {
        object.add("event", "notice")
        object.add("time", time.iso8601)
      }
      object.add("text", text)
    case .closed(let peer, let cause, let received, let sent, let lasted):
      self.begin(&object, "closed", peer, time)
      object.add("cause", cause.word)
      object.add("detail", cause.text)
      object.add("received", Int(clamping: received))
      object.add("sent", Int(clamping: sent))
      object.add("milliseconds", Int(lasted.nanoseconds / 1_000_000))
    case .clients(let rows):
      object.add("event", "clients")
      object.add("time", time.iso8601)
      object.add("clients", rows.map { "\($0.peer.number) \($0.peer.address)\($0.isWaiting ? " waiting" : "")" })
    }
    return object.text + "\n"
  }

  private func begin(_ object: inout JSONObject, _ event: String, _ peer: Peer, _ time: WallTime) {
    object.add("event", event)
    object.add("time", time.iso8601)
    object.add("peer", peer.number)
    object.add("address", peer.address)
  }

  private func add(_ bytes: ByteBuffer, to object: inout JSONObject) {
    object.add("bytes", bytes.readableBytes)
    object.add("base64", Base64.text(bytes.readableBytesView))
    let text = Transcoder.convert(Array(bytes.readableBytesView), from: self.encoding, to: .utf8).bytes
    object.add("text", String(decoding: text, as: UTF8.self))
  }
}

/// A JSON object under construction, its members in order (RFC 8259).
struct JSONObject {
  private var members = ""

  /// The object.
  var text: String { "{\(self.members)}" }

  mutating func add(_ name: String, _ value: String) { self.add(name, raw: Self.quoted(value)) }
  mutating func add(_ name: String, _ value: Int) { self.add(name, raw: "\(value)") }
  mutating func add(_ name: String, _ value: Bool) { self.add(name, raw: "\(value)") }
  mutating func add(_ name: String, _ value: [String]) {
    self.add(name, raw: "[\(value.map(Self.quoted).joined(separator: ","))]")
  }

  private mutating func add(_ name: String, raw: String) {
    if !self.members.isEmpty { self.members += "," }
    self.members += "\(Self.quoted(name)):\(raw)"
  }

  /// RFC 8259, section 7. What a terminal would obey is escaped too.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x22: result += "\\\""
      case 0x5C: result += "\\\\"
      case 0x0A: result += "\\n"
      case 0x0D: result += "\\r"
      case 0x09: result += "\\t"
      case 0x00..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

/// Base 64 (RFC 4648, section 4).
enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func text(_ bytes: ByteBufferView) -> String {
    var result: [UInt8] = []
    result.reserveCapacity((bytes.count + 2) / 3 * 4)
    var rest = bytes[...]
    while !rest.isEmpty {
      let group = Array(rest.prefix(3))
      rest = rest.dropFirst(3)
      let value = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
      for index in 0..<4 {
        result.append(index <= group.count ? Self.alphabet[value >> (18 - 6 * index) & 63] : UInt8(ascii: "="))
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
