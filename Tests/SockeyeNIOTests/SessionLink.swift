import SockeyeHost
import SockeyeNIO
import SockeyeTCP

/// A link whose packets lie still until somebody carries them, in virtual time.
final class SessionLink: LoopLink {
  /// What the host is to be given at its next turn.
  var incoming: [[UInt8]] = []
  /// What the host has sent.
  var outgoing: [[UInt8]] = []
  let clock: LoopClock
  let waker: any LoopWaker = NobodySleeps()
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_535, alignment: 16)

  private struct NobodySleeps: LoopWaker {
    func wake() {}
    func sleep(until deadline: Instant) {}
  }

  init(_ clock: VirtualClock) {
    self.clock = .virtual(clock)
  }

  deinit {
    buffer.deallocate()
  }

  func receive(into host: inout StreamHost, until deadline: Instant) {
    let packets = incoming
    incoming = []
    for packet in packets { host.receive(packet.span.bytes, at: clock.now) }
  }

  func send(from host: inout StreamHost) {
    var room = buffer.mutableBytes
    while let transmission = host.transmit(into: &room) {
      outgoing.append([UInt8](buffer[..<transmission.length]))
    }
  }
}
