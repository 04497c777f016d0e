import Foundation
import SockeyeGateway
import SockeyeLink
import SockeyeSimulator
import SockeyeTransport
import Synchronization

/// Two TUN devices with a bad wire between them, which a thread of its own carries packets over.
final class BridgedNetwork: ImpairedNetwork {
  private let waker: Waker
  private let state: Mutex<State>

  private struct State {
    var specification: ImpairmentSpecification
    var isChanged = false
    var counters: PathCounters
    var progress = Progress.running
  }

  private enum Progress { case running, ending, ended }

  init(
    between near: String,
    and far: String,
    _ specification: PathSpecification,
    seed: UInt64
  ) throws(Failure) {
    let bridge: ImpairingBridge
    do throws(LinkError) {
      let mtu = specification.maximumTransmissionUnit
      bridge = try ImpairingBridge(
        TunnelDevice(name: near, maximumTransmissionUnit: mtu, offload: false),
        TunnelDevice(name: far, maximumTransmissionUnit: mtu, offload: false),
        fromNear: specification.impairments.up,
        fromFar: specification.impairments.down,
        seed: seed
      )
    } catch {
      throw Failure(error)
    }
    waker = bridge.waker
    let none = DirectionCounters(LinkCounters())
    state = Mutex(State(specification: specification.impairments, counters: PathCounters(up: none, down: none)))
    let handover = Handover(bridge)
    Thread.detachNewThread { [self] in
      guard let bridge = handover.take() else { return }
      carry(over: bridge)
    }
  }

  private func carry(over bridge: consuming ImpairingBridge) {
    while true {
      let counters = bridge.counters
      let (progress, changed) = state.withLock { state in
        state.counters = PathCounters(
          up: DirectionCounters(counters.fromNear),
          down: DirectionCounters(counters.fromFar)
        )
        defer { state.isChanged = false }
        return (state.progress, state.isChanged ? state.specification : nil)
      }
      if let changed { bridge.setImpairments(fromNear: changed.up, fromFar: changed.down) }
      guard case .running = progress else { break }
      do throws(LinkError) {
        try bridge.turn()
      } catch {
        Exit.report(Failure(error))
      }
    }
    state.withLock { $0.progress = .ended }
  }

  var specification: ImpairmentSpecification {
    get { state.withLock { $0.specification } }
    set {
      state.withLock { state in
        state.specification = newValue
        state.isChanged = true
      }
      waker.wake()
    }
  }

  var counters: PathCounters { state.withLock { $0.counters } }

  func end() async {
    state.withLock { $0.progress = .ending }
    waker.wake()
  }
}

/// Carries a value that can't be copied into a thread.
private final class Handover: Sendable {
  private let content: Mutex<ImpairingBridge?>

  init(_ value: consuming sending ImpairingBridge) {
    content = Mutex(value)
  }

  func take() -> ImpairingBridge? {
    content.withLock { $0.take() }
  }
}
