import SockeyeTCP
import SockeyeWire
import Testing

@testable import SockeyeHost

/// Connections that are over while their application still has the socket.
@Suite("Ends of connections")
struct StreamEndTests {
  /// How a connection can come to its end.
  enum End: CaseIterable {
    case reset, userTimeout, lastAcknowledgment
  }

  /// A connection with an application, brought to its end without closing the socket.
  private func ended(_ end: End, on bench: Bench) throws -> Handle {
    let listener = try bench.listener()
    let numbers = try #require(bench.handshake())
    let socket = try bench.host.accept(listener)
    switch end {
    case .reset:
      bench.give(Bench.packet(bench.segment(numbers.peer, numbers.host, .rst)))
    case .userTimeout:
      var options = try bench.host.options(of: socket)
      options.connection.userTimeout = .seconds(5)
      try bench.host.setOptions(options, of: socket)
      _ = try bench.write([1], to: socket)
      for _ in 0..<20 {
        _ = bench.take()
        bench.now = bench.now + .seconds(1)
        bench.host.advance(to: bench.now)
      }
    case .lastAcknowledgment:
      bench.give(Bench.packet(bench.segment(numbers.peer, numbers.host, [.fin, .ack])))
      try bench.host.shutdown(socket, .writing)
      _ = bench.take()
      bench.give(Bench.packet(bench.segment(numbers.peer &+ 1, numbers.host &+ 1, .ack)))
    }
    _ = bench.take()
    bench.host.checkInvariants()
    return socket
  }

  @Test(
    "RFC 9293 section 3.10.7.1: what is over answers nothing, though its socket is open: a stray segment is reset, a SYN opens",
    arguments: End.allCases
  )
  func fourTupleIsFree(end: End) throws {
    let bench = Bench()
    let socket = try ended(end, on: bench)
    #expect(try bench.host.readiness(of: socket).contains(.hungUp))
    bench.give(Bench.packet(bench.segment(5000, 77, .ack)))
    let reset = try #require(bench.takeSegments().first)
    #expect(reset.flags == .rst && reset.sequenceNumber == 77)
    bench.give(Bench.packet(bench.segment(9000, 0, .syn)))
    let answer = try #require(bench.takeSegments().first)
    #expect(answer.flags.contains([.syn, .ack]) && answer.acknowledgmentNumber == 9001)
    bench.host.checkInvariants()
    // The old socket ends for itself.
    try bench.host.close(socket)
    #expect(bench.host.connectionCount == 1)
    bench.give(Bench.packet(bench.segment(9001, answer.sequenceNumber &+ 1, .ack)))
    bench.host.checkInvariants()
  }

  /// A connection in TIME-WAIT whose socket is open: both sides have closed, this one first.
  private func waiting(on bench: Bench) throws -> (socket: Handle, peer: UInt32, host: UInt32) {
    let listener = try bench.listener()
    let numbers = try #require(bench.handshake())
    let socket = try bench.host.accept(listener)
    try bench.host.shutdown(socket, .writing)
    _ = bench.take()
    let next = numbers.host &+ 1
    bench.give(Bench.packet(bench.segment(numbers.peer, next, [.fin, .ack]), [7]))
    #expect(bench.takeSegments().last?.acknowledgmentNumber == numbers.peer &+ 2)
    return (socket, numbers.peer &+ 2, next)
  }

  @Test("Section 3.10.7.4, fifth: TIME-WAIT acknowledges what comes again, whether or not its socket is open")
  func timeWaitAcknowledges() throws {
    let bench = Bench()
    let (socket, peer, host) = try waiting(on: bench)
    #expect(bench.host.timeWaitCount == 1 && bench.host.connectionCount == 1)
    bench.give(Bench.packet(bench.segment(peer &- 1, host, [.fin, .ack])))
    #expect(bench.takeSegments().map(\.acknowledgmentNumber) == [peer])
    bench.give(Bench.packet(bench.segment(peer, host, .ack), [1, 2, 3]))
    #expect(bench.takeSegments().map(\.acknowledgmentNumber) == [peer])
    #expect(try bench.read(from: socket) == [7])
    #expect(try bench.read(from: socket).isEmpty)
    try bench.host.close(socket)
    #expect(bench.host.timeWaitCount == 1 && bench.host.connectionCount == 0)
    bench.host.checkInvariants()
  }

  @Test("MAY-2: TIME-WAIT whose socket is open takes a new SYN beyond the old numbers")
  func timeWaitReopens() throws {
    let bench = Bench()
    let (socket, peer, host) = try waiting(on: bench)
    bench.give(Bench.packet(bench.segment(peer &+ 1000, 0, .syn)))
    let answer = try #require(bench.takeSegments().first)
    #expect(answer.flags.contains([.syn, .ack]) && answer.acknowledgmentNumber == peer &+ 1001)
    #expect(SequenceNumber(answer.sequenceNumber) - SequenceNumber(host) > 0)
    #expect(bench.host.timeWaitCount == 0)
    try bench.host.close(socket)
    bench.host.checkInvariants()
  }

  @Test("RFC 9293 section 3.10.3: reading before the connection is open waits for it")
  func readingEarly() throws {
    let bench = Bench()
    let socket = bench.host.makeSocket(.stream, .v4)
    #expect(throws: SocketError.notConnected) { try bench.read(from: socket) }
    #expect(try bench.host.connect(socket, to: Endpoint(Bench.peer4, port: 80)) == .inProgress)
    #expect(throws: SocketError.wouldBlock) { try bench.read(from: socket) }
    bench.host.checkInvariants()
  }
}
