internal import SockeyeHost
package import SockeyeLink
package import SockeyeTCP

/// What lies between a loop's host and the hosts around it, and what the loop sleeps on.
package protocol LoopLink: AnyObject {
  /// The clock that the loop goes by.
  var clock: LoopClock { get }
  /// Gives the host what has arrived. Where that is nothing, waits until something has, `deadline` has come, or `wake` is
  /// called.
  func receive(into host: inout StreamHost, until deadline: Instant) throws
  /// Takes what the host has to send, or some of it.
  func send(from host: inout StreamHost) throws
  /// Ends the wait under way, or else the next one. From any thread.
  var waker: any LoopWaker { get }
}

/// Ends the wait of a loop, from any thread.
package protocol LoopWaker: Sendable {
  /// Ends the wait under way, or else the next one.
  func wake()
  /// Waits without the link, which may be gone, until `deadline` has come or `wake` is called. In virtual time nobody waits.
  func sleep(until deadline: Instant)
}

extension Waker: LoopWaker {}

/// A TUN device.
final class TunnelLink: LoopLink {
  private var driver: LinkDriver

  init(_ device: consuming TunnelDevice, capture: CaptureFile?) throws(LinkError) {
    driver = try LinkDriver(device)
    driver.capture = capture
  }

  var clock: LoopClock { .machine }
  var waker: any LoopWaker { driver.waker }

  func receive(into host: inout StreamHost, until deadline: Instant) throws {
    try driver.receive(into: &host, until: deadline)
  }

  func send(from host: inout StreamHost) throws {
    try driver.send(from: &host)
  }
}

/// No link: the host reaches itself alone, in the machine's time.
final class LoopbackLink: LoopLink {
  private let sleeper: Sleeper
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_535, alignment: 16)

  init() throws(LinkError) {
    sleeper = try Sleeper()
  }

  deinit {
    buffer.deallocate()
  }

  var clock: LoopClock { .machine }
  var waker: any LoopWaker { sleeper.waker }

  func receive(into host: inout StreamHost, until deadline: Instant) throws {
    let time = MonotonicClock.now
    guard time < deadline else { return }
    try sleeper.sleep(until: deadline, now: time)
  }

  /// What leaves the host is lost; what it sends to itself never does.
  func send(from host: inout StreamHost) {
    var room = buffer.mutableBytes
    while host.transmit(into: &room) != nil {}
  }
}
