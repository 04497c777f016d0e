import SockeyeSimulator
import SockeyeTCP
import SockeyeText
import Testing

@testable import SockeyeSight

@Suite("Why a transfer is slow")
struct VerdictTests {
  @Test("at least 95 % of transfers are given the limit that they were set up to have, wherever they are seen")
  func confusion() {
    var tables = [ConfusionTable(), ConfusionTable(), ConfusionTable()]
    for number in 0..<36 {
      let known = KnownLimit(number: number, seed: 1)
      let verdicts = known.verdicts()
      for (index, verdict) in [verdicts.engines, verdicts.atSender, verdicts.atReceiver].enumerated() {
        tables[index].add(verdict?.leading, of: known, number: number)
      }
    }
    for (table, place) in zip(tables, ["the engines", "the sender", "the receiver"]) {
      let wrong = table.wrong.map { "\($0.number): \($0.limit), called \($0.said.map { "\($0)" } ?? "nothing")" }
      #expect(table.accuracy >= 0.95, "\(place): \(table.accuracy); seed 1, \(wrong.joined(separator: "; "))")
    }
  }

  @Test("the shares of all limits are the whole time, and each names segments of the transfer")
  func shares() throws {
    for number in 0..<12 {
      let verdict = try #require(KnownLimit(number: number, seed: 5).verdicts().engines)
      #expect(verdict.shares.values.reduce(.zero, +) == verdict.duration)
      for spell in verdict.longest.values {
        #expect(spell.firstSegment <= spell.lastSegment && spell.ended > spell.began)
      }
      for language in Language.allCases {
        #expect(verdict.paragraphs(in: language).count == verdict.shares.count + 1)
      }
    }
  }

  @Test("a conversation without data has no verdict")
  func nothing() throws {
    #expect(Verdict(try #require(Scenario.named("handshake")).run(seed: 1).conversation) == nil)
  }
}
