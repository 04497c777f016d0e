import SockeyeSimulator
import SockeyeTCP
import SockeyeText
import Testing

@testable import SockeyeSight

@Suite("Scenarios in files")
struct ScenarioFileTests {
  private static let whole = """
    # Everything that the language has.
    title A slow reader behind a bad link
    explain Look at the window.
    explain It closes.
    network delay 20ms
    network jitter 1ms
    up rate 10Mbps
    up queue 64KiB
    up lose 3 5
    down loss 0.5%
    down duplicate 0%
    down corrupt 0%
    down hold 2 for 3ms
    down cut from 2s to 3s
    client opens at 1ms
    client sends 20KB
    client writes 1KB every 5ms
    client closes after 50ms
    client set buffer 32KiB
    client set mss 1000
    client set nagle off
    client set congestion newreno
    client set keep-alive 10s 1s 3
    server reads 500 every 10ms
    server pauses at 2000 for 1s
    server closes second after 10ms
    server set window 4380
    server set sack on
    server set timestamps off
    run 10m
    """

  private func parsed(_ text: String) throws(ScenarioFileError) -> Scenario {
    try ScenarioFile.parse(text, name: "a.lab")
  }

  @Test("a file with every statement is a scenario, which runs to its end the same way each time")
  func everything() throws {
    let scenario = try parsed(Self.whole)
    #expect(scenario.title.text(in: .english) == "A slow reader behind a bad link")
    #expect(scenario.explanation.text(in: .chinese) == "Look at the window. It closes.")
    let (one, two) = (scenario.run(seed: 4).conversation, scenario.run(seed: 4).conversation)
    #expect(EventJSON.lines(one) == EventJSON.lines(two))
    let lost = one.events.filter { if case .sent(_, .lost) = $0.kind { true } else { false } }
    #expect(lost.count >= 2)
    let states = one.events.compactMap { event -> State? in
      if event.end == .first, case .entered(let state) = event.kind { state } else { nil }
    }
    #expect(states == [.synSent, .established, .finWait1, .finWait2, .timeWait, .closed], "\(states)")
    var sent: UInt64 = 0
    for event in one.events where event.end == .first {
      if case .sent(let segment, _) = event.kind { sent = max(sent, segment.sequenceEnd ?? 0) }
    }
    #expect(sent == 20_002)
  }

  @Test("an empty file is a handshake; comments and blank lines say nothing")
  func empty() throws {
    #expect(EventJSON.lines(try parsed("").run(seed: 1).conversation).isEmpty == false)
    #expect(try parsed("\n  # words\n\nup delay 1ms # more\r\n").outbound.delay == .milliseconds(1))
  }

  @Test(
    "what can't be understood is told with its line",
    arguments: [
      ("nonsense", 1, ScenarioFileError.Problem.unknownSubject("nonsense")),
      ("\nup delay", 2, .expected("20ms", found: nil)), ("up delay 20", 1, .expected("20ms", found: "20")),
      ("up speed 3", 1, .unknownStatement(subject: "network", "speed")),
      ("client dances", 1, .unknownStatement(subject: "client", "dances")),
      ("client set colour red", 1, .unknownStatement(subject: "set", "colour")),
      ("client sends 17MiB", 1, .outOfRange("17MiB", limit: "0...16777216")),
      ("up loss 101%", 1, .outOfRange("101%", limit: "0%...100%")), ("up lose", 1, .expected("3 5 7", found: nil)),
      ("up lose 0", 1, .expected("3 5 7", found: "0")), ("run 367d", 1, .outOfRange("367d", limit: "31622400s")),
      ("client writes 10 each 5ms", 1, .expected("every", found: "each")),
      ("server refuses politely", 1, .leftOver("politely")),
      ("client aborts after eating 1", 1, .expected("aborts after reading 100", found: "eating")),
      ("up cut from 5s to 2s", 1, .expected("cut from 2s to 5s", found: nil)),
      ("client set nagle maybe", 1, .expected("on, off", found: "maybe")),
    ]
  )
  func errors(text: String, line: Int, problem: ScenarioFileError.Problem) {
    let result = Result { () throws(ScenarioFileError) in try parsed(text) }
    guard case .failure(let error) = result else {
      Issue.record("it was understood")
      return
    }
    #expect(error == ScenarioFileError(line: line, problem: problem))
    for language in Language.allCases { #expect(error.phrase.text(in: language).contains("\(line)")) }
  }

  @Test(
    "cut at every byte and with any byte changed, a file is a scenario that runs or an error with a line of it; seed 5"
  )
  func damaged() {
    let bytes = Array(Self.whole.utf8)
    var random = SeededGenerator(seed: 5)
    let lines = bytes.count { $0 == 10 } + 2
    for index in bytes.indices {
      var changed = bytes
      changed[index] = UInt8.random(in: 0...255, using: &random)
      for text in [bytes[..<index], changed[...]] {
        let result = Result { () throws(ScenarioFileError) in try parsed(String(decoding: text, as: UTF8.self)) }
        switch result {
        case .success(let scenario): #expect(scenario.duration <= .seconds(366 * 86_400))
        case .failure(let error): #expect((1...lines).contains(error.line), "\(error)")
        }
      }
    }
    #expect(throws: ScenarioFileError.self) { try parsed(String(repeating: "#", count: 1 << 16) + "#") }
  }

  @Test("a scenario that would go on for ever comes to an end")
  func bounded() throws {
    let scenario = try parsed("client set keep-alive 1ms 1ms 1\nrun 366d\nup delay 0ms\ndown delay 0ms")
    #expect(scenario.run(seed: 1).conversation.events.count <= 1_000_000)
  }
}
