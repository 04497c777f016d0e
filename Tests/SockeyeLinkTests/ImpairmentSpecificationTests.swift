import SockeyeLink
import SockeyeSimulator
import SockeyeTCP
import Testing

@Suite("Impairments as people write them")
struct ImpairmentSpecificationTests {
  @Test("keys hold in both directions, or in the one that stands before them")
  func directions() throws {
    let specification = try ImpairmentSpecification("delay=50ms,loss=1%,up:rate=10Mbps,down:queue=64KiB,reorder=0.5")
    #expect(specification.up.delay == .milliseconds(50) && specification.down.delay == .milliseconds(50))
    #expect(specification.up.loss == .independent(0.01) && specification.down.loss == .independent(0.01))
    #expect(specification.up.bitsPerSecond == 10_000_000 && specification.down.bitsPerSecond == nil)
    #expect(specification.up.queueBytes == nil && specification.down.queueBytes == 65_536)
    #expect(specification.up.reordering == 0.5)
  }

  @Test("nothing is a perfect network")
  func empty() throws {
    #expect(try ImpairmentSpecification("") == ImpairmentSpecification())
  }

  @Test(
    "what can't be is refused, and named",
    arguments: [
      ("delay", ImpairmentSpecification.Problem.notAPair("delay")), ("speed=1", .unknownKey("speed")),
      ("loss=101%", .badValue(key: "loss", value: "101%")), ("loss=-1%", .badValue(key: "loss", value: "-1%")),
      ("loss=nan", .badValue(key: "loss", value: "nan")), ("delay=5", .badValue(key: "delay", value: "5")),
      ("delay=1e300s", .badValue(key: "delay", value: "1e300s")), ("rate=0bps", .badValue(key: "rate", value: "0bps")),
      ("queue=inf", .badValue(key: "queue", value: "inf")), ("up:=1", .unknownKey("")),
    ]
  )
  func refused(text: String, problem: ImpairmentSpecification.Problem) {
    #expect(throws: problem) { try ImpairmentSpecification(text) }
  }
}
