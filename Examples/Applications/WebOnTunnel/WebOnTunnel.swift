import SockeyeHost
import SockeyeLink
import SockeyeNIO
import SockeyeWire
import Web

/// The web application on a TUN device: `WebOnTunnel NAME ADDRESS`, until it is ended.
@main
struct WebOnTunnel {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 3, let address = IPAddress(arguments[2]) else {
      print("WebOnTunnel NAME ADDRESS, such as: WebOnTunnel sock0 10.9.0.2")
      return
    }
    var configuration = HostConfiguration(secret: try .fromSystem())
    configuration.addresses = [InterfaceAddress(address, prefixLength: 24)]
    let group = try HostEventLoopGroup(configuration, on: TunnelDevice(name: arguments[1]))
    try await serveLetters(on: group, host: arguments[2]).get().closeFuture.get()
  }
}
