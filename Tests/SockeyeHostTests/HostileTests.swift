import SockeyeTCP
import SockeyeWire
import Testing

@testable import SockeyeHost

/// What a hostile peer sends to a whole host: each test ends with a client that is still served.
@Suite("Hostile packets")
struct HostileTests {
  /// Whether a new client still connects, sends a byte and has it read.
  private func stillServes(_ bench: Bench, _ listener: Handle, from port: UInt16 = 60_000) throws -> Bool {
    while (try? bench.host.accept(listener)) != nil {}
    _ = bench.take()
    guard let numbers = bench.handshake(from: port), let socket = try? bench.host.accept(listener) else { return false }
    bench.give(Bench.packet(bench.segment(from: port, numbers.peer, numbers.host, [.ack, .psh]), [42]))
    var byte = [UInt8](repeating: 0, count: 1)
    let count = try byte.withUnsafeMutableBytes { try bench.host.read(into: $0, from: socket) }
    return count == 1 && byte == [42]
  }

  /// A packet of each kind, well formed.
  private var packets: [[UInt8]] {
    var syn = TCPHeader(sourcePort: 2000, destinationPort: 80, sequenceNumber: 1, flags: .syn, window: 1000)
    syn.options.maximumSegmentSize = 1460
    syn.options.windowScale = 7
    syn.options.timestamp = TCPOptions.Timestamp(value: 1, echo: 0)
    let data = TCPHeader(
      sourcePort: 2000,
      destinationPort: 80,
      sequenceNumber: 2,
      acknowledgmentNumber: 3,
      flags: [.ack, .psh],
      window: 1000
    )
    return [
      Bench.packet(syn), Bench.packet(data, [1, 2, 3, 4]), Bench.datagram([1, 2, 3], port: 53),
      Bench.icmp(.echoRequest(identifier: 1, sequence: 2), [1, 2, 3]),
      Bench.packet(syn, from: Bench.peer6, to: Bench.own6),
      Bench.datagram([1, 2, 3], port: 53, from: Bench.peer6, to: Bench.own6),
    ]
  }

  @Test("A packet cut anywhere is dropped in silence")
  func truncated() throws {
    let bench = Bench()
    let listener = try bench.listener()
    for packet in packets {
      for count in 0..<packet.count { bench.give(Array(packet[..<count])) }
    }
    #expect(bench.take().isEmpty)
    #expect(bench.host.connectionCount == 0)
    #expect(try stillServes(bench, listener))
  }

  @Test("A byte at its extremes, anywhere in any packet, with every checksum as it should be or not, does no harm")
  func extremes() throws {
    let bench = Bench()
    let listener = try bench.listener(backlog: 4096)
    for packet in packets {
      for offset in packet.indices {
        for value in [0, 1, 0x7F, 0x80, 0xFF] as [UInt8] {
          var changed = packet
          changed[offset] = value
          changed.withUnsafeBytes { bench.host.receive($0, checksumsAreValid: true, at: bench.now) }
        }
      }
      _ = bench.take()
    }
    #expect(try stillServes(bench, listener))
  }

  @Test("Every set of flags, in every state of a connection, does no harm to others")
  func flags() throws {
    let bench = Bench()
    let listener = try bench.listener(backlog: 4096)
    for bits in 0..<512 as Range<UInt16> {
      let flags = TCPFlags(rawValue: bits)
      bench.give(Bench.packet(bench.segment(from: 1000 + bits, 5, 5, flags), [1, 2]))
      let port = 3000 + bits
      if let numbers = bench.handshake(from: port) {
        bench.give(Bench.packet(bench.segment(from: port, numbers.peer, numbers.host, flags), [1, 2]))
        bench.give(Bench.packet(bench.segment(from: port, numbers.peer, numbers.host, flags)))
      }
      while let socket = try? bench.host.accept(listener) { try bench.host.close(socket) }
      _ = bench.take()
    }
    #expect(try stillServes(bench, listener))
  }

  @Test("Options of every kind and length, past the end as well, do no harm")
  func options() throws {
    let bench = Bench()
    let listener = try bench.listener(backlog: 4096)
    for kind in 0...255 as ClosedRange<UInt8> {
      for length in [0, 1, 2, 3, 4, 8, 10, 18, 40, 255] as [UInt8] {
        var packet = packets[0]
        // The options stand behind both headers; their checksum is taken as valid.
        packet[40] = kind
        packet[41] = length
        packet.withUnsafeBytes { bench.host.receive($0, checksumsAreValid: true, at: bench.now) }
      }
      _ = bench.take()
      bench.now += .seconds(400)
      bench.host.advance(to: bench.now)
    }
    #expect(try stillServes(bench, listener))
  }

  @Test("Acknowledgments of what was never sent, and SACK blocks that lie, neither send nor free anything")
  func optimism() throws {
    let bench = Bench()
    let listener = try bench.listener()
    let numbers = try #require(bench.handshake())
    let socket = try bench.host.accept(listener)
    _ = try [UInt8](repeating: 1, count: 100_000).withUnsafeBytes { try bench.host.write($0, to: socket) }
    let before = bench.takeSegments().count
    #expect(before > 0)
    for ahead in [200_000, 1 << 30, 1 << 31] as [UInt32] {
      var header = bench.segment(numbers.peer, numbers.host &+ ahead, .ack)
      bench.give(Bench.packet(header))
      header = bench.segment(numbers.peer, numbers.host, .ack)
      _ = header.options.sackBlocks.append(SACKBlock(left: numbers.host &+ ahead, right: numbers.host &+ ahead &+ 1000))
      bench.give(Bench.packet(header))
    }
    #expect(bench.takeSegments().filter { $0.flags.contains(.psh) }.isEmpty)
    #expect(try bench.host.queuedCounts(of: socket).unacknowledged == 100_000)
    #expect(try stillServes(bench, listener))
  }

  @Test("Segments of a byte, each beyond a gap, are bounded in number, and data in order is still taken")
  func tinySegments() throws {
    let bench = Bench()
    let listener = try bench.listener()
    let numbers = try #require(bench.handshake())
    let socket = try bench.host.accept(listener)
    for index in 0..<20_000 as Range<UInt32> {
      bench.give(Bench.packet(bench.segment(numbers.peer &+ 2 &+ 2 &* index, numbers.host, .ack), [1]))
    }
    #expect(try bench.host.metrics(of: socket).segmentsDroppedForRangeBudget > 0)
    _ = bench.take()
    bench.give(Bench.packet(bench.segment(numbers.peer, numbers.host, .ack), [1, 1]))
    #expect(try bench.host.queuedCounts(of: socket).readable >= 2)
    #expect(try stillServes(bench, listener))
  }

  @Test("A window that is held at zero for ever is probed, not given up, and not flooded")
  func zeroWindow() throws {
    let bench = Bench()
    let listener = try bench.listener()
    let numbers = try #require(bench.handshake())
    let socket = try bench.host.accept(listener)
    var closed = bench.segment(numbers.peer, numbers.host, .ack)
    closed.window = 0
    bench.give(Bench.packet(closed))
    _ = bench.take()
    _ = try ([1, 2, 3] as [UInt8]).withUnsafeBytes { try bench.host.write($0, to: socket) }
    var probes = 0
    for _ in 0..<3600 {
      bench.now += .seconds(1)
      bench.host.advance(to: bench.now)
      for _ in bench.takeSegments() {
        probes += 1
        bench.give(Bench.packet(closed))
      }
    }
    #expect((10...60).contains(probes), "\(probes) probes in an hour")
    #expect(try bench.host.metrics(of: socket).state == .established)
  }
}
