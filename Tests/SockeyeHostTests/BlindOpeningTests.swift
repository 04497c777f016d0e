import SockeyeTCP
import SockeyeWire
import Testing

@testable import SockeyeHost

/// Connections from an address that the attacker doesn't have: what his SYNs and ACKs come to.
@Suite("Connections that nobody opened (RFC 4987, RFC 7413 section 5.1)")
struct BlindOpeningTests {
  /// The ACK that would bring back a cookie which the host would send.
  private func acknowledgment(_ bench: Bench, to port: UInt16 = 80) -> TCPHeader {
    let tuple = RingHost.tuple(Endpoint(Bench.own4, port: port), Endpoint(Bench.peer4, port: 3000))
    let answer = SYNCookies(HostSecret(seed: 7)).answer(
      to: TCPHeader(sourcePort: 3000, destinationPort: port, sequenceNumber: 100, flags: .syn, window: 1000),
      tuple: tuple,
      configuration: bench.host.configuration.connection,
      path: NetworkPath(version: .v4),
      now: bench.now
    )
    return bench.segment(from: 3000, to: port, 101, answer.sequenceNumber &+ 1, .ack)
  }

  private func flood(_ bench: Bench, port: UInt16 = 80) {
    for source in 0..<100 as Range<UInt16> {
      bench.give(Bench.packet(bench.segment(from: 10_000 + source, to: port, 1, 0, .syn)))
    }
    _ = bench.take()
  }

  /// The peer of the flood takes all of it back.
  private func endFlood(_ bench: Bench) {
    for source in 0..<100 as Range<UInt16> {
      bench.give(Bench.packet(bench.segment(from: 10_000 + source, 2, 0, .rst)))
    }
    _ = bench.take()
  }

  @Test("A cookie is believed while some that were sent may come back, at that listener, and not otherwise")
  func cookies() throws {
    let bench = Bench()
    let first = try bench.listener()
    let second = try bench.listener(port: 81)
    bench.give(Bench.packet(acknowledgment(bench)))
    #expect(bench.takeSegments().map(\.flags) == [.rst], "none was sent")

    flood(bench)
    bench.give(Bench.packet(acknowledgment(bench, to: 81)))
    #expect(bench.takeSegments().map(\.flags) == [.rst], "none was sent by this listener")
    #expect(throws: SocketError.wouldBlock) { try bench.host.accept(second) }
    bench.give(Bench.packet(acknowledgment(bench)))
    #expect(throws: Never.self) { try bench.host.accept(first) }

    let other = Bench()
    _ = try other.listener()
    flood(other)
    other.now += .seconds(120)
    other.host.advance(to: other.now)
    _ = other.take()
    other.give(Bench.packet(acknowledgment(other)))
    #expect(other.takeSegments().map(\.flags) == [.rst], "what was sent can't be right")
  }

  @Test("A SYN that comes again after it was answered by a cookie costs its sender nothing: the cookie counts")
  func secondSYN() throws {
    let bench = Bench()
    let listener = try bench.listener()
    flood(bench)
    let syn = TCPHeader(sourcePort: 3000, destinationPort: 80, sequenceNumber: 100, flags: .syn, window: 65_535)
    bench.give(Bench.packet(syn))
    let cookie = try #require(bench.takeSegments().first)
    #expect(bench.host.statistics.cookiesSent > 0)
    // There is room for the SYN when it comes again.
    endFlood(bench)
    bench.now += .milliseconds(10)
    bench.give(Bench.packet(syn))
    let second = try #require(bench.takeSegments().first)
    #expect(second.flags.contains([.syn, .ack]) && second.sequenceNumber != cookie.sequenceNumber)
    bench.host.checkInvariants()

    bench.give(Bench.packet(bench.segment(from: 3000, 101, cookie.sequenceNumber &+ 1, [.ack, .psh]), [1, 2, 3]))
    let next = cookie.sequenceNumber &+ 1
    #expect(bench.takeSegments().allSatisfy { !$0.flags.contains(.rst) && $0.sequenceNumber == next })
    bench.host.checkInvariants()
    let socket = try bench.host.accept(listener)
    #expect(try bench.read(from: socket) == [1, 2, 3])
    #expect(bench.host.connectionCount == 1)
  }

