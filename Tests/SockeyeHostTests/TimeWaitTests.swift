import SockeyeTCP
import SockeyeWire
import Testing

@testable import SockeyeHost

@Suite("TIME-WAIT of a host")
struct TimeWaitTests {
  @Test("A connection that closed first waits in TIME-WAIT without its state, answers there, and is forgotten in time")
  func timeWait() throws {
    let bench = Bench()
    let listener = try bench.listener()
    var numbers = try #require(bench.handshake())
    let socket = try bench.host.accept(listener)
    try bench.host.close(socket)
    #expect(bench.takeSegments().last?.flags == [.fin, .ack])
    numbers.host &+= 1
    bench.give(Bench.packet(bench.segment(numbers.peer, numbers.host, [.fin, .ack])))
    #expect(bench.takeSegments().last?.flags == .ack)
    #expect(bench.host.connectionCount == 0)
    #expect(bench.host.timeWaitCount == 1)
    bench.give(Bench.packet(bench.segment(numbers.peer, numbers.host, [.fin, .ack])))
    #expect(bench.takeSegments().map(\.flags) == [.ack])
    bench.host.advance(to: .zero + .seconds(121))
    #expect(bench.host.timeWaitCount == 0)
    bench.give(Bench.packet(bench.segment(numbers.peer, numbers.host, [.fin, .ack])))
    #expect(bench.takeSegments().map(\.flags) == [.rst])
  }

  @Test("RFC 6191: a SYN beyond the old connection's numbers opens a new one out of TIME-WAIT, above the old one's")
  func timeWaitReuse() throws {
    let bench = Bench()
    let listener = try bench.listener()
    var numbers = try #require(bench.handshake())
    try bench.host.close(try bench.host.accept(listener))
    _ = bench.take()
    numbers.host &+= 1
    bench.give(Bench.packet(bench.segment(numbers.peer, numbers.host, [.fin, .ack])))
    _ = bench.take()
    #expect(bench.host.timeWaitCount == 1)
    bench.give(Bench.packet(bench.segment(numbers.peer &+ 1000, 0, .syn)))
    let answer = try #require(bench.takeSegments().first)
    #expect(answer.flags.contains([.syn, .ack]))
    #expect(Int32(bitPattern: answer.sequenceNumber &- numbers.host) > 0)
    #expect(bench.host.timeWaitCount == 0)
  }

  @Test("TIME-WAIT is bounded in count")
  func timeWaitBound() throws {
    let bench = Bench { $0.timeWaitLimit = 10 }
    let listener = try bench.listener()
    for port in 1000..<1050 as Range<UInt16> {
      var numbers = try #require(bench.handshake(from: port))
      try bench.host.close(try bench.host.accept(listener))
      _ = bench.take()
      numbers.host &+= 1
      bench.give(Bench.packet(bench.segment(from: port, numbers.peer, numbers.host, [.fin, .ack])))
      _ = bench.take()
    }
    #expect(bench.host.timeWaitCount == 10)
    #expect(bench.host.connectionCount == 0)
  }

  /// Has the host close a connection first that a peer has opened.
  private func pass(_ bench: Bench, _ listener: Handle, from port: UInt16, of source: IPAddress) throws {
    var numbers = try #require(bench.handshake(from: port, of: source))
    try bench.host.close(try bench.host.accept(listener))
    _ = bench.take()
    numbers.host &+= 1
    let fin = bench.segment(from: port, numbers.peer, numbers.host, [.fin, .ack])
    bench.give(Bench.packet(fin, from: source))
    _ = bench.take()
  }

  /// Whether the host still answers a FIN that comes again, and not by a reset.
  private func waits(_ bench: Bench, for port: UInt16, of source: IPAddress) -> Bool {
    bench.give(Bench.packet(bench.segment(from: port, 101, 0, [.fin, .ack]), from: source))
    return bench.takeSegments().map(\.flags) == [.ack]
  }

  @Test("Where TIME-WAIT is full, the peer that has most gives up his oldest, and nobody else")
  func sharedBySource() throws {
    let bench = Bench { $0.timeWaitLimit = 40 }
    let listener = try bench.listener()
    let others = (0..<8).map { IPAddress.v4(IPv4Address(10, 0, 0, UInt8(100 + $0))) }
    for other in others { try pass(bench, listener, from: 3000, of: other) }
    for port in 4000..<4500 as Range<UInt16> { try pass(bench, listener, from: port, of: Bench.peer4) }
    bench.host.checkInvariants()
    #expect(bench.host.timeWaitCount == 40)
    for other in others { #expect(waits(bench, for: 3000, of: other)) }
    #expect(!waits(bench, for: 4467, of: Bench.peer4))
    #expect(waits(bench, for: 4468, of: Bench.peer4))
    // And who comes later has places too, as many as there are for each.
    for other in others {
      for port in 5000..<5003 as Range<UInt16> { try pass(bench, listener, from: port, of: other) }
    }
    for other in others { for port in [3000, 5000, 5002] as [UInt16] { #expect(waits(bench, for: port, of: other)) } }
    bench.host.checkInvariants()
    bench.now = bench.now + .seconds(121)
    bench.host.advance(to: bench.now)
    #expect(bench.host.timeWaitCount == 0)
    bench.host.checkInvariants()
  }

  @Test(
    "A tuple that comes out of TIME-WAIT again and again takes the same place each time, and waits as long each time"
  )
  func timeWaitReuseAgain() throws {
    let bench = Bench()
    let listener = try bench.listener()
    var peer: UInt32 = 100
    for round in 0..<1000 {
      bench.give(Bench.packet(bench.segment(peer, 0, .syn)))
      let answer = try #require(bench.takeSegments().first, "round \(round)")
      let next = answer.sequenceNumber &+ 1
      bench.give(Bench.packet(bench.segment(peer &+ 1, next, .ack)))
      try bench.host.close(try bench.host.accept(listener))
      _ = bench.take()
      bench.give(Bench.packet(bench.segment(peer &+ 1, next &+ 1, [.fin, .ack])))
      _ = bench.take()
      peer &+= 1000
    }
    #expect(bench.host.timeWaitCount == 1)
    #expect(bench.host.timeWaits.capacity == 1)
    bench.now += .seconds(60)
    // The last FIN comes again: the wait starts over.
    bench.give(Bench.packet(bench.segment(peer &- 999, 0, [.fin, .ack])))
    #expect(bench.host.timeWaits.nextDeadline == bench.now + .seconds(120))
    bench.host.advance(to: bench.now + .seconds(120))
    #expect(bench.host.timeWaitCount == 0)
  }
}
