import SockeyeSimulator
import SockeyeTCP
import SockeyeText
import Testing

@testable import SockeyeSight

@Suite("Scenarios of the laboratory")
struct ScenarioTests {
  /// The states that an end goes through, in order.
  private func path(_ conversation: Conversation, _ end: End) -> [State] {
    conversation.events.compactMap { event in
      if event.end == end, case .entered(let state) = event.kind { state } else { nil }
    }
  }

  private func drawn(_ name: String) throws -> [String] {
    let scenario = try #require(Scenario.named(name))
    return SequenceDiagramText().lines(SequenceDiagram(scenario.run(seed: 1).conversation))
  }

  @Test("a handshake is SYN, SYN+ACK and ACK, with the states of RFC 9293, figure 6")
  func handshake() throws {
    #expect(
      try drawn("handshake") == [
        "                   client                                          server",
        "                   CLOSED │                                      │ LISTEN",
        "   0.000 ms      SYN-SENT │ SYN seq=0 win=65535 mss=1460         │",
        "  10.000 ms               │─────────────────────────────────────▶│ SYN-RECEIVED",
        "  10.000 ms               │        SYN,ACK seq=0 ack=1 win=65535 │",
        "  20.000 ms   ESTABLISHED │◀─────────────────────────────────────│",
        "  20.000 ms               │ ACK seq=1 ack=1 win=131072           │",
        "  30.000 ms               │─────────────────────────────────────▶│ ESTABLISHED",
      ]
    )
  }

  @Test("a close is FIN and ACK twice, and TIME-WAIT for two segment lifetimes (RFC 9293, figure 12)")
  func close() throws {
    let conversation = try #require(Scenario.named("close")).run(seed: 1).conversation
    #expect(path(conversation, .first) == [.synSent, .established, .finWait1, .finWait2, .timeWait, .closed])
    #expect(path(conversation, .second) == [.synReceived, .established, .closeWait, .lastAck, .closed])
    let times = conversation.events.compactMap { event -> Instant? in
      guard event.end == .first, case .entered(let state) = event.kind else { return nil }
      return state == .timeWait || state == .closed ? event.time : nil
    }
    #expect(times.count == 2 && times[1] - times[0] == .seconds(120))
    #expect(
      try drawn("close").dropFirst(8) == [
        " 120.000 ms    FIN-WAIT-1 │ FIN,ACK seq=1 ack=1 win=131072       │",
        " 130.000 ms               │─────────────────────────────────────▶│ CLOSE-WAIT",
        " 130.000 ms               │           ACK seq=1 ack=2 win=130944 │",
        " 140.000 ms    FIN-WAIT-2 │◀─────────────────────────────────────│",
        " 160.000 ms               │       FIN,ACK seq=1 ack=2 win=130944 │ LAST-ACK",
        " 170.000 ms     TIME-WAIT │◀─────────────────────────────────────│",
        " 170.000 ms               │ ACK seq=2 ack=2 win=130944           │",
        " 180.000 ms               │─────────────────────────────────────▶│ CLOSED",
        "  120.170 s        CLOSED │                                      │",
      ]
    )
  }

  @Test(
    "each end goes the way that its scenario is named for",
    arguments: [
      ("refused", [State.synSent, .closed], [State]()),
      ("simultaneous-open", [.synSent, .synReceived, .established], [.synSent, .synReceived, .established]),
      (
        "half-close", [.synSent, .established, .finWait1, .finWait2, .timeWait, .closed],
        [.synReceived, .established, .closeWait, .lastAck, .closed]
      ),
      (
        "simultaneous-close", [.synSent, .established, .finWait1, .closing, .timeWait, .closed],
        [.synReceived, .established, .finWait1, .closing, .timeWait, .closed]
      ),
      ("keep-alive", [.synSent, .established, .closed], [.synReceived, .established]),
    ]
  )
  func paths(name: String, first: [State], second: [State]) throws {
    let conversation = try #require(Scenario.named(name)).run(seed: 7).conversation
    #expect(path(conversation, .first) == first)
    #expect(path(conversation, .second) == second)
  }

  @Test(
    "what a scenario is about is found in its segments",
    arguments: [
      ("lost-syn", "retransmission"), ("refused", "refusal"), ("reset", "reset"), ("keep-alive", "keep-alive-answer"),
      ("fast-retransmit", "fast-retransmission"), ("timeout", "retransmission"), ("zero-window", "zero-window"),
      ("zero-window", "zero-window-probe"), ("zero-window", "window-update"),
      ("reordering", "duplicate-acknowledgment"), ("time-wait", "retransmission"),
    ]
  )
  func findings(name: String, finding: String) throws {
    let diagram = SequenceDiagram(try #require(Scenario.named(name)).run(seed: 1).conversation)
    let names = diagram.rows.flatMap { row -> [String] in
      switch row.content {
      case .crossing(_, _, _, _, let findings), .departure(_, _, _, let findings): findings.map(\.name)
      case .state, .arrival: []
      }
    }
    #expect(names.contains(finding), "\(names)")
  }

  @Test("a flood fills the queue, and whoever is there gets through it by a cookie")
  func flood() throws {
    let (conversation, _) = try #require(Scenario.named("syn-flood")).run(seed: 1)
    var answers = 0
    for event in conversation.events where event.end == .second {
      if case .sent(let segment, _) = event.kind, segment.stranger != nil { answers += 1 }
    }
    #expect(answers == 18)
    #expect(!EventJSON.lines(conversation).joined().contains("retransmission"))
    #expect(path(conversation, .first) == [.synSent, .established])
    // Between the SYN and the ACK that brings the cookie the server has no connection.
    #expect(path(conversation, .second) == [.established])
    let data = conversation.events.contains { event in
      if case .sent(let segment, _) = event.kind { segment.payloadLength == 100 } else { false }
    }
    #expect(data)
  }

  @Test("of datagrams a lost one is noticed by nobody, and one for a closed port is answered by ICMP")
  func datagrams() throws {
    let (conversation, capture) = try #require(Scenario.named("udp")).run(seed: 1, capture: true)
    let lines = SequenceDiagramText().lines(SequenceDiagram(conversation))
    #expect(lines.first?.contains("client") == true && !lines.joined().contains("LISTEN"))
    var sent: [String] = []
    for event in conversation.events {
      guard case .datagram(let datagram, let fate) = event.kind else { continue }
      sent.append("\(event.end) \(datagram.text.prefix(8))\(fate == .lost ? " lost" : "")".filter { !$0.isNumber })
    }
    #expect(
      sent == [
        "first UDP ", "second UDP →", "first UDP  lost", "first UDP ", "second UDP →", "first UDP ", "second ICMP por",
      ]
    )
    #expect(!capture.isEmpty)
  }

  @Test(
    "the states inferred from segments are those of the engine",
    arguments: Scenario.all.map(\.name).filter { !["syn-flood", "udp"].contains($0) }
  )
  func inference(name: String) throws {
    let scenario = try #require(Scenario.named(name))
    let conversation = scenario.run(seed: 3).conversation
    var inference = StateInference(first: conversation.initialStates.first, second: conversation.initialStates.second)
    var segments: [UInt64: Segment] = [:]
    var inferred: [End: [State]] = [:]
    for event in conversation.events {
      switch event.kind {
      case .sent(let segment, _):
        segments[segment.number] = segment
        if let state = inference.sends(segment, from: event.end) { inferred[event.end, default: []].append(state) }
      case .received(let number):
        let segment = try #require(segments[number])
        inferred[event.end, default: []] += inference.receives(segment, at: event.end)
      case .entered, .updated, .datagram: break
      }
    }
    for end in [End.first, .second] {
      // The end of TIME-WAIT is nothing that a segment shows.
      var truth = path(conversation, end)
      if truth.last == .closed, truth.dropLast().last == .timeWait { truth.removeLast() }
      var states = inferred[end] ?? []
      if truth.last == .timeWait { truth = truth.reduce(into: []) { if $0.last != $1 { $0.append($1) } } }
      states = states.reduce(into: []) { if $0.last != $1 { $0.append($1) } }
      #expect(states == truth, "\(end)")
    }
  }

  @Test(
    "the same seed gives the same events and the same capture; every line fits its width",
    arguments: Scenario.all.map(\.name)
  )
  func deterministic(name: String) throws {
    let scenario = try #require(Scenario.named(name))
    let (one, two) = (scenario.run(seed: 5, capture: true), scenario.run(seed: 5, capture: true))
    #expect(one.capture == two.capture && !one.capture.isEmpty)
    #expect(EventJSON.lines(one.conversation) == EventJSON.lines(two.conversation))
    for width in [60, 80, 200] {
      for language in Language.allCases {
        var style = SequenceDiagramText.Style()
        style.width = width
        style.language = language
        for line in SequenceDiagramText(style).lines(SequenceDiagram(one.conversation)) {
          #expect(DisplayWidth.of(line) <= min(width, 138), "\(line)")
        }
      }
    }
  }

  @Test("every scenario explains itself in both languages")
  func explained() {
    #expect(Set(Scenario.all.map(\.name)).count == Scenario.all.count)
    for scenario in Scenario.all {
      for phrase in [scenario.title, scenario.explanation] {
        #expect(!phrase.text(in: .english).isEmpty)
        #expect(phrase.text(in: .chinese).unicodeScalars.contains { $0.value > 0x2E80 })
      }
    }
  }
}
