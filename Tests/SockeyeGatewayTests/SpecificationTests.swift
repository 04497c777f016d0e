import NIOCore
import SockeyeGateway
import SockeyeLink
import SockeyeSimulator
import SockeyeTCP
import SockeyeTransport
import Testing

@Suite("Bad networks as people write them")
struct SpecificationTests {
  @Test("packets' impairments, streams' faults and the longest packet stand side by side")
  func keys() throws {
    let network = try PathSpecification("delay=50ms,up:reset=64KiB,down:silence=1MB,mtu=1400,codel=5ms,jitter=2ms")
    #expect(network.impairments.up.delay == .milliseconds(50))
    #expect(network.impairments.down.controlledDelay == ControlledDelay(target: .milliseconds(5)))
    #expect(network.faults.up == StreamFault(.reset, after: 65_536))
    #expect(network.faults.down == StreamFault(.silence, after: 1_000_000))
    #expect(network.maximumTransmissionUnit == 1400)
  }

  @Test("losses in bursts and jitter's distributions are read")
  func bursts() throws {
    let network = try PathSpecification("burst=1%/25%/90%/0.1%,distribution=pareto,reorder=2%,reorder-delay=7ms")
    #expect(
      network.impairments.up.loss
        == .bursty(GilbertElliott(enterBad: 0.01, leaveBad: 0.25, lossInGood: 0.001, lossInBad: 0.9))
    )
    #expect(network.impairments.up.jitterDistribution == .pareto)
    #expect(network.impairments.down.reorderingDelay == .milliseconds(7))
  }

  @Test("every profile is a network, which keys behind it change", arguments: ImpairmentProfile.allCases)
  func profiles(profile: ImpairmentProfile) throws {
    let network = try PathSpecification("profile=\(profile.rawValue)")
    #expect(try network.impairments == ImpairmentSpecification(profile.text))
    #expect(network.impairments.up.bitsPerSecond != nil && network.impairments.up.queueBytes != nil)
    #expect(network.impairments.up.delay > .zero && !profile.source.isEmpty)
    let changed = try PathSpecification("profile=\(profile.rawValue),delay=1ms")
    #expect(changed.impairments.up.delay == .milliseconds(1))
    #expect(changed.impairments.up.bitsPerSecond == network.impairments.up.bitsPerSecond)
  }

  @Test(
    "what can't be is refused, and named",
    arguments: [
      ("delay", "'delay'"), ("speed=1", "'speed'"), ("reset=much", "reset takes a size"), ("mtu=12", "mtu"),
      ("up:mtu=1400", "mtu"), ("burst=1%", "'1%'"), ("burst=1%/2%/3%/4%/5%", "burst"),
      ("profile=5g", "no profile '5g'"),
      ("up:profile=3g", "profile"), ("distribution=flat", "'flat'"), ("close=99999999999999999999", "close"),
      ("codel=soon", "'soon'"),
    ]
  )
  func refused(text: String, part: String) {
    #expect {
      try PathSpecification(text)
    } throws: { error in
      let failure = error as? Failure
      return failure?.kind == .usage && failure?.message.contains(part) == true
    }
  }

  @Test("a change that can't be made leaves all as it was")
  func whole() throws {
    var network = try PathSpecification("loss=1%")
    let before = network
    for change in ["loss=2%,delay=", "loss=2%,mtu=1400", "loss=2%,reset=1KiB"] {
      #expect(throws: Failure.self) { try network.change(byLiveText: change) }
      #expect(network == before)
    }
    try network.change(byLiveText: "down:loss=2%")
    #expect(network.impairments.up.loss == .independent(0.01) && network.impairments.down.loss == .independent(0.02))
  }

  @Test("a timetable is sorted by time, and lines of one time keep their order")
  func timetable() throws {
    let text = "# comes and goes\nat 2s loss=0\n\nat 500ms loss=5%  # rain\nat 2s delay=1ms\n"
    let table = try ImpairmentTimetable(text, changing: PathSpecification())
    #expect(table.entries.map(\.time) == [.milliseconds(500), .seconds(2), .seconds(2)])
    #expect(table.entries.map(\.text) == ["loss=5%", "loss=0", "delay=1ms"])
  }

  @Test(
    "a line of a timetable that is wrong is named by its number",
    arguments: ["at 1s", "1s loss=1%", "at soon loss=1%", "at 1s loss=never", "at 1s mtu=1400", "at -1s loss=1%"]
  )
  func wrongLine(line: String) {
    #expect {
      try ImpairmentTimetable("at 0s loss=1%\n\(line)", changing: PathSpecification())
    } throws: { error in
      (error as? Failure)?.message.contains("line 2") == true
    }
  }
}
