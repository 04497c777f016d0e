import NIOCore
import SockeyeHost
import SockeyeNIO
import SockeyeSimulatedNetwork
import SockeyeSimulator
import SockeyeTCP
import SockeyeWire
import Testing

@testable import SockeyeGateway

@Suite("A child that means ill, in virtual time")
struct GatewayFloodTests {
  private struct Flood {
    var generator: SeededGenerator

    mutating func draw(_ count: UInt64) -> UInt64 { generator.next() % count }

    /// Where the child is, or says that it is.
    private mutating func source() -> IPAddress {
      draw(16) == 0
        ? .v4(IPv4Address(rawValue: UInt32(truncatingIfNeeded: generator.next()))) : .v4(IPv4Address(10, 0, 2, 15))
    }

    private mutating func destination() -> IPAddress {
      switch draw(4) {
      case 0: .v4(IPv4Address(rawValue: UInt32(truncatingIfNeeded: generator.next())))
      case 1: .v4(IPv4Address(10, 0, 2, 2))
      default: .v4(IPv4Address(198, 51, 100, UInt8(draw(256))))
      }
    }

    mutating func packet() -> [UInt8] {
      var packet = draw(3) == 0 ? datagram() : segment()
      // Some are damaged on purpose.
      if draw(8) == 0 { packet[Int(draw(UInt64(packet.count)))] ^= UInt8(truncatingIfNeeded: generator.next()) }
      if draw(16) == 0 { packet.removeLast(Int(draw(UInt64(packet.count)))) }
      return packet
    }

    private mutating func segment() -> [UInt8] {
      let flags: [TCPFlags] = [.syn, .syn, .syn, .rst, .ack, [.syn, .fin], [.syn, .rst], [.fin, .ack]]
      let header = TCPHeader(
        sourcePort: UInt16(1 + draw(300)),
        destinationPort: UInt16(draw(4) == 0 ? 53 : 1 + draw(1000)),
        sequenceNumber: UInt32(draw(3)),
        flags: flags[Int(draw(8))],
        window: 65_535
      )
      let data = [UInt8](repeating: 7, count: Int(draw(3)))
      let envelope = IPEnvelope(from: source(), to: destination())
      var bytes = [UInt8](repeating: 0, count: envelope.headerLength + header.length + data.count)
      bytes.withUnsafeMutableBytes { buffer in
        var span = buffer.mutableBytes
        envelope.emit(header, payload: data.span.bytes, into: &span)
      }
      return bytes
    }

    private mutating func datagram() -> [UInt8] {
      let data = (0..<Int(draw(64))).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      let header = UDPHeader(
        sourcePort: UInt16(1 + draw(300)),
        destinationPort: UInt16(draw(3) == 0 ? 53 : 1 + draw(1000))
      )
      let envelope = IPEnvelope(from: source(), to: destination())
      var bytes = [UInt8](repeating: 0, count: envelope.headerLength + UDPHeader.length + data.count)
      bytes.withUnsafeMutableBytes { buffer in
        var span = buffer.mutableBytes
        envelope.emit(header, payload: data.span.bytes, into: &span)
      }
      return bytes
    }
  }

  @Test(
    "Whatever it sends, it is held within bounds, and nothing of it is left",
    arguments: 1...3 as ClosedRange<UInt64>
  )
  func flood(seed: UInt64) throws {
    let stage = try GatewayStage(seed: seed) {
      $0.mostPendingStreams = 64
      $0.mostStreams = 16
      $0.mostDatagramSessions = 32
    }
    try stage.listen()
    let loop = try HostEventLoop.cast(stage.gateway.next())
    var flood = Flood(generator: SeededGenerator(seed: seed))
    for _ in 0..<60 {
      let packets = (0..<100).map { _ in flood.packet() }
      let counts = try stage.network.run(
        until: loop.submit { [owner = stage.owner] in
          for packet in packets { loop.host.receive(packet.span.bytes, at: loop.host.now) }
          loop.host.checkInvariants()
          return (loop.host.pendingFlowCount, owner.datagramSessionCount)
        }
      )
      #expect(counts.0 <= 64 && counts.1 <= 32)
      stage.network.run(for: .milliseconds(20))
    }
    stage.network.run(for: .minutes(20))
    #expect(stage.gateway.connectionCount <= 16 && stage.machine.connectionCount <= 16, "what is open was opened")
    let left = try stage.network.run(
      until: loop.submit { [owner = stage.owner] in
        loop.host.checkInvariants()
        return (loop.host.pendingFlowCount, owner.datagramSessionCount)
      }
    )
    #expect(left == (0, 0))
  }
}
