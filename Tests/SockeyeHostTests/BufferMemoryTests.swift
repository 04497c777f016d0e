import SockeyeTCP
import SockeyeWire
import Testing

@testable import SockeyeHost

@Suite("Memory of all connections' buffers")
struct BufferMemoryTests {
  private static let block = [UInt8](repeating: 1, count: 1 << 20)

  /// A connection whose peer takes nothing: its window is closed from the start. Nil where the host takes none.
  private func closedWindow(on bench: Bench, _ listener: Handle, from port: UInt16) throws -> Handle? {
    var syn = bench.segment(from: port, 100, 0, .syn)
    syn.window = 0
    bench.give(Bench.packet(syn))
    guard let answer = bench.takeSegments().first(where: { $0.destinationPort == port }) else { return nil }
    var acknowledgment = bench.segment(from: port, 101, answer.sequenceNumber &+ 1, .ack)
    acknowledgment.window = 0
    bench.give(Bench.packet(acknowledgment))
    return try bench.host.accept(listener)
  }

  @Test("A peer that takes nothing holds 64 KiB of what an application writes, not a full buffer")
  func nothingDrained() throws {
    let bench = Bench()
    let listener = try bench.listener()
    for port in 2000..<2020 as Range<UInt16> {
      let socket = try #require(try closedWindow(on: bench, listener, from: port))
      #expect(try bench.write(Self.block, to: socket) == 65_536)
      #expect(throws: SocketError.wouldBlock) { try bench.write([1], to: socket) }
    }
    #expect(bench.host.bufferedCount == 20 * 65_536)
    bench.host.checkInvariants()
  }

  @Test("What may be written grows with what the peer drains, and with the option SO_SNDBUF is what was asked for")
  func growth() throws {
    let bench = Bench()
    let listener = try bench.listener()
    let numbers = try #require(bench.handshake())
    let socket = try bench.host.accept(listener)
    var acknowledged = numbers.host
    var most = 0
    for _ in 0..<60 {
      while let count = try? bench.write(Self.block, to: socket) { most = max(most, count) }
      for (header, payload) in bench.take().compactMap(Bench.segment) {
        acknowledged = header.sequenceNumber &+ UInt32(payload.count)
        bench.give(Bench.packet(bench.segment(numbers.peer, acknowledged, .ack)))
      }
      bench.now = bench.now + .milliseconds(20)
      bench.host.advance(to: bench.now)
    }
    #expect(bench.host.bufferedCount > 131_072)
    var options = try bench.host.options(of: socket)
    options.connection.sendBuffer = 4_000_000
    options.connection.autotunesSendBuffer = false
    try bench.host.setOptions(options, of: socket)
    _ = try bench.write(Self.block, to: socket)
    #expect(try bench.host.queuedCounts(of: socket).unacknowledged > 1 << 20)
  }

  @Test("Under pressure buffers shrink; at the limit SYNs are dropped and connect refuses, until there is room again")
  func limit() throws {
    let bench = Bench { $0.memoryLimit = 1 << 20 }
    let listener = try bench.listener(backlog: 100)
    var sockets: [Handle] = []
    for port in 2000..<2100 as Range<UInt16> {
      guard let socket = try closedWindow(on: bench, listener, from: port) else { break }
      sockets.append(socket)
      _ = try? bench.write(Self.block, to: socket)
    }
    // Twelve of 64 KiB are three quarters of the limit, and what is left has room for sixteen of 16 KiB.
    #expect(sockets.count == 12 + 16)
    #expect(bench.host.bufferedCount <= 1 << 20)
    #expect(bench.host.statistics.synsDropped == 1)
    let client = bench.host.makeSocket(.stream, .v4)
    #expect(throws: SocketError.noRoom) { try bench.host.connect(client, to: Endpoint(Bench.peer4, port: 80)) }
    bench.host.checkInvariants()
    for socket in sockets {
      var options = try bench.host.options(of: socket)
      options.lingerTime = .zero
      try bench.host.setOptions(options, of: socket)
      try bench.host.close(socket)
    }
    _ = bench.take()
    #expect(bench.host.bufferedCount == 0)
    #expect(try bench.host.connect(client, to: Endpoint(Bench.peer4, port: 80)) == .inProgress)
    bench.host.checkInvariants()
  }

  @Test("At the limit what arrives is dropped beyond the least that each may hold, and comes again when there is room")
  func arrivals() throws {
    let bench = Bench { $0.memoryLimit = 1 << 18 }
    let listener = try bench.listener(backlog: 100)
    let numbers = try #require(bench.handshake())
    let socket = try bench.host.accept(listener)
    var hoarders: [Handle] = []
    for port in 3000..<3010 as Range<UInt16> {
      guard let hoarder = try closedWindow(on: bench, listener, from: port) else { break }
      _ = try bench.write(Self.block, to: hoarder)
      hoarders.append(hoarder)
    }
    #expect(hoarders.count == 7)
    var sequence = numbers.peer
    for _ in 0..<40 {
      bench.give(Bench.packet(bench.segment(sequence, numbers.host, .ack), [UInt8](repeating: 1, count: 1_000)))
      if let last = bench.takeSegments().last { sequence = last.acknowledgmentNumber } else { sequence &+= 1_000 }
    }
    #expect(try bench.host.queuedCounts(of: socket).readable <= 2 * BufferMemory.leastBuffer)
    #expect(bench.host.statistics.payloadsDropped > 0)
    for hoarder in hoarders { try bench.host.close(hoarder) }
    bench.host.checkInvariants()
  }

  @Test("RFC 6429: a peer that answers probes and takes nothing holds what nobody waits for for two minutes")
  func orphan() throws {
    let bench = Bench()
    let listener = try bench.listener()
    let socket = try #require(try closedWindow(on: bench, listener, from: 2000))
    _ = try bench.write(Self.block, to: socket)
    try bench.host.close(socket)
    var reset: Instant?
    for _ in 0..<400 where reset == nil {
      for header in bench.takeSegments() {
        if header.flags.contains(.rst) { reset = bench.now }
        var answer = bench.segment(101, header.sequenceNumber, .ack)
        answer.window = 0
        bench.give(Bench.packet(answer))
      }
      bench.now = bench.now + .seconds(1)
      bench.host.advance(to: bench.now)
    }
    let end = try #require(reset)
    #expect(end >= .zero + .seconds(100) && end <= .zero + .seconds(130))
    #expect(bench.host.connectionCount == 0)
    #expect(bench.host.bufferedCount == 0)
  }
  @Test("A peer that opened its window, and whose word of it got lost for longer than that, gets what was written")
  func silentOrphan() throws {
    let bench = Bench()
    let listener = try bench.listener()
    let socket = try #require(try closedWindow(on: bench, listener, from: 2000))
    _ = try bench.write(Self.block, to: socket)
    try bench.host.close(socket)
    let end = bench.now + .seconds(200)
    var probe: TCPHeader?
    while bench.now < end {
      bench.now = bench.now + .seconds(1)
      bench.host.advance(to: bench.now)
      for header in bench.takeSegments() {
        #expect(!header.flags.contains(.rst))
        probe = header
      }
    }
    let last = try #require(probe)
    bench.give(Bench.packet(bench.segment(101, last.sequenceNumber &+ 1, .ack)))
    #expect(!bench.takeSegments().isEmpty)
    #expect(bench.host.connectionCount == 1)
  }
}
