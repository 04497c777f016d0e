import ArgumentParser
import Foundation
import SockeyeLink
import SockeyeSimulator
import SockeyeTCP
import Synchronization

/// A bad wire between two TUN devices, for the tests that put one between the kernel and a host.
@main
struct Bridge: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bridge",
    abstract: "Carry packets between two TUN devices, and do to them what bad networks do.",
    discussion: """
      Makes the devices, without offload, and runs until its standard input ends; then it prints what happened to the \
      packets, as JSON. Probabilities are from 0 to 1 and hold for each direction.
      """
  )

  @Argument(help: "The name of one device.")
  var near: String

  @Argument(help: "The name of the other device.")
  var far: String

  @Option(help: "The MTU of both, in bytes.")
  var mtu = 1500

  @Option(help: "How long each packet is under way, in milliseconds.")
  var delayMilliseconds = 0.0

  @Option(help: "Up to how much longer, in milliseconds.")
  var jitterMilliseconds = 0.0

  @Option(help: "The rate of each direction, in Mbit/s.")
  var rateMegabits: UInt64?

  @Option(help: "How many bytes wait for it, at most.")
  var queueBytes: Int?

  @Option(help: "How likely a packet is lost.")
  var loss = 0.0

  @Option(help: "How likely a packet arrives twice.")
  var duplication = 0.0

  @Option(help: "How likely a byte of a packet is changed.")
  var corruption = 0.0

  @Option(help: "How likely a packet is held up while others pass it.")
  var reordering = 0.0

  @Option(help: "For how long it is held up, in milliseconds.")
  var reorderingMilliseconds = 5.0

  @Option(help: "What all chance derives from.")
  var seed: UInt64 = 1

  @Option(help: "A file to make once the devices are there.")
  var readyFile: String

  private var impairments: Impairments {
    var impairments = Impairments()
    impairments.delay = Self.interval(delayMilliseconds)
    impairments.jitter = Self.interval(jitterMilliseconds)
    impairments.bitsPerSecond = rateMegabits.map { $0 * 1_000_000 }
    impairments.queueBytes = queueBytes
    impairments.loss = loss > 0 ? .independent(loss) : .none
    impairments.duplication = duplication
    impairments.corruption = corruption
    impairments.reordering = reordering
    impairments.reorderingDelay = Self.interval(reorderingMilliseconds)
    return impairments
  }

  private static func interval(_ milliseconds: Double) -> Interval { .nanoseconds(Int64(milliseconds * 1e6)) }

  func run() throws {
    var bridge = try ImpairingBridge(
      TunnelDevice(name: near, maximumTransmissionUnit: mtu, offload: false),
      TunnelDevice(name: far, maximumTransmissionUnit: mtu, offload: false),
      fromNear: impairments,
      fromFar: impairments,
      seed: seed
    )
    let end = End()
    let waker = bridge.waker
    Thread.detachNewThread {
      while readLine() != nil {}
      end.hasCome.store(true, ordering: .releasing)
      waker.wake()
    }
    try Data().write(to: URL(fileURLWithPath: readyFile))
    while !end.hasCome.load(ordering: .acquiring) { try bridge.turn() }
    let counters = bridge.counters
    print(#"{"fromNear": \#(Self.json(counters.fromNear)), "fromFar": \#(Self.json(counters.fromFar))}"#)
  }

  private static func json(_ counters: LinkCounters) -> String {
    """
    {"packets": \(counters.packets), "bytes": \(counters.bytes), "dropped": \(counters.drops), \
    "duplicated": \(counters.duplicates), "reordered": \(counters.reordered), "corrupted": \(counters.corrupted)}
    """
  }
}

/// Whether the standard input has ended.
private final class End: Sendable {
  let hasCome = Atomic(false)
}
