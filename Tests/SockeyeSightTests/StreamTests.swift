import SockeyeSimulator
import SockeyeTCP
import SockeyeText
import SockeyeWire
import Testing

@testable import SockeyeSight

@Suite("Followed streams")
struct StreamTests {
  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  /// Feeds pieces of a stream; each is where it starts and what it says.
  private func reassembled(_ parts: [(UInt64, String)], limit: Int = 1 << 20) -> [StreamPiece] {
    var stream = StreamReassembly(limit: limit)
    var pieces: [StreamPiece] = []
    for (start, text) in parts {
      let bytes = bytes(text)
      pieces += stream.take(bytes.span.bytes, count: bytes.count, at: start)
    }
    return pieces + stream.end()
  }

  private func text(_ pieces: [StreamPiece]) -> String {
    pieces.map { if case .data(let bytes) = $0 { String(decoding: bytes, as: UTF8.self) } else { "" } }.joined()
  }

  @Test(
    "what comes out of order, twice and in overlaps is put together once; seeds 1 to 50",
    arguments: 1...50 as ClosedRange<UInt64>
  )
  func anyOrder(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let whole = (0..<400).map { _ in UInt8.random(in: 97...122, using: &random) }
    var parts = stride(from: 0, to: 400, by: 10).map { $0..<$0 + 10 }
    for _ in 0..<20 {
      let start = Int.random(in: 0..<399, using: &random)
      parts.append(start..<Int.random(in: start + 1...400, using: &random))
    }
    parts.shuffle(using: &random)
    var stream = StreamReassembly(limit: 1 << 20)
    var pieces: [StreamPiece] = []
    for part in parts {
      let bytes = Array(whole[part])
      pieces += stream.take(bytes.span.bytes, count: bytes.count, at: UInt64(part.lowerBound))
    }
    #expect(text(pieces) == String(decoding: whole, as: UTF8.self))
    #expect(pieces.allSatisfy { if case .data = $0 { true } else { false } })
  }

  @Test("a repetition with other bytes is told, and the first bytes are shown")
  func conflict() {
    #expect(
      reassembled([(0, "attack at dawn"), (7, "at dusk")]) == [
        .data(bytes("attack at dawn")), .conflict(count: 3, at: 7),
      ]
    )
    let held = reassembled([(4, "more"), (4, "moat"), (0, "some")])
    #expect(held == [.conflict(count: 2, at: 4), .data(bytes("some")), .data(bytes("more"))])
    #expect(reassembled([(0, "same"), (2, "me again")]) == [.data(bytes("same")), .data(bytes(" again"))])
  }

  @Test("what is never seen is told as a gap: at the end, when the peer acknowledges what follows, when too much waits")
  func gaps() {
    #expect(reassembled([(0, "ab"), (5, "fg")]) == [.data(bytes("ab")), .gap(3, .unseen), .data(bytes("fg"))])
    var stream = StreamReassembly(limit: 1 << 20)
    _ = stream.take(bytes("fg").span.bytes, count: 2, at: 5)
    #expect(stream.acknowledged(upTo: 4) == [])
    #expect(stream.acknowledged(upTo: 7) == [.gap(5, .unseen), .data(bytes("fg"))])
    #expect(stream.take(bytes("bc").span.bytes, count: 2, at: 1) == [.late(count: 2)])
    let crowded = (1...40).map { (UInt64($0 * 200), String(repeating: "x", count: 100)) }
    var small = StreamReassembly(limit: 1_000)
    let pieces = crowded.flatMap { small.take(bytes($0.1).span.bytes, count: 100, at: $0.0) }
    #expect(pieces.filter { if case .gap = $0 { true } else { false } }.count > 30)
  }

  @Test("an acknowledgment of what nobody was seen to send hides nothing that comes later")
  func falseAcknowledgment() {
    var stream = StreamReassembly(limit: 1 << 20)
    #expect(stream.acknowledged(upTo: 1 << 30) == [])
    #expect(stream.take(bytes("seen").span.bytes, count: 4, at: 0) == [.data(bytes("seen"))])
  }

  @Test("bytes that the capture has not kept are a gap of their own kind")
  func notKept() {
    var stream = StreamReassembly(limit: 1 << 20)
    #expect(stream.take(bytes("ab").span.bytes, count: 5, at: 0) == [.data(bytes("ab")), .gap(3, .notKept)])
    #expect(stream.take(bytes("f").span.bytes, count: 1, at: 5) == [.data(bytes("f"))])
  }

  @Test(
    "both directions of every scenario are put together from its capture as the programs wrote them",
    arguments: Scenario.all.map(\.name).filter { !["syn-flood", "udp"].contains($0) }
  )
  func scenarios(name: String) throws {
    let scenario = try #require(Scenario.named(name))
    let (conversation, file) = scenario.run(seed: 1, capture: true)
    var table = ConversationTable()
    var follower = ConversationFollower()
    var reader = CaptureReader()
    var said: [End: [UInt8]] = [:]
    var others: [StreamPiece] = []
    func note(_ pieces: [(end: End, piece: StreamPiece)]) {
      for (end, piece) in pieces {
        if case .data(let bytes) = piece { said[end, default: []] += bytes } else { others.append(piece) }
      }
    }
    while let packet = try reader.next(in: file.span.bytes, isLast: true) {
      let content = file.span.bytes.extracting(packet.bytes)
      guard let seen = table.add(content, packet) else { continue }
      note(follower.take(seen.segment, content.extracting(seen.payload), from: seen.from))
    }
    note(follower.finish())
    var ends: [End: UInt64] = [:]
    for event in conversation.events {
      guard case .sent(let segment, _) = event.kind, segment.payloadLength > 0, let start = segment.sequence else {
        continue
      }
      ends[event.end] = max(ends[event.end] ?? 0, start - 1 + UInt64(segment.payloadLength))
    }
    for end in [End.first, .second] { #expect(UInt64(said[end]?.count ?? 0) == ends[end] ?? 0, "\(end)") }
    #expect(others.allSatisfy { $0 == .finished || $0 == .reset }, "\(others)")
  }

  @Test("each line of a terminal has an arrow, and nothing that a terminal would obey; letters come whole")
  func terminal() {
    var text = StreamText()
    var shown = ""
    let tail = Array("é\u{1B}[31m\r\n".utf8)
    shown += text.text(.data(bytes("GET /\r\nHost: caf") + tail[..<1]), of: .first)
    shown += text.text(.data(Array(tail[1...])), of: .first)
    shown += text.text(.data(bytes("half")), of: .second)
    shown += text.text(.data([0xFF, 0x00, 0x0D]), of: .first)
    shown += text.text(.gap(3, .unseen), of: .second)
    shown += text.finish()
    #expect(
      shown == """
        → GET /
        → Host: café\\x1b[31m
        ← half
        → \\xff\\x00
        ← ↳ 3 bytes are missing: they were not seen
        → \\r

        """
    )
  }

  @Test("every piece says what it is in both languages")
  func phrases() {
    let pieces: [StreamPiece] = [
      .gap(1, .unseen), .gap(1, .notKept), .conflict(count: 1, at: 0), .late(count: 1), .finished, .reset, .restarted,
    ]
    for piece in pieces {
      let phrase = piece.phrase
      #expect(phrase?.text(in: .english).isEmpty == false)
      #expect(phrase?.text(in: .chinese).unicodeScalars.contains { $0.value > 0x2E80 } == true)
    }
  }
}
