import NIOCore
import SockeyeTransport
import Testing

@testable import SockeyeTalk

/// What `#require` would throw, were it able to take values that can't be copied.
struct Missing: Error {}

@Suite("Encodings")
struct EncodingTests {
  @Test("a character that a read cuts is decoded whole", arguments: ["gbk", "gb18030", "big5", "shift_jis", "utf-8"])
  func cutCharacters(name: String) throws {
    let encoding = try TextEncoding(name)
    let text = "abc日本中文"
    let encoded = Transcoder.convert(Array(text.utf8), from: .utf8, to: encoding)
    #expect(encoded.replacedCount == 0)
    for cut in 0...encoded.bytes.count {
      guard var transcoder = Transcoder(from: encoding, to: .utf8) else { throw Missing() }
      var output: [UInt8] = []
      transcoder.convert(encoded.bytes[..<cut], into: &output)
      transcoder.convert(encoded.bytes[cut...], into: &output)
      transcoder.finish(into: &output)
      #expect(String(decoding: output, as: UTF8.self) == text, "\(name) cut at \(cut)")
      let replacedCount = transcoder.replacedCount
      #expect(replacedCount == 0)
    }
  }

  @Test("GB18030 carries four-byte characters byte by byte")
  func fourBytes() throws {
    let encoding = try TextEncoding("gb18030")
    let encoded = Transcoder.convert(Array("😀𠀀".utf8), from: .utf8, to: encoding).bytes
    #expect(encoded.count == 8)
    guard var transcoder = Transcoder(from: encoding, to: .utf8) else { throw Missing() }
    var output: [UInt8] = []
    for byte in encoded { transcoder.convert([byte], into: &output) }
    #expect(String(decoding: output, as: UTF8.self) == "😀𠀀")
  }

  @Test("what is not valid becomes one replacement character, and the rest is read on")
  func invalid() throws {
    guard var transcoder = Transcoder(from: .utf8, to: .utf8) else { throw Missing() }
    var output: [UInt8] = []
    transcoder.convert([0x61, 0xFF, 0x62], into: &output)
    #expect(String(decoding: output, as: UTF8.self) == "a\u{FFFD}b")
    let replacedCount = transcoder.replacedCount
    #expect(replacedCount == 1)
  }

  @Test("a character that is never completed is replaced at the end")
  func incomplete() throws {
    let encoding = try TextEncoding("gbk")
    guard var transcoder = Transcoder(from: encoding, to: .utf8) else { throw Missing() }
    var output: [UInt8] = []
    transcoder.convert([0xC4], into: &output)
    #expect(output.isEmpty)
    transcoder.finish(into: &output)
    #expect(String(decoding: output, as: UTF8.self) == "\u{FFFD}")
  }

  @Test("UTF-16 is written without a mark for each message")
  func utf16() throws {
    let encoding = try TextEncoding("utf-16le")
    #expect(Transcoder.convert(Array("ab".utf8), from: .utf8, to: encoding).bytes == [0x61, 0, 0x62, 0])
  }

  @Test(
    "encodings that iconv lacks, or that would change how it works, are refused",
    arguments: ["", "klingon", "gbk//TRANSLIT", "a b"]
  )
  func unknown(name: String) {
    #expect(throws: Failure.self) { try TextEncoding(name) }
  }
}

@Suite("Input")
struct InputTests {
  private func bytes(_ text: String, _ notation: InputNotation) throws -> [UInt8] {
    var settings = Composer.Settings()
    settings.notation = notation
    return Array(try Composer.message(text, settings).readableBytesView)
  }

