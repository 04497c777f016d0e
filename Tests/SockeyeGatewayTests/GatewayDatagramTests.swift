import Glibc
import NIOConcurrencyHelpers
import NIOCore
import SockeyeNIO
import SockeyeSimulatedNetwork
import Testing

@testable import SockeyeGateway

@Suite("Datagrams through a gateway, in virtual time")
struct GatewayDatagramTests {
  private final class Heard: Sendable {
    let bytes = NIOLockedValueBox<[[UInt8]]>([])
    let errors = NIOLockedValueBox<[CInt]>([])

    var handler: DatagramEars {
      DatagramEars { [bytes] datagram, _ in
        bytes.withLockedValue { $0.append(datagram) }
      } failed: { [errors] error in
        errors.withLockedValue { $0.append((error as? IOError)?.errnoCode ?? 0) }
      }
    }
  }

  private func connect(_ stage: GatewayStage, port: Int = 9, _ heard: Heard) throws -> any Channel {
    try stage.network.run(
      until: HostDatagramBootstrap(group: stage.child).channelInitializer { $0.pipeline.addHandler(heard.handler) }
        .connect(host: GatewayStage.serverAddress, port: port)
    )
  }

  /// Answers each datagram with its bytes turned round.
  private func serve(_ stage: GatewayStage, port: Int = 9) throws {
    try stage.network.run(
      until: HostDatagramBootstrap(group: stage.server).channelInitializer { channel in
        channel.pipeline.addHandler(
          DatagramEars { bytes, envelope in
            let answer = ByteBuffer(bytes: bytes.reversed())
            channel.writeAndFlush(AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: answer), promise: nil)
          }
        )
      }.bind(host: GatewayStage.serverAddress, port: port)
    )
  }

  private func records(_ stage: GatewayStage) -> [DatagramRecord] {
    stage.events.compactMap { if case .datagramsEnded(let record) = $0 { record } else { nil } }
  }

  @Test("Datagrams of any length pass both ways, from whom they were sent to, and their end is told after a minute")
  func session() throws {
    let stage = try GatewayStage()
    try serve(stage)
    let heard = Heard()
    let channel = try connect(stage, heard)
    let lengths = [0, 1, 1400, 9000, 65_000]
    for length in lengths {
      channel.writeAndFlush(ByteBuffer(repeating: UInt8(length & 0xFF), count: length), promise: nil)
      stage.network.run(for: .seconds(2))
    }
    #expect(heard.bytes.withLockedValue { $0.map(\.count) } == lengths)
    stage.network.run(for: .seconds(59))
    #expect(records(stage).isEmpty)
    stage.network.run(for: .seconds(8))
    let record = try #require(records(stage).first)
    #expect(record.bytesSent == UInt64(lengths.reduce(0, +)) && record.bytesReceived == record.bytesSent)
    #expect(record.flow.carrier == .datagrams && record.flow.destination.port == 9)
  }

  @Test("That nobody receives them is told inside as it was outside")
  func refused() throws {
    let stage = try GatewayStage()
    let heard = Heard()
    let channel = try connect(stage, heard)
    channel.writeAndFlush(ByteBuffer(string: "x"), promise: nil)
    stage.network.run(for: .seconds(1))
    #expect(heard.errors.withLockedValue { $0 } == [ECONNREFUSED])
  }

  @Test("What a rule closes is refused each time, and told once")
  func denied() throws {
    let stage = try GatewayStage { $0.policy = AccessPolicy(denied: [try AccessRule("198.51.100.0/24")]) }
    try serve(stage)
    let heard = Heard()
    let channel = try connect(stage, heard)
    for _ in 0..<3 {
      channel.writeAndFlush(ByteBuffer(string: "x"), promise: nil)
      stage.network.run(for: .seconds(1))
    }
    #expect(heard.bytes.withLockedValue { $0 }.isEmpty)
    #expect(heard.errors.withLockedValue { $0 } == [ECONNREFUSED, ECONNREFUSED, ECONNREFUSED])
    #expect(stage.refusals == [.denied("198.51.100.0/24")])
  }

  @Test("Sessions are bounded, and the one that has rested longest gives way")
  func bound() throws {
    let stage = try GatewayStage { $0.mostDatagramSessions = 2 }
    for port in 1...3 { try serve(stage, port: port) }
    let heard = Heard()
    for port in 1...3 {
      let channel = try connect(stage, port: port, heard)
      channel.writeAndFlush(ByteBuffer(bytes: [UInt8(port)]), promise: nil)
      stage.network.run(for: .seconds(1))
    }
    #expect(heard.bytes.withLockedValue { $0 } == [[1], [2], [3]])
    #expect(records(stage).map(\.flow.destination.port) == [1])
  }
}
