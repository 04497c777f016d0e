import NIOCore
import SockeyeTransport
import Testing

@testable import SockeyeTalk

@Suite("Rendering")
struct RenderingTests {
  private let peer = Peer(number: 3, remoteAddress: nil, localAddress: nil)
  private let time = WallTime(nanoseconds: 1_700_000_000_123_000_000)

  private func show(_ bytes: [UInt8], _ settings: MessageRenderer.Settings, marks: Message.Marks = []) -> String {
    let renderer = MessageRenderer(settings)
    return String(
      buffer: renderer.render(Message(ByteBuffer(bytes: bytes), marks: marks), from: self.peer, at: self.time)
    )
  }

  @Test("control characters, C1 controls and those that turn the line are shown, not done")
  func controls() {
    var settings = MessageRenderer.Settings()
    settings.form = .text
    settings.showsControls = true
    #expect(
      self.show(Array("a\u{1b}[31mb\u{9b}c\u{202e}d\u{07}\tx\r\n".utf8), settings)
        == "a\\x1b[31mb\\u{9b}c\\u{202e}d\\x07\tx\n"
    )
    #expect(self.show(Array("a\rb".utf8), settings) == "a\\rb")
  }

  @Test("a character that a read cuts is shown whole")
  func cut() throws {
    var settings = MessageRenderer.Settings()
    settings.form = .text
    settings.encoding = try TextEncoding("gbk")
    let renderer = MessageRenderer(settings)
    let first = renderer.render(Message(ByteBuffer(bytes: [0xC4])), from: self.peer, at: self.time)
    let second = renderer.render(Message(ByteBuffer(bytes: [0xE3])), from: self.peer, at: self.time)
    #expect(String(buffer: first) == "")
    #expect(String(buffer: second) == "你")
  }

  @Test("raw is byte for byte")
  func raw() {
    let renderer = MessageRenderer(MessageRenderer.Settings())
    let bytes: [UInt8] = [0, 0x1B, 0xFF, 0x0A]
    let shown = renderer.render(Message(ByteBuffer(bytes: bytes)), from: self.peer, at: self.time)
    #expect(Array(shown.readableBytesView) == bytes)
  }

  @Test("with labels each message has a line that says who said it, and what is remarkable about it")
  func labels() {
    var settings = MessageRenderer.Settings()
    settings.form = .text
    settings.showsPeer = true
    #expect(self.show(Array("hi".utf8), settings) == "[3] hi\n")
    #expect(self.show(Array("hi\n".utf8), settings) == "[3] hi\n")
    #expect(self.show([], settings, marks: .datagram) == "[3] (empty) \n")
    #expect(self.show(Array("x".utf8), settings, marks: [.datagram, .truncated]) == "[3] (truncated) x\n")
  }

  @Test("a dump has an offset, sixteen bytes and what is printable of them")
  func dump() {
    var settings = MessageRenderer.Settings()
    settings.form = .both
    let expected =
      "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n"
      + "00000010  00 7f                                             |..|\n"
    #expect(self.show(Array("0123456789abcdef\0\u{7f}".utf8), settings) == expected)
    settings.form = .hex
    #expect(self.show([0x41], settings) == "00000000  41\n")
  }

  @Test("an event is one line of JSON, with its bytes exactly and as text")
  func json() {
    let json = EventJSON(encoding: .utf8)
    let line = json.line(.received(self.peer, Message(ByteBuffer(string: "a\"\u{1b}\n"))), at: self.time)
    #expect(
      line
        == #"{"v":1,"event":"received","time":"2023-11-14T22:13:20.123Z","peer":3,"address":"unix:(unnamed)","bytes":4,"base64":"YSIbCg==","text":"a\"\u001b\n"}"#
        + "\n"
    )
  }
}