  @Test("hexadecimal is read in the forms that people write")
  func hexadecimal() throws {
    for text in ["48656c", "48 65 6c", "0x48,0x65,0x6C", "48:65:6c", "\\x48\\x65\\x6c"] {
      #expect(try self.bytes(text, .hex) == [0x48, 0x65, 0x6C], "\(text)")
    }
    for text in ["4", "4g", "zz", "48 6"] { #expect(throws: Failure.self) { try self.bytes(text, .hex) } }
  }

  @Test("escapes stand for bytes and characters")
  func escapes() throws {
    #expect(try self.bytes("a\\r\\n\\x00\\u{4f60}\\\\", .escape) == [0x61, 0x0D, 0x0A, 0x00, 0xE4, 0xBD, 0xA0, 0x5C])
    #expect(try self.bytes("\\101\\377\\0128\\09\\0", .escape) == [0x41, 0xFF, 0x0A, 0x38, 0x00, 0x39, 0x00])
    for text in ["\\", "\\x4", "\\q", "\\400", "\\12", "\\189", "\\u{}", "\\u{110000}", "\\u41"] {
      #expect(throws: Failure.self, "\(text)") { try self.bytes(text, .escape) }
    }
  }

  @Test("text is encoded, escaped bytes are not")
  func encoded() throws {
    var settings = Composer.Settings()
    settings.notation = .escape
    settings.encoding = try TextEncoding("gbk")
    #expect(Array(try Composer.message("\\xff你", settings).readableBytesView) == [0xFF, 0xC4, 0xE3])
    settings.encoding = try TextEncoding("latin1")
    #expect(throws: Failure.self) { try Composer.message("你", settings) }
  }

  private func stream(_ chunks: [String], _ settings: Composer.Settings) throws -> [[UInt8]] {
    var composer = Composer(settings)
    var sent: [[UInt8]] = []
    for chunk in chunks { try composer.consume(ByteBuffer(string: chunk)) { sent.append(Array($0.readableBytesView)) } }
    try composer.finish { sent.append(Array($0.readableBytesView)) }
    return sent
  }

  @Test("without settings, input passes through as it is")
  func passthrough() throws {
    #expect(try self.stream(["a\r\nb", "", "c"], Composer.Settings()).flatMap { $0 } == Array("a\r\nbc".utf8))
  }

  @Test("line endings are put in the form asked for, wherever input is cut")
  func lineEndings() throws {
    var settings = Composer.Settings()
    settings.lineEnding = .crlf
    #expect(try self.stream(["a\nb\r", "\nc"], settings).flatMap { $0 } == Array("a\r\nb\r\nc".utf8))
    settings.lineEnding = LineEnding.none
    #expect(try self.stream(["a\nb\n"], settings).flatMap { $0 } == Array("ab".utf8))
  }

  @Test("with a length prefix each line is a message")
  func lengthPrefix() throws {
    var settings = Composer.Settings()
    settings.framing = try Framing.parse("length:u16be@0")
    #expect(try self.stream(["ab\nc", "de\n"], settings) == [[0, 2, 0x61, 0x62], [0, 3, 0x63, 0x64, 0x65]])
  }

  @Test("a checksum follows each message, inside its frame")
  func checksum() throws {
    var settings = Composer.Settings()
    settings.notation = .hex
    settings.checksum = try AppendedChecksum("sum8")
    settings.framing = try Framing.parse("delimiter:0a")
    #expect(try self.stream(["01 02\n"], settings) == [[1, 2, 3, 0x0A]])
  }

  @Test("commands are told from messages, and doubled signs are messages")
  func commands() {
    #expect(InputCommand.parse(Array("@3 hello".utf8)) == .tell(3, Array("hello".utf8)))
    #expect(InputCommand.parse(Array("/kick 12".utf8)) == .kick(12))
    #expect(InputCommand.parse(Array("/clients".utf8)) == .clients)
    #expect(InputCommand.parse(Array("/quit".utf8)) == .quit)
    #expect(InputCommand.parse(Array("//quit".utf8)) == nil)
    #expect(InputCommand.parse(Array("hello @3".utf8)) == nil)
    #expect(InputCommand.parse(Array("@x y".utf8)) == .unknown("@x y"))
    #expect(InputCommand.parse(Array("/kick".utf8)) == .unknown("/kick"))
  }
}
