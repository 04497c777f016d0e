internal import SockeyeHost
internal import SockeyeLink
internal import SockeyeNIO
internal import SockeyeTCP

/// One end of an impaired path, as the loop of the host there sees it.
final class PathLink: LoopLink {
  private let outgoing: OneWay
  private let incoming: OneWay
  private let sleeper: Sleeper
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_535, alignment: 16)

  /// Packets that one turn takes, at most: what the host is to send waits meanwhile.
  private static let batch = 256

  /// - Parameter sleeper: what `incoming` wakes.
  init(outgoing: OneWay, incoming: OneWay, sleeper: consuming Sleeper) {
    self.outgoing = outgoing
    self.incoming = incoming
    self.sleeper = sleeper
  }

  deinit {
    buffer.deallocate()
  }

  var clock: LoopClock { .machine }
  var waker: any LoopWaker { sleeper.waker }

  func receive(into host: inout StreamHost, until deadline: Instant) throws {
    guard !deliver(to: &host) else { return }
    let now = MonotonicClock.now
    let end = min(deadline, incoming.nextArrival)
    if now < end { try sleeper.sleep(until: end, now: now) }
    _ = deliver(to: &host)
  }

  /// Gives the host what is due. Returns whether there was anything.
  private func deliver(to host: inout StreamHost) -> Bool {
    let now = MonotonicClock.now
    for count in 0..<Self.batch {
      guard let packet = incoming.next(dueAt: now) else { return count > 0 }
      host.receive(packet.span.bytes, at: now)
    }
    return true
  }

  func send(from host: inout StreamHost) {
    var room = buffer.mutableBytes
    while let transmission = host.transmit(into: &room) {
      outgoing.carry([UInt8](buffer[..<transmission.length]), at: MonotonicClock.now)
    }
  }
}
