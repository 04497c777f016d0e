import SockeyeHost
import SockeyeLink
import SockeyeWire

/// A host on a TUN device that gives back what comes to port 7: `TunnelEcho NAME ADDRESS`, until it is ended.
@main
struct TunnelEcho {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 3, let address = IPAddress(arguments[2]) else {
      print("TunnelEcho NAME ADDRESS, such as: TunnelEcho sock0 10.9.0.2")
      return
    }
    let device = try TunnelDevice(name: arguments[1])
    var configuration = HostConfiguration(secret: try .fromSystem())
    configuration.addresses = [InterfaceAddress(address, prefixLength: 24)]
    configuration.fit(mtu: device.maximumTransmissionUnit, hasOffload: true)
    var host = RingHost(configuration: configuration, now: MonotonicClock.now)
    let listener = host.makeSocket(.stream, address.isIPv4 ? .v4 : .v6)
    try host.bind(listener, to: nil, port: 7)
    try host.listen(listener, backlog: 128)
    var driver = try HostDriver(host, on: device)
    while true {
      try driver.turn { host in
        while let ready = host.nextReady() {
          if ready == listener {
            while let accepted = try? host.accept(listener) { echo(accepted, on: &host) }
          } else {
            echo(ready, on: &host)
          }
        }
      }
    }
  }

  /// Gives back what there is, as long as the peer takes it. What it doesn't take stays, and the peer is told to wait.
  private static func echo(_ handle: Handle, on host: inout RingHost) {
    var room = [UInt8](repeating: 0, count: 65_536)
    do throws(SocketError) {
      while true {
        var span = room.mutableSpan
        var bytes = span.mutableBytes
        let count = try host.read(into: &bytes, peeks: true, from: handle)
        guard count > 0 else { return try host.close(handle) }
        let taken = try host.write(room.span.bytes.extracting(0..<count), to: handle)
        // What was taken is let go; it may lie in two pieces.
        var rest = taken
        while rest > 0 { rest -= try host.read(from: handle) { min(rest, $0.byteCount) } ?? rest }
      }
    } catch .wouldBlock {
      return
    } catch {
      try? host.close(handle)
    }
  }
}
