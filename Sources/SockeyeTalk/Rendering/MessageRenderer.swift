public import NIOCore
internal import SockeyeText
import SockeyeTransport

/// Turns what peers say into what is shown.
///
/// Each peer's text is decoded as one stream, so that a character that the network cut is shown whole.
public final class MessageRenderer {
  /// The forms in which messages are shown.
  public enum Form: String, Sendable, CaseIterable {
    /// Byte for byte.
    case raw
    /// As text in UTF-8.
    case text
    /// In hexadecimal.
    case hex
    /// In hexadecimal, with what is printable beside it.
    case both
  }

  /// How messages are shown.
  public struct Settings: Sendable {
    /// The form.
    public var form = Form.raw
    /// The encoding of what peers say.
    public var encoding = TextEncoding.utf8
    /// Whether control characters are shown instead of done.
    public var showsControls = false
    /// Whether each message stands on a line of its own that says who said it.
    public var showsPeer = false
    /// Whether each message stands on a line of its own that says when.
    public var showsTime = false

    /// The defaults: byte for byte.
    public init() {}

    var isLabelled: Bool { showsPeer || showsTime }
  }

  private final class Stream {
    var transcoder: Transcoder?
    var offset: UInt64 = 0
    init(_ encoding: TextEncoding) { transcoder = Transcoder(from: encoding, to: .utf8) }
  }

  private let settings: Settings
  private var streams: [Int: Stream] = [:]
  private var isAtLineStart = true

  /// Creates a renderer.
  ///
  /// - Parameter settings: How messages are shown.
  public init(_ settings: Settings) { self.settings = settings }

  /// Whether what was shown last ended its line.
  public var isLineOpen: Bool { !isAtLineStart }

  /// Something else was written, which ended the line.
  public func lineWasEnded() { isAtLineStart = true }

  /// Shows a message.
  ///
  /// - Parameters:
  ///   - message: The message.
  ///   - peer: Who said it.
  ///   - time: When.
  /// - Returns: What to write.
  public func render(_ message: Message, from peer: Peer, at time: @autoclosure () -> WallTime) -> ByteBuffer {
    if settings.form == .raw { return message.bytes }
    let stream = self.stream(of: peer)
    var output = ByteBuffer()
    if settings.isLabelled {
      if !isAtLineStart { output.writeInteger(UInt8(0x0A)) }
      output.writeString(label(message, peer, time))
      isAtLineStart = false
    }
    switch settings.form {
    case .raw: break
    case .text: appendText(message, stream, to: &output)
    case .hex, .both:
      if settings.isLabelled { output.writeString("\(message.bytes.readableBytes) bytes\n") }
      let showsText = settings.form == .both
      HexDump.append(message.bytes.readableBytesView, offset: stream.offset, showsText: showsText, to: &output)
      stream.offset &+= UInt64(message.bytes.readableBytes)
      isAtLineStart = true
    }
    return output
  }

  /// Shows what is left of a peer's text, and forgets the peer.
  public func end(_ peer: Peer) -> ByteBuffer {
    var output = ByteBuffer()
    guard let stream = streams.removeValue(forKey: peer.number), settings.form == .text else { return output }
    var text: [UInt8] = []
    stream.transcoder?.finish(into: &text)
    append(text, to: &output)
    return output
  }

  private func stream(of peer: Peer) -> Stream {
    if let stream = streams[peer.number] { return stream }
    let stream = Stream(settings.encoding)
    streams[peer.number] = stream
    return stream
  }

  private func label(_ message: Message, _ peer: Peer, _ time: () -> WallTime) -> String {
    var parts: [String] = []
    if settings.showsTime { parts.append(time().text) }
    if settings.showsPeer { parts.append("[\(peer.number)]") }
    if message.marks.contains(.truncated) { parts.append("(truncated)") }
    if message.marks.contains(.incomplete) { parts.append("(incomplete)") }
    if message.marks.contains(.datagram), message.bytes.readableBytes == 0 { parts.append("(empty)") }
    return parts.joined(separator: " ") + " "
  }

  private func appendText(_ message: Message, _ stream: Stream, to output: inout ByteBuffer) {
    // Labels have taken the place of line endings; a stream keeps its own.
    let bytes = settings.isLabelled ? message.payload : message.bytes
    var text: [UInt8] = []
    stream.transcoder?.convert(bytes.readableBytesView, into: &text)
    append(text, to: &output)
    if settings.isLabelled, !isAtLineStart {
      output.writeInteger(UInt8(0x0A))
      isAtLineStart = true
    }
  }

  private func append(_ text: [UInt8], to output: inout ByteBuffer) {
    guard let last = text.last else { return }
    if settings.showsControls {
      output.writeString(VisibleText.of(String(decoding: text, as: UTF8.self), keepingLines: true))
    } else {
      output.writeBytes(text)
    }
    isAtLineStart = last == 0x0A
  }
}
