import SockeyeTCP
import SockeyeWire
import Testing

@testable import SockeyeHost

@Suite("Stream sockets")
struct StreamSocketTests {
  @Test("Bytes can be read where they lie, in pieces where the ring wraps, and only what was taken is let go of")
  func readInPlace() throws {
    let bench = Bench()
    let listener = try bench.listener()
    var numbers = try #require(bench.handshake())
    let socket = try bench.host.accept(listener)
    var read: [UInt8] = []
    var sent: [UInt8] = []
    // The ring has 2048 bytes, so the second segment lies around its end.
    for (count, wanted, expected) in [(1400, 1300, 1300), (1000, 5000, 748), (0, 5000, 352)] {
      if count > 0 {
        let data = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ count) }
        sent += data
        bench.give(Bench.packet(bench.segment(numbers.peer, numbers.host, .ack), data))
        numbers.peer &+= UInt32(count)
      }
      let taken = try bench.host.read(from: socket) { bytes in
        read += bytes.withUnsafeBytes { [UInt8]($0.prefix(wanted)) }
        return wanted
      }
      #expect(taken == expected)
    }
    #expect(read == sent)
    #expect(throws: SocketError.wouldBlock) { try bench.host.read(from: socket) { $0.byteCount } }
    bench.give(Bench.packet(bench.segment(numbers.peer, numbers.host, [.ack, .fin])))
    #expect(try bench.host.read(from: socket) { $0.byteCount } == nil)
  }

  @Test("What becomes ready is told once: a listener, a connection by data and by acknowledgment, a datagram's socket")
  func changes() throws {
    let bench = Bench()
    let listener = try bench.listener()
    let datagrams = bench.host.makeSocket(.datagram, .v4)
    try bench.host.bind(datagrams, to: nil, port: 53)
    #expect(bench.host.nextReady() == nil)
    let numbers = try #require(bench.handshake())
    #expect(bench.host.nextReady() == listener)
    let socket = try bench.host.accept(listener)
    #expect(bench.host.nextReady() == nil)
    bench.give(Bench.packet(bench.segment(numbers.peer, numbers.host, [.ack, .psh]), [1]))
    bench.give(Bench.packet(bench.segment(numbers.peer + 1, numbers.host, [.ack, .psh]), [2]))
    bench.give(Bench.datagram([3], port: 53))
    #expect(bench.host.nextReady() == socket)
    #expect(bench.host.nextReady() == datagrams)
    #expect(bench.host.nextReady() == nil)
    _ = try bench.write([9], to: socket)
    _ = bench.take()
    bench.give(Bench.packet(bench.segment(numbers.peer + 2, numbers.host + 1, .ack)))
    #expect(bench.host.nextReady() == socket)
    bench.give(Bench.datagram([4], port: 53))
    try bench.host.close(datagrams)
    #expect(bench.host.nextReady() == nil)
  }

  @Test("What came before a connection was accepted is told when it is: data, and the end")
  func beforeAccept() throws {
    let bench = Bench()
    let listener = try bench.listener()
    let first = try #require(bench.handshake())
    bench.give(Bench.packet(bench.segment(first.peer, first.host, [.ack, .psh]), [1]))
    _ = bench.take()
    let second = try #require(bench.handshake(from: 2001))
    bench.give(Bench.packet(bench.segment(from: 2001, second.peer, second.host, [.ack, .fin])))
    _ = bench.take()
    _ = try #require(bench.handshake(from: 2002))
    #expect(bench.host.nextReady() == listener)
    #expect(bench.host.nextReady() == nil)
    let sockets = try (0..<3).map { _ in try bench.host.accept(listener) }
    #expect(bench.host.nextReady() == sockets[0])
    #expect(bench.host.nextReady() == sockets[1])
    #expect(bench.host.nextReady() == nil)
  }

  @Test("A connection that has nothing to send waits in no line, and a host of such ones has no deadline of now")
  func idleConnections() throws {
    let bench = Bench()
    let listener = try bench.listener()
    let numbers = try #require(bench.handshake())
    let socket = try bench.host.accept(listener)
    #expect(bench.host.sending.isEmpty)
    bench.give(Bench.packet(bench.segment(numbers.peer, numbers.host, .ack)))
    try bench.host.setOptions(try bench.host.options(of: socket), of: socket)
    #expect(bench.host.sending.isEmpty)
    bench.give(Bench.packet(bench.segment(numbers.peer, numbers.host, [.ack, .psh]), [1]))
    _ = bench.take()
    _ = try bench.read(from: socket)
    #expect(bench.host.sending.isEmpty)
    _ = try bench.write([1], to: socket)
    #expect(bench.host.sending.count == 1)
  }
  @Test("TCP_CONGESTION of a connection that is open changes what governs it")
  func lateCongestionControl() throws {
    let bench = Bench()
    let listener = try bench.listener()
    _ = try #require(bench.handshake())
    let socket = try bench.host.accept(listener)
    var options = try bench.host.options(of: socket)
    options.connection.congestionControl = .bbr
    try bench.host.setOptions(options, of: socket)
    var algorithms: [CongestionControlAlgorithm] = []
    bench.host.forEachConnection { algorithms.append($0.congestionControl) }
    #expect(algorithms == [.bbr])
  }
}
