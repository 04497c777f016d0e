internal import SockeyeLink
internal import SockeyeSimulator
internal import SockeyeTCP
internal import Synchronization

/// One direction of an impaired path: decides what becomes of each packet, and holds those that are under way.
final class OneWay: Sendable {
  /// Wakes the loop at the far end.
  let arrival: Waker
  private let state: Mutex<State>

  private struct State {
    var direction: ImpairedDirection
    var underWay = EventQueue<[UInt8]>()
    var bytesUnderWay = 0
    var overflowDrops: UInt64 = 0

    mutating func schedule(_ packet: [UInt8], at time: Instant) {
      guard bytesUnderWay + packet.count <= OneWay.mostBytesUnderWay else {
        overflowDrops += 1
        return
      }
      bytesUnderWay += packet.count
      underWay.schedule(packet, at: time)
    }
  }

  /// Bytes that are under way at once, at most: 64 MiB, which is a second of 500 Mbit/s. A flood of datagrams would
  /// otherwise take all memory where the delay is long.
  static let mostBytesUnderWay = 64 << 20

  init(_ impairments: Impairments, seed: UInt64, arrival: Waker) {
    self.arrival = arrival
    state = Mutex(State(direction: ImpairedDirection(impairments, seed: seed)))
  }

  /// Takes a packet, to be delivered, delayed, altered or lost.
  func carry(_ packet: [UInt8], at now: Instant) {
    let isNext = state.withLock { state in
      let before = state.underWay.nextTime ?? .never
      let decision = state.direction.decide(length: packet.count, isECNCapable: false, now: now)
      guard case .delivered(let passage) = decision else { return false }
      // The second copy is the whole one.
      if let time = passage.duplicateDelivery { state.schedule(packet, at: time) }
      var packet = packet
      if let change = passage.corruption { packet[change.offset] ^= change.mask }
      state.schedule(packet, at: passage.delivery)
      return state.underWay.nextTime ?? .never < before
    }
    if isNext { arrival.wake() }
  }

  /// The first packet that is due, if one is.
  func next(dueAt now: Instant) -> [UInt8]? {
    state.withLock { state in
      guard let (_, packet) = state.underWay.removeFirst(dueAt: now) else { return nil }
      state.bytesUnderWay -= packet.count
      return packet
    }
  }

  /// When the first packet is due.
  var nextArrival: Instant { state.withLock { $0.underWay.nextTime ?? .never } }

  /// What happens to packets from now on; those under way keep what was decided for them.
  var impairments: Impairments {
    get { state.withLock { $0.direction.impairments } }
    set { state.withLock { $0.direction.impairments = newValue } }
  }

  /// What happened so far, and how many packets found too much under way.
  var counters: (link: LinkCounters, overflowDrops: UInt64) {
    state.withLock { ($0.direction.counters, $0.overflowDrops) }
  }
}
