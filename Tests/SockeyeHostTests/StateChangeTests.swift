import SockeyeTCP
import SockeyeWire
import Testing

@testable import SockeyeHost

@Suite("States as a host tells them")
struct StateChangeTests {
  /// What an observer was told.
  private final class Log {
    var changes: [StateChange] = []
    var states: [ConnectionState.Name] { changes.map(\.state) }
  }

  private func watched(_ bench: Bench) -> Log {
    let log = Log()
    bench.host.stateObserver = { log.changes.append($0) }
    return log
  }

  @Test("All states of a passive close are told in order, also those that one segment passes through")
  func passiveClose() throws {
    let bench = Bench()
    let log = watched(bench)
    let listener = try bench.listener()
    bench.give(Bench.packet(bench.segment(100, 0, .syn)))
    let next = try #require(bench.takeSegments().first).sequenceNumber &+ 1
    // The handshake's last segment brings the peer's FIN, and the application closes before anything is sent.
    bench.now = bench.now + .milliseconds(5)
    bench.give(Bench.packet(bench.segment(101, next, [.fin, .ack])))
    try bench.host.close(try bench.host.accept(listener))
    _ = bench.take()
    bench.give(Bench.packet(bench.segment(102, next &+ 1, .ack)))
    #expect(log.states == [.listen, .synReceived, .established, .closeWait, .lastAck, .closed])
    #expect(log.changes.first?.time == .zero && log.changes.last?.time == .zero + .milliseconds(5))
    for change in log.changes {
      #expect(change.local == Endpoint(Bench.own4, port: 80) && change.remote == Endpoint(Bench.peer4, port: 2000))
    }
  }

  /// Connects to a port of the peer, which accepts.
  private func connect(_ bench: Bench) throws -> (socket: Handle, numbers: (host: UInt32, port: UInt16)) {
    let socket = bench.host.makeSocket(.stream, .v4)
    try bench.host.connect(socket, to: Endpoint(Bench.peer4, port: 80))
    let syn = try #require(bench.takeSegments().first)
    let next = syn.sequenceNumber &+ 1
    bench.give(Bench.packet(bench.segment(from: 80, to: syn.sourcePort, 100, next, [.syn, .ack])))
    _ = bench.take()
    return (socket, (next, syn.sourcePort))
  }

  @Test("All states of an active open and close are told, to the end of TIME-WAIT", arguments: [false, true])
  func activeClose(resets: Bool) throws {
    let bench = Bench()
    let log = watched(bench)
    let (socket, numbers) = try connect(bench)
    try bench.host.close(socket)
    _ = bench.take()
    let fin = bench.segment(from: 80, to: numbers.port, 101, numbers.host &+ 1, [.fin, .ack])
    bench.give(Bench.packet(fin))
    _ = bench.take()
    let toTimeWait: [ConnectionState.Name] = [.synSent, .established, .finWait1, .finWait2, .timeWait]
    #expect(log.states == toTimeWait)
    if resets {
      bench.give(Bench.packet(bench.segment(from: 80, to: numbers.port, 102, 0, .rst)))
    } else {
      bench.host.advance(to: bench.now + .seconds(121))
    }
    #expect(log.states == toTimeWait + [.closed])
    #expect(log.changes.last?.local == Endpoint(Bench.own4, port: numbers.port))
    #expect(log.changes.last?.remote == Endpoint(Bench.peer4, port: 80))
  }

  @Test("An end of TIME-WAIT is told once, though the application still has its socket")
  func heldTimeWait() throws {
    let bench = Bench()
    let log = watched(bench)
    let (socket, numbers) = try connect(bench)
    try bench.host.shutdown(socket, .writing)
    _ = bench.take()
    bench.give(Bench.packet(bench.segment(from: 80, to: numbers.port, 101, numbers.host &+ 1, [.fin, .ack])))
    _ = bench.take()
    bench.host.advance(to: bench.now + .seconds(121))
    try bench.host.close(socket)
    #expect(log.states == [.synSent, .established, .finWait1, .finWait2, .timeWait, .closed])
  }

  @Test("A handshake that is reset returns to LISTEN, and one that opens again out of TIME-WAIT closes the old first")
  func returns() throws {
    let bench = Bench { $0.timeWaitLimit = 1 }
    let log = watched(bench)
    let listener = try bench.listener()
    bench.give(Bench.packet(bench.segment(100, 0, .syn)))
    bench.give(Bench.packet(bench.segment(101, 0, .rst)))
    #expect(log.states == [.listen, .synReceived, .listen])
    _ = bench.take()
    var numbers = try #require(bench.handshake())
    try bench.host.close(try bench.host.accept(listener))
    _ = bench.take()
    numbers.host &+= 1
    bench.give(Bench.packet(bench.segment(numbers.peer, numbers.host, [.fin, .ack])))
    _ = bench.take()
    log.changes = []
    bench.give(Bench.packet(bench.segment(numbers.peer &+ 1000, 0, .syn)))
    #expect(log.states == [.closed, .listen, .synReceived])
  }

  @Test("Where TIME-WAIT is full, the one that gives way is told closed")
  func forgotten() throws {
    let bench = Bench { $0.timeWaitLimit = 1 }
    let log = watched(bench)
    let listener = try bench.listener()
    for port in [3000, 3001] as [UInt16] {
      var numbers = try #require(bench.handshake(from: port))
      try bench.host.close(try bench.host.accept(listener))
      _ = bench.take()
      numbers.host &+= 1
      bench.give(Bench.packet(bench.segment(from: port, numbers.peer, numbers.host, [.fin, .ack])))
      _ = bench.take()
    }
    #expect(log.changes.filter { $0.state == .closed }.map(\.remote.port) == [3000])
  }

  @Test("Who begins to watch is told what each connection has passed so far")
  func lateObserver() throws {
    let bench = Bench()
    _ = try bench.listener()
    let numbers = try #require(bench.handshake())
    let log = watched(bench)
    bench.give(Bench.packet(bench.segment(numbers.peer, numbers.host, .ack), [1]))
    #expect(log.states == [.listen, .synReceived, .established])
  }
}
