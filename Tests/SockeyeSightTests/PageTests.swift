import SockeyeSimulator
import SockeyeTCP
import SockeyeText
import SockeyeWire
import Testing

@testable import SockeyeSight

@Suite("Pages for a browser")
struct PageTests {
  private func page(_ conversation: Conversation, title: Phrase = Phrase("t", zh: "t")) -> [UInt8] {
    ConversationPage(conversation, title: title).html()
  }

  /// Where a text stands in a page: everywhere that it begins.
  private func places(_ text: String, in page: some RandomAccessCollection<UInt8>) -> [Range<Int>] {
    let (page, wanted) = (Array(page), Array(text.utf8))
    guard page.count >= wanted.count else { return [] }
    return (0...page.count - wanted.count).filter { start in
      page[start] == wanted[0] && page[start..<start + wanted.count].elementsEqual(wanted)
    }.map { $0..<$0 + wanted.count }
  }

  /// What stands between the island's tags.
  private func island(_ page: [UInt8]) throws -> [UInt8] {
    let start = try #require(places("id=\"data\">", in: page).first).upperBound
    let end = try #require(places("</script>", in: page[start...]).first).lowerBound
    return Array(page[start...].prefix(end))
  }

  /// The numbers of a column, as text.
  private func column(_ name: String, of island: [UInt8]) throws -> [Substring] {
    let start = try #require(places("\"\(name)\":[", in: island).last).upperBound
    let numbers = island[start...].prefix { $0 != UInt8(ascii: "]") }
    return String(decoding: numbers, as: UTF8.self).split(separator: ",")
  }

  @Test("text from a capture can't be markup, end the island, or begin a comment in it")
  func hostileNames() throws {
    let hostile = "</script><script>alert(1)</script><!--<img src=x onerror=alert(1)>&amp;\u{2028}\u{202E}\0"
    let conversation = Conversation(
      names: (hostile, hostile),
      initialStates: (.established, .established),
      events: []
    )
    let page = page(conversation, title: Phrase(hostile, zh: hostile))
    let data = try island(page)
    for mark in ["<", ">", "&", "\u{2028}", "\u{202E}", "\0"] { #expect(places(mark, in: data).isEmpty, "\(mark)") }
    // The page has its two scripts, and no third.
    #expect(places("<script", in: page).count == 2)
    #expect(places("<img", in: page).isEmpty)
  }

  @Test("the same conversation gives the same bytes, in each language that it opens in")
  func determinism() throws {
    let scenario = try #require(Scenario.named("fast-retransmit"))
    for language in Language.allCases {
      let pages = (0..<2).map { _ in
        var page = ConversationPage(scenario.run(seed: 4, gauges: true).conversation, title: scenario.title)
        page.language = language
        return page.html()
      }
      #expect(pages[0] == pages[1])
    }
  }

  @Test("the policy lets the page's own style and script run, known by their digests, and nothing be fetched")
  func policy() throws {
    let page = page(Conversation(names: ("a", "b"), initialStates: (.closed, .listen), events: []))
    let start = try #require(places("Content-Security-Policy\" content=\"default-src 'none'; ", in: page).first)
    let policy = page[start.upperBound...].prefix { $0 != UInt8(ascii: "\"") }
    for word in ["style-src 'sha256-", "script-src 'sha256-"] { #expect(!places(word, in: policy).isEmpty) }
    for word in ["unsafe", "http", "*", "data:"] { #expect(places(word, in: policy).isEmpty) }
    #expect(places("http", in: page).count == 2, "the policy's name and that of SVG")
    #expect(places(" style=\"", in: page).isEmpty && places("innerHTML", in: page).isEmpty)
  }

  @Test("columns have a number for each segment, and rows name them")
  func columns() throws {
    let scenario = try #require(Scenario.named("close"))
    let conversation = scenario.run(seed: 1, gauges: true).conversation
    let sent = conversation.events.filter { if case .sent = $0.kind { true } else { false } }
    let data = try island(page(conversation))
    for name in ["sent", "arrivals", "origins", "lengths", "sequences", "acknowledgments", "windows", "numbers"] {
      #expect(try column(name, of: data).count == sent.count, "\(name)")
    }
    #expect(try column("congestionWindow", of: data).count > 1)
  }

  @Test("a page's words and explanations are there in both languages")
  func words() throws {
    let scenario = try #require(Scenario.named("handshake"))
    let conversation = scenario.run(seed: 1).conversation
    let page = ConversationPage(conversation, title: scenario.title, explanation: scenario.explanation)
    let data = try island(page.html())
    for phrase in [scenario.title, scenario.explanation, Phrase("Sequence diagram", zh: "时序图")] {
      for language in Language.allCases { #expect(!places(phrase.text(in: language), in: data).isEmpty) }
    }
  }

  @Test("a captured header is drawn from its own bytes, one of the laboratory from what its engine sent")
  func headers() throws {
    let scenario = try #require(Scenario.named("handshake"))
    let (conversation, capture) = scenario.run(seed: 1, capture: true)
    var limits = ConversationTable.Limits()
    limits.keepsHeaders = true
    var table = ConversationTable(limits: limits)
    var reader = CaptureReader()
    let bytes = capture.span.bytes
    while let packet = try reader.next(in: bytes, isLast: true) { table.add(bytes.extracting(packet.bytes), packet) }
    let seen = table.conversations[0].conversation.events.compactMap { event in
      if case .sent(let segment, _) = event.kind { segment } else { nil }
    }
    let sent = conversation.events.compactMap { event in
      if case .sent(let segment, _) = event.kind { segment } else { nil }
    }
    #expect(seen.count == sent.count)
    for (seen, sent) in zip(seen, sent) {
      #expect(sent.headerBytes.isEmpty && seen.headerBytes.count == seen.header.length)
      // The checksum is the only thing that the value doesn't have.
      var span = seen.headerBytes
      span[16] = 0
      span[17] = 0
      #expect(try TCPHeader.parse(span.span.bytes).header == sent.header)
    }
  }

  @Test("gauges are told where they are asked for, and change nothing else")
  func gauges() throws {
    let scenario = try #require(Scenario.named("slow-start"))
    let with = scenario.run(seed: 1, gauges: true).conversation
    let without = scenario.run(seed: 1).conversation
    let windows = with.events.compactMap { event in
      if event.end == .first, case .updated(let gauges) = event.kind { gauges.congestionWindow } else { nil }
    }
    #expect(windows.count > 3 && windows.last ?? 0 > windows.first ?? 0)
    #expect(with.events.count > without.events.count)
    #expect(SequenceDiagram(with).rows.count == SequenceDiagram(without).rows.count)
  }
}
