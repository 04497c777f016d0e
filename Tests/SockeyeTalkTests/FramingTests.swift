import NIOCore
import SockeyeTransport
import Testing

@testable import SockeyeTalk

@Suite("Framing")
struct FramingTests {
  /// Takes a stream apart that arrives in pieces of a given size.
  private func messages(_ stream: [UInt8], _ framing: String, piece: Int, largest: Int = 1 << 20) throws -> [[UInt8]] {
    var deframer = Deframer(try Framing.parse(framing), largestFrame: largest)
    var found: [[UInt8]] = []
    var rest = stream[...]
    while !rest.isEmpty {
      deframer.append(ByteBuffer(bytes: rest.prefix(piece)))
      rest = rest.dropFirst(piece)
      while let message = try deframer.next() { found.append(Array(message.payload.readableBytesView)) }
    }
    if let message = deframer.flush() { found.append(Array(message.payload.readableBytesView)) }
    return found
  }

  @Test("messages are the same however the stream is cut", arguments: 1...7)
  func cuts(piece: Int) throws {
    #expect(
      try self.messages(Array("a\r\nbc\n\nd".utf8), "line", piece: piece)
        == ["a", "bc", "", "d"].map { Array($0.utf8) }
    )
    #expect(try self.messages([1, 13, 2, 13, 10, 3, 13, 10], "delimiter:0d0a", piece: piece) == [[1, 13, 2], [3]])
    #expect(try self.messages([0, 2, 7, 8, 0, 0, 0, 1, 9], "length:u16be@0", piece: piece) == [[7, 8], [], [9]])
    #expect(try self.messages([1, 2, 3, 4, 5], "fixed:2", piece: piece) == [[1, 2], [3, 4], [5]])
  }

  @Test(
    "JSON ends where its brackets close, whatever strings hold and however it is cut",
    arguments: [1, 2, 3, 7, 1000]
  )
  func json(piece: Int) throws {
    let texts = [#"{"a":"}\"]","b":[1,{}]}"#, "[]", "12", #""x\\""#, "nul]", #"{"cut":"#]
    let stream = #" {"a":"}\"]","b":[1,{}]}[]12"x\\""# + "\nnul] \r\n" + #"{"cut":"#
    #expect(try self.messages(Array(stream.utf8), "json", piece: piece) == texts.map { Array($0.utf8) })
  }

  @Test("JSON that doesn't end is refused at the bound, and is marked when the stream ends within")
  func endlessJSON() throws {
    let nested = [UInt8](repeating: UInt8(ascii: "["), count: 70_000)
    #expect(throws: Failure.self) { try self.messages(nested, "json", piece: 100, largest: 65_536) }
    var deframer = Deframer(.json)
    deframer.append(ByteBuffer(string: "{}\n[1"))
    #expect(try deframer.next()?.marks == [])
    #expect(try deframer.next() == nil)
    #expect(deframer.flush()?.marks == .incomplete)
    deframer.append(ByteBuffer(string: " 7"))
    #expect(try deframer.next() == nil)
    #expect(deframer.flush()?.marks == [])
  }

  @Test("a delimiter that begins twice is found")
  func overlap() throws {
    #expect(try self.messages([1, 10, 10, 13, 2], "delimiter:0a0d", piece: 1) == [[1, 10], [2]])
  }

  @Test("lengths stand where they are said to, in either order, corrected by what is said")
  func lengths() throws {
    #expect(try self.messages([0xAA, 3, 0, 1, 2, 3], "length:u16le@1", piece: 6) == [[1, 2, 3]])
    #expect(try self.messages([0, 0, 0, 5, 9], "length:u32be@0-4", piece: 5) == [[9]])
    #expect(try self.messages([0, 0, 1, 9, 8], "length:u24be@0+1", piece: 5) == [[9, 8]])
  }

  @Test(
    "a length beyond the bound is refused before anything is kept for it",
    arguments: [
      ("length:u32be@0", [0xFF, 0xFF, 0xFF, 0xFF] as [UInt8]),
      ("length:u64be@0", [UInt8](repeating: 0xFF, count: 8)),
      ("length:u64le@0", [0, 0, 0, 0, 0, 0, 0, 0x7F]),
      ("length:u16be@0-4", [0, 1]),
    ]
  )
  func hostileLengths(framing: String, header: [UInt8]) throws {
    let failure = #expect(throws: Failure.self) { try self.messages(header, framing, piece: 100, largest: 65_536) }
    #expect(failure?.kind == .peerProtocol)
  }

  @Test("a line without an end is refused once it is longer than a frame may be")
  func endlessLine() throws {
    let failure = #expect(throws: Failure.self) {
      try self.messages([UInt8](repeating: 0x61, count: 3000), "line", piece: 100, largest: 1000)
    }
    #expect(failure?.kind == .peerProtocol)
  }

  @Test("a frame that the end of the stream cuts is marked")
  func incomplete() throws {
    var deframer = Deframer(try Framing.parse("length:u8@0"))
    deframer.append(ByteBuffer(bytes: [3, 1]))
    #expect(try deframer.next() == nil)
    #expect(deframer.flush()?.marks.contains(.incomplete) == true)
  }

  @Test(
    "framings that make no sense are refused",
    arguments: [
      "", "rwa", "gap:0ms", "gap:x", "delimiter:", "delimiter:zz", "length:u5@0", "length:u16be@-1", "fixed:0",
      "fixed:x", "line:3",
    ]
  )
  func nonsense(text: String) {
    #expect(throws: Failure.self) { try Framing.parse(text) }
  }

  @Test(
    "what is wrapped is unwrapped to the same",
    arguments: ["line", "json", "delimiter:0d0a", "length:u16be@0", "length:u32le@0-4", "length:u8@0"]
  )
  func roundTrip(text: String) throws {
    let framing = try Framing.parse(text)
    let payload: [UInt8] = [1, 2, 3]
    var deframer = Deframer(framing)
    deframer.append(try framing.wrap(payload))
    let message = try #require(try deframer.next())
    #expect(Array(message.payload.readableBytesView) == payload)
    #expect(!deframer.isHolding)
  }
}
