import NIOCore
import SockeyeHost
import SockeyeLink
import SockeyeNIO
import SockeyeWire

/// A NIO application on a TUN device that gives back what comes to port 7: `EchoOnTunnel NAME ADDRESS`, until it is ended.
@main
struct EchoOnTunnel {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 3, let address = IPAddress(arguments[2]) else {
      print("EchoOnTunnel NAME ADDRESS, such as: EchoOnTunnel sock0 10.9.0.2")
      return
    }
    var configuration = HostConfiguration(secret: try .fromSystem())
    configuration.addresses = [InterfaceAddress(address, prefixLength: 24)]
    let group = try HostEventLoopGroup(configuration, on: TunnelDevice(name: arguments[1]))
    let server = try await HostServerBootstrap(group: group).bind(host: arguments[2], port: 7) { channel in
      channel.eventLoop.makeCompletedFuture {
        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
          wrappingChannelSynchronously: channel,
          configuration: .init(isOutboundHalfClosureEnabled: true)
        )
      }
    }
    try await server.executeThenClose { clients in
      try await withThrowingDiscardingTaskGroup { tasks in
        for try await client in clients {
          tasks.addTask {
            // One that breaks off is no reason to leave the others.
            try? await client.executeThenClose { inbound, outbound in
              for try await bytes in inbound { try await outbound.write(bytes) }
            }
          }
        }
      }
    }
  }
}
