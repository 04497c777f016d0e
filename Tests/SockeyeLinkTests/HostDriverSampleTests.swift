import SockeyeHost
import SockeyeLink
import SockeyeTCP
import Testing

/// The sample in the documentation of `HostDriver`, line by line: that this compiles is the test.
private func run(_ host: consuming RingHost, on device: consuming TunnelDevice) throws {
  var driver = try HostDriver(host, on: device)
  while true {
    try driver.turn { host in
      while let socket = host.nextReady() { serve(socket, on: &host) }
    }
  }
}

private func serve(_ socket: Handle, on host: inout RingHost) {}

@Suite("The sample of HostDriver")
struct HostDriverSampleTests {
  @Test("Where there can be no device of a name, opening it says so, before anything runs")
  func noDevice() {
    #expect(throws: LinkError.self) {
      let device = try TunnelDevice(name: "")
      try run(RingHost(configuration: HostConfiguration(seed: 1), now: .zero), on: device)
    }
  }
}
