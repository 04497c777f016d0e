import SockeyeTCP
import SockeyeWire
import Testing

@testable import SockeyeHost

@Suite("Listeners")
struct ListenTests {
  @Test("A connection waits to be accepted, is accepted once, and carries data in one copy each way")
  func accept() throws {
    let bench = Bench()
    let listener = try bench.listener()
    let numbers = try #require(bench.handshake())
    #expect(try bench.host.readiness(of: listener) == .readable)
    let socket = try bench.host.accept(listener)
    #expect(throws: SocketError.wouldBlock) { try bench.host.accept(listener) }
    #expect(try bench.host.remoteEndpoint(of: socket) == Endpoint(Bench.peer4, port: 2000))
    bench.give(Bench.packet(bench.segment(numbers.peer, numbers.host, [.ack, .psh]), [1, 2, 3]))
    #expect(try bench.read(from: socket) == [1, 2, 3])
    let written = try bench.write([9, 8, 7], to: socket)
    #expect(written == 3)
    #expect(bench.take().compactMap(Bench.segment).map(\.payload).last == [9, 8, 7])
  }

  @Test("A flood of SYNs is answered by cookies and keeps nothing; who is there still connects, and others aren't hurt")
  func synFlood() throws {
    let bench = Bench()
    let listener = try bench.listener()
    let established = try #require(bench.handshake())
    let socket = try bench.host.accept(listener)
    for index in 0..<20_000 {
      let source = IPAddress.v4(IPv4Address(rawValue: 0x0A00_0003 + UInt32(index % 200)))
      let syn = TCPHeader(
        sourcePort: UInt16(1024 + index / 200),
        destinationPort: 80,
        sequenceNumber: UInt32(index),
        flags: .syn,
        window: 1000
      )
      bench.give(Bench.packet(syn, from: source))
      #expect(bench.take().count <= 1)
    }
    #expect(bench.host.connectionCount == 1 + 16)
    #expect(bench.host.statistics.cookiesSent > 19_000)
    let late = try #require(bench.handshake(from: 3000))
    #expect(bench.host.statistics.cookiesAccepted == 1)
    #expect(throws: Never.self) { try bench.host.accept(listener) }
    bench.give(Bench.packet(bench.segment(from: 3000, late.peer, late.host, .ack), [1]))
    bench.give(Bench.packet(bench.segment(established.peer, established.host, .ack), [1]))
    #expect(try bench.host.readiness(of: socket).contains(.readable))
  }

  @Test("Without cookies a full queue drops SYNs; an ACK that guesses is reset")
  func fullQueue() throws {
    let bench = Bench { $0.synCookies = .never }
    _ = try bench.listener()
    for port in 1000..<1100 as Range<UInt16> {
      bench.give(Bench.packet(bench.segment(from: port, 1, 0, .syn)))
    }
    #expect(bench.host.connectionCount == 16)
    #expect(bench.host.statistics.synsDropped == 84)
    _ = bench.take()
    bench.give(Bench.packet(bench.segment(from: 999, 1, 12345, .ack)))
    #expect(bench.takeSegments().map(\.flags) == [.rst])
  }

  @Test("A listener whose application is behind takes no more than its backlog")
  func backlog() throws {
    let bench = Bench()
    let listener = try bench.listener(backlog: 3)
    for port in 1000..<1010 as Range<UInt16> { _ = bench.handshake(from: port) }
    #expect(bench.host.connectionCount == 3)
    for _ in 0..<3 { _ = try bench.host.accept(listener) }
    #expect(throws: SocketError.wouldBlock) { try bench.host.accept(listener) }
    #expect(bench.handshake(from: 1011) != nil)
  }

  @Test("A connection that is reset while it waits is accepted all the same: what came is read, then the error")
  func resetWhileWaiting() throws {
    let bench = Bench()
    let listener = try bench.listener(backlog: 1)
    let numbers = try #require(bench.handshake())
    bench.give(Bench.packet(bench.segment(numbers.peer, numbers.host, .ack), [1, 2]))
    bench.give(Bench.packet(bench.segment(numbers.peer &+ 2, numbers.host, .rst)))
    bench.host.checkInvariants()
    let socket = try bench.host.accept(listener)
    #expect(try bench.host.readiness(of: socket).contains([.readable, .failed, .hungUp]))
    #expect(try bench.read(from: socket) == [1, 2])
    #expect(throws: SocketError.reset) { try bench.read(from: socket) }
    try bench.host.close(socket)
    _ = bench.take()
    #expect(bench.host.connectionCount == 0)

    // One that nobody accepts takes its place in the queue, and goes with its listener.
    let others = try #require(bench.handshake(from: 2001))
    bench.give(Bench.packet(bench.segment(from: 2001, others.peer, others.host, .rst)))
    try bench.host.close(listener)
    _ = bench.take()
    #expect(bench.host.connectionCount == 0)
    bench.host.checkInvariants()
  }

  @Test("Closing a listener resets what nobody will accept, and frees the port")
  func closeListener() throws {
    let bench = Bench()
    let listener = try bench.listener()
    _ = try #require(bench.handshake())
    try bench.host.close(listener)
    #expect(bench.takeSegments().last?.flags.contains(.rst) == true)
    #expect(bench.host.connectionCount == 0)
    #expect(throws: Never.self) { try bench.listener() }
  }
}
