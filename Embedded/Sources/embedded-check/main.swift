import SockeyeSimulator
import SockeyeTCP
import SockeyeWire

// Sends a mebibyte, once by lengths and once as bytes, over a network that loses, reorders and corrupts packets; traps
// unless all of it arrives. That takes the whole engine, codec and simulator, so what runs here runs as Embedded Swift.

func transfer(_ bytes: UInt64, fidelity: Simulation.Fidelity) -> UInt64 {
  var link = Impairments()
  link.delay = .milliseconds(10)
  link.bitsPerSecond = 100_000_000
  link.loss = .independent(0.01)
  link.reordering = 0.01
  link.reorderingDelay = .milliseconds(1)
  link.corruption = 0.01
  var simulation = Simulation(seed: 1, fidelity: fidelity)
  var sender = EndpointConfiguration()
  sender.opensAt = .zero
  sender.application = .sending(bytes)
  sender.link = simulation.addLink(link)
  var receiver = EndpointConfiguration()
  receiver.link = simulation.addLink(link)
  let connection = simulation.addConnection(sender, receiver)
  let violation = simulation.run()
  precondition(violation == nil, "the engine broke a rule")
  return simulation.bytesRead(at: connection + 1)
}

for fidelity in [Simulation.Fidelity.lengths, .bytes] {
  let delivered = transfer(1 << 20, fidelity: fidelity)
  precondition(delivered == 1 << 20, "not all of it arrived")
}
print("Embedded Swift: 2 transfers of 1 MiB over a bad network arrived whole.")