  @Test("A handshake under way isn't given up for an ACK that guesses: that is reset, and the true one opens")
  func firstHandshake() throws {
    let bench = Bench()
    let listener = try bench.listener()
    flood(bench)
    endFlood(bench)
    bench.give(Bench.packet(bench.segment(from: 3000, 100, 0, .syn)))
    let answer = try #require(bench.takeSegments().first)
    bench.give(Bench.packet(bench.segment(from: 3000, 101, 12_345, .ack)))
    #expect(bench.takeSegments().map(\.flags) == [.rst])
    bench.give(Bench.packet(bench.segment(from: 3000, 101, answer.sequenceNumber &+ 1, .ack)))
    #expect(throws: Never.self) { try bench.host.accept(listener) }
  }

  /// A listener that allows fast open within a limit, and the cookie of the peer, which the attacker has seen.
  private func fastOpen(limit: Int, on bench: Bench) throws -> (Handle, FastOpenCookie) {
    let handle = try bench.listener(backlog: 4096)
    var options = try bench.host.options(of: handle)
    options.connection.fastOpen = true
    options.fastOpenLimit = limit
    try bench.host.setOptions(options, of: handle)
    bench.give(Bench.packet(syn(from: 999, .request)))
    return (handle, try #require(bench.takeSegments().first?.options.fastOpen))
  }

  private func syn(from port: UInt16, _ cookie: FastOpenCookie) -> TCPHeader {
    var syn = TCPHeader(sourcePort: port, destinationPort: 80, sequenceNumber: 100, flags: .syn, window: 65_535)
    syn.options.fastOpen = cookie
    return syn
  }

  private func accepted(_ bench: Bench, _ listener: Handle) -> [Handle] {
    var all: [Handle] = []
    while let socket = try? bench.host.accept(listener) { all.append(socket) }
    return all
  }

  @Test("Fast opens whose handshake isn't over reach the application up to the limit; the others open as usual")
  func fastOpenLimit() throws {
    let bench = Bench()
    let (listener, cookie) = try fastOpen(limit: 4, on: bench)
    for port in 1000..<4000 as Range<UInt16> { bench.give(Bench.packet(syn(from: port, cookie), [1])) }
    #expect(accepted(bench, listener).count == 4)
    let answers = bench.takeSegments().filter { $0.flags == [.syn, .ack] }
    #expect(answers.count { $0.acknowledgmentNumber == 102 } == 4)

    // A handshake that is over makes room.
    let first = try #require(answers.first { $0.acknowledgmentNumber == 102 })
    bench.give(Bench.packet(bench.segment(from: first.destinationPort, 102, first.sequenceNumber &+ 1, .ack)))
    for port in 5000..<5010 as Range<UInt16> { bench.give(Bench.packet(syn(from: port, cookie), [1])) }
    #expect(accepted(bench, listener).count == 1)
  }

  @Test("A fast open that its address's owner resets goes on counting for a minute")
  func resets() throws {
    let bench = Bench()
    let (listener, cookie) = try fastOpen(limit: 4, on: bench)
    func attempt() -> Int {
      for port in 1000..<1010 as Range<UInt16> {
        bench.give(Bench.packet(syn(from: port, cookie), [1]))
        bench.give(Bench.packet(bench.segment(from: port, 102, 0, .rst)))
      }
      let sockets = accepted(bench, listener)
      for socket in sockets { try? bench.host.close(socket) }
      _ = bench.take()
      return sockets.count
    }
    // Those that were reset before they were accepted are none for the application.
    #expect(attempt() == 0)
    bench.give(Bench.packet(syn(from: 2000, cookie), [1]))
    #expect(accepted(bench, listener).isEmpty, "there is no room")
    bench.now += .seconds(61)
    bench.host.advance(to: bench.now)
    bench.give(Bench.packet(syn(from: 2001, cookie), [1]))
    #expect(accepted(bench, listener).count == 1)
  }
}
