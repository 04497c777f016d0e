import NIOCore
import NIOEmbedded
import SockeyeTalk
import SockeyeTransport
import Testing

@testable import SockeyeConsole

@Suite("What messages cost and say")
struct TextOfStreamTests {
  /// What messages of a stream say, one by one; nothing where their bytes are their text.
  private func texts(_ messages: [[UInt8]], _ encoding: String = "utf-8", isStream: Bool = true) throws -> [String?] {
    var stream = TextOfStream(try TextEncoding(encoding), isStream: isStream)
    var result: [String?] = []
    for message in messages {
      result.append(
        stream.take(ByteBuffer(bytes: message)).map { String(decoding: $0.readableBytesView, as: UTF8.self) }
      )
    }
    return result
  }

  @Test("A character that messages share is told with its last byte, wherever it is cut")
  func cuts() throws {
    for character in ["é", "中", "😀"] {
      let bytes = Array("a\(character)b".utf8)
      for cut in 2..<bytes.count - 1 {
        let found = try texts([Array(bytes[..<cut]), Array(bytes[cut...]), [0x63]])
        #expect(found == ["a", "\(character)b", nil], "\(character) cut at \(cut)")
      }
      #expect(try texts([bytes]) == [nil])
      #expect(
        try texts(bytes.map { [$0] }).compactMap { $0 }.joined()
          == String(decoding: bytes[1..<bytes.count - 1], as: UTF8.self)
      )
    }
  }

  @Test("What is no character holds nothing back for ever, and is its own text")
  func invalid() throws {
    #expect(
      try texts([[0xFF], [0xC0], [0x80, 0x80, 0x80, 0x80], [0xF5], Array(0...255)]) == [nil, nil, nil, nil, nil]
    )
    #expect(try texts([[0x61, 0xE4], [0x61]]) == ["a", "\u{FFFD}a"])
    #expect(try texts([[0xE4], [0xE4], [0xE4]]) == ["", "\u{FFFD}", "\u{FFFD}"])
    #expect(try texts([[0xE4, 0xB8]], isStream: false) == [nil])
  }

  @Test("Other encodings are told in UTF-8, and ASCII of theirs is its own text")
  func encodings() throws {
    #expect(try texts([[0xD6], [0xD0, 0x61], [0x62]], "gbk") == ["", "中a", nil])
    #expect(try texts([[0xD6, 0xD0]], "gbk", isStream: false) == ["中"])
  }

  @Test("A message's record has 44 bytes beside its data, text and source")
  func record() {
    let message = ToldMessage(
      session: 7,
      time: 1,
      number: 2,
      peer: 3,
      kind: .sent(by: .rule),
      data: ByteBuffer(string: "data"),
      bytes: 9,
      text: ByteBuffer(string: "te"),
      marks: [.truncated],
      source: "::1"
    )
    var block = MessageBlock()
    block.add("{}")
    block.add(message)
    #expect(block.size == 10 + 44 + 4 + 2 + 3)
    var bytes = block.take()
    #expect(block.size == 0 && bytes.readBytes(length: 10) == [0, 0, 0, 0, 2, 0, 0, 0, 0x7B, 0x7D])
    #expect(bytes.readBytes(length: 8) == [2, 9, 4, 3, 7, 0, 0, 0])
    #expect(bytes.readBytes(length: 12) == [3, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0])
    let doubles = (0..<3).map { _ in
      bytes.readInteger(endianness: .little, as: UInt64.self).map(Double.init(bitPattern:))
    }
    #expect(doubles == [1, 2, 9] && bytes.readString(length: 9) == "datate::1")
  }

  @Test("A lane of a forwarder that is held takes no more than its bytes and what each message costs beside them")
  func lane() {
    let loop = EmbeddedEventLoop()
    let lane = ForwardLane(on: loop)
    var changes: [Bool] = []
    lane.onChange = { changes.append($0) }
    lane.say = { _ in Telling() }
    var count = 0
    while lane.isReady, count < 1 << 20 {
      count += 1
      lane.take(ByteBuffer(string: "x"), number: count, isHeld: true)
    }
    #expect(count == (1 << 20) / 257 + 1 && changes == [false])
    lane.releaseAll()
    #expect(lane.isReady && changes == [false, true])
    lane.take(ByteBuffer(repeating: 0, count: 1 << 20), number: 0, isHeld: true)
    lane.stop()
    #expect(changes == [false, true, false, true])
  }

  @Test("What is kept of a large buffer doesn't keep the buffer")
  func compact() {
    var large = ByteBuffer(repeating: 1, count: 65_536)
    let slice = large.readSlice(length: 10) ?? ByteBuffer()
    #expect(slice.storageCapacity >= 65_536 && slice.compact.storageCapacity < 1024 && slice.compact == slice)
  }
}
