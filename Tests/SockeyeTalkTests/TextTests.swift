import NIOCore
import SockeyeText
import SockeyeTransport
import Testing

@testable import SockeyeTalk

@Suite("Text that is told whole or refused")
struct TextTests {
  private let gbk = (try? TextEncoding("gbk")) ?? .utf8

  @Test("what an encoding lacks is refused in streamed input as in a message, wherever it is cut")
  func streamedInput() throws {
    var settings = Composer.Settings()
    settings.encoding = gbk
    let text = Array("你好☃𠀀".utf8)
    for cut in 0...text.count {
      var composer = Composer(settings)
      var sent: [UInt8] = []
      #expect(throws: Failure.self) {
        try composer.consume(ByteBuffer(bytes: text[..<cut])) { sent += $0.readableBytesView }
        try composer.consume(ByteBuffer(bytes: text[cut...])) { sent += $0.readableBytesView }
        try composer.finish { sent += $0.readableBytesView }
      }
      #expect(!sent.contains(UInt8(ascii: "?")), "cut at \(cut)")
    }
  }

  @Test("input that ends in the middle of a character is refused")
  func cutInput() throws {
    var settings = Composer.Settings()
    settings.encoding = gbk
    var composer = Composer(settings)
    try composer.consume(ByteBuffer(bytes: [0xE4, 0xBD])) { _ in }
    #expect(throws: Failure.self) { try composer.finish { _ in } }
  }

  @Test("the lines inside a message end as those of the input do")
  func innerLines() throws {
    var settings = Composer.Settings()
    settings.lineEnding = .crlf
    #expect(try Composer.message("a\nb\r\nc", settings) == ByteBuffer(string: "a\r\nb\r\nc\r\n"))
  }

  @Test("a message is the bytes of its argument, UTF-8 or not")
  func arguments() throws {
    for bytes in [[0xC4, 0xE3, 0xBA, 0xC3], [0xFF], Array("é\u{10FF41}".utf8), [0x61, 0xE4, 0xBD], Array("你好".utf8)] {
      let text = ArgumentText.text(of: bytes)
      #expect(ArgumentText.bytes(of: text) == bytes)
      #expect(try Composer.message(text, Composer.Settings()) == ByteBuffer(bytes: bytes))
    }
  }

  @Test("JSON tells a character that two reads share with the second, in both directions, and each peer apart")
  func jsonCharacters() {
    let json = EventJSON(encoding: .utf8)
    let text = Array("a你".utf8)
    let one = Peer(number: 1, remoteAddress: nil, localAddress: nil)
    let two = Peer(number: 2, remoteAddress: nil, localAddress: nil)
    let time = WallTime(nanoseconds: 0)
    let first = json.line(.received(one, Message(ByteBuffer(bytes: text[..<2]))), at: time)
    let other = json.line(.received(two, Message(ByteBuffer(string: "b"))), at: time)
    let second = json.line(.received(one, Message(ByteBuffer(bytes: text[2...]))), at: time)
    #expect(first.contains("\"text\":\"a\""))
    #expect(other.contains("\"text\":\"b\""))
    #expect(second.contains("\"text\":\"你\""))
    _ = json.line(.sent(one, ByteBuffer(bytes: text[..<2])), at: time)
    #expect(json.line(.sent(one, ByteBuffer(bytes: text[2...])), at: time).contains("\"text\":\"你\""))
  }

  @Test("JSON gives the address that a datagram came from")
  func jsonSource() throws {
    let peer = Peer(
      number: 1,
      remoteAddress: try SocketAddress(ipAddress: "192.0.2.255", port: 7),
      localAddress: nil,
      isDatagram: true
    )
    var message = Message(ByteBuffer(string: "here"), marks: .datagram)
    message.source = try SocketAddress(ipAddress: "192.0.2.9", port: 7)
    let line = EventJSON(encoding: .utf8).line(.received(peer, message), at: WallTime(nanoseconds: 0))
    #expect(line.contains("\"address\":\"192.0.2.9:7\""))
  }

  @Test("text that is plainly in the other encoding is hinted at once, and what isn't never is")
  func hints() throws {
    let inGBK: [UInt8] = [0xC4, 0xE3, 0xBA, 0xC3]
    var hint = EncodingHint(expecting: .utf8)
    #expect(hint.consider(ByteBuffer(string: "plain, 你好")) == nil)
    #expect(hint.consider(ByteBuffer(bytes: inGBK))?.english.contains("--encoding gbk") == true)
    #expect(hint.consider(ByteBuffer(bytes: inGBK)) == nil)

    var reverse = EncodingHint(expecting: gbk)
    #expect(reverse.consider(ByteBuffer(bytes: inGBK)) == nil)
    #expect(reverse.consider(ByteBuffer(string: "你好"))?.english.contains("utf-8") == true)

    for bytes in [[0x00, 0xC4, 0xE3, 0xBA, 0xC3], [0xFF, 0xFE], [0xC4, 0xE3], [0xE4, 0xBD, 0xA0, 0xE5]] as [[UInt8]] {
      var hint = EncodingHint(expecting: .utf8)
      #expect(hint.consider(ByteBuffer(bytes: bytes)) == nil, "\(bytes)")
    }
  }

  @Test("the closing word is heard as a line among others that came with it")
  func closeWordAmongLines() {
    for text in ["hello\nexit\n", "a long line of something else\r\nexit\r\n", "exit\nnot reached", "x\nexit"] {
      var word = CloseWord(Array("exit".utf8))
      let isHeard = word.isCompleted(by: ByteBuffer(string: text))
      #expect(isHeard, "\(text)")
    }
    for text in ["hello exit\n", "exits\nexit now\n", "exi\nt\n"] {
      var word = CloseWord(Array("exit".utf8))
      let isHeard = word.isCompleted(by: ByteBuffer(string: text))
      #expect(!isHeard, "\(text)")
    }
  }
}
