import SockeyeSimulator
import SockeyeTCP
import Testing

@Suite("A congestion controller that makes no sense")
struct ErraticControllerTests {
  @Test(
    "It breaks no rule of the engine, and the data arrives",
    arguments: 0..<40 as Range<UInt64>
  )
  func absurd(seed: UInt64) {
    let kind = SuppliedCongestionController("erratic") { _ in ErraticController(ownsWindow: seed % 2 == 0, state: seed)
    }
    var simulation = Simulation(seed: seed)
    var link = Impairments()
    link.bitsPerSecond = 20_000_000
    link.queueBytes = 100_000
    link.delay = .milliseconds(10)
    link.loss = .independent(0.02)
    link.reordering = 0.05
    simulation.addLink(link)
    simulation.addLink(link)
    var sender = EndpointConfiguration()
    sender.opensAt = .zero
    sender.application = .sending(100_000)
    sender.connection.congestionControl = .supplied(kind)
    sender.connection.proportionalRateReduction = seed % 3 != 0
    sender.maximumSegments = seed % 5 == 0 ? 44 : 1
    var receiver = EndpointConfiguration()
    receiver.link = 1
    receiver.connection.congestionControl = .supplied(kind)
    simulation.addConnection(sender, receiver)
    let violation = simulation.run(until: .zero + .seconds(3_600))
    #expect(violation == nil, "seed \(seed)")
    #expect(simulation.bytesRead(at: 1) == 100_000, "seed \(seed)")
  }
}
