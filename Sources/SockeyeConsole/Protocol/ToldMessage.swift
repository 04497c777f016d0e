internal import NIOCore
internal import SockeyeTalk
internal import SockeyeText

/// A message of a session, as those who speak to the console are told of it: an object of JSON, or a record of a block.
struct ToldMessage {
  /// What became of it.
  enum Kind {
    /// It came; of a forwarder, on its way to one side.
    case received(ForwardDirection?)
    case sent(by: Speaker)
  }

  /// The number in the session's name.
  let session: Int
  /// When it went, in milliseconds since 1970.
  let time: UInt64
  let number: Int
  let peer: Int
  let kind: Kind
  /// What is told of its bytes: the beginning of those that are many.
  let data: ByteBuffer
  /// How many bytes it has in all.
  let bytes: Int
  /// What ``data`` says, in UTF-8; nothing where it is that already, but for what in it is no character.
  let text: ByteBuffer?
  let marks: Message.Marks
  /// Where it came from, when that isn't its peer's address.
  let source: String?

  private var isCut: Bool { data.readableBytes < bytes }

  // MARK: As JSON

  var json: JSONObject {
    var name = "received"
    if case .sent = kind { name = "sent" }
    let said = String(decoding: (text ?? data).readableBytesView, as: UTF8.self)
    var result: JSONObject = [
      "event": .string(name), "session": .string(ConsoleSession.id(session)), "time": .count(time),
      "n": .integer(number),
      "peer": .integer(peer), "bytes": .integer(bytes), "data": .string(Base64.text(data.readableBytesView)),
      "text": .string(said),
    ]
    var words: [JSONValue] = []
    if marks.contains(.truncated) { words.append("truncated") }
    if marks.contains(.incomplete) { words.append("incomplete") }
    if marks.contains(.unexpectedSource) { words.append("unexpected") }
    if isCut { words.append("cut") }
    if !words.isEmpty { result["marks"] = .array(words) }
    if let source { result["source"] = .string(source) }
    switch kind {
    case .received(let direction?): result["direction"] = .string(direction.rawValue)
    case .received(nil): break
    case .sent(let speaker): result["by"] = .string(speaker.rawValue)
    }
    return result
  }

  // MARK: As a record

  /// Appends the message to a block: 44 bytes, the highest of a number last, and then data, text and source.
  func write(to block: inout ByteBuffer) {
    let source = (self.source ?? "").utf8.prefix(Int(UInt8.max))
    block.writeMultipleIntegers(
      isSent ? UInt8(2) : 1,
      markBits,
      origin,
      UInt8(source.count),
      UInt32(clamping: session),
      UInt32(clamping: peer),
      UInt32(clamping: data.readableBytes),
      text.map { UInt32(clamping: $0.readableBytes) } ?? .max,
      Double(time).bitPattern,
      Double(number).bitPattern,
      Double(bytes).bitPattern,
      endianness: .little
    )
    block.writeImmutableBuffer(data)
    if let text { block.writeImmutableBuffer(text) }
    if !source.isEmpty { block.writeBytes(source) }
  }

  private var isSent: Bool { if case .sent = kind { true } else { false } }

  private var markBits: UInt8 {
    var bits: UInt8 = 0
    if marks.contains(.truncated) { bits |= 1 }
    if marks.contains(.incomplete) { bits |= 2 }
    if marks.contains(.unexpectedSource) { bits |= 4 }
    if isCut { bits |= 8 }
    return bits
  }

  /// Which way it went, or who said it.
  private var origin: UInt8 {
    switch kind {
    case .received(nil): 0
    case .received(.up?): 1
    case .received(.down?): 2
    case .sent(.user): 3
    case .sent(.rule): 4
    case .sent(.cycle): 5
    case .sent(.heartbeat): 6
    }
  }
}
