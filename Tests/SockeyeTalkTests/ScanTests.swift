import NIOCore
import SockeyeTransport
import Synchronization
import Testing

@testable import SockeyeTalk

@Suite("Talk: several ports")
struct ScanTests {
  @Test(
    "Ports are numbers, ranges and names of services, each once and in the order in which they are written",
    arguments: [
      (["h:22,80"], "h:22", [22, 80]), (["h:80,22,80,79-81"], "h:80", [80, 22, 79, 81]),
      (["h:8000-8002"], "h:8000", [8000, 8001, 8002]),
      (["h:ssh,http"], "h:22", [22, 80]), (["h", "1,2"], "h:1", [1, 2]), (["[::1]:5-5,7"], "[::1]:5", [5, 7]),
      (["22,80"], ":22", [22, 80]), (["tcp://h:65535,1"], "tcp://h:65535", [65535, 1]), ([":9,10"], ":9", [9, 10]),
    ] as [([String], String, [UInt16])]
  )
  func lists(words: [String], endpoint: String, ports: [UInt16]) throws {
    let list = try #require(try PortList.parse(words))
    #expect(list.ports == ports && "\(list.endpoint)" == endpoint)
  }

  @Test("All ports are no more than there are, however often they are written")
  func bounded() throws {
    let all = Array(repeating: "1-65535", count: 50).joined(separator: ",")
    #expect(try PortList.parse(["h:\(all)"])?.ports.count == 65535)
  }

  @Test(
    "One port is no list",
    arguments: ["h:22", "h:ssh", "22", "unix:a,b", "h:http-alt", "[::1]:22", "h", "[::1,2]", ""]
  )
  func single(text: String) throws { #expect(try PortList.parse([text]) == nil) }

  @Test(
    "What makes no sense in a list is refused",
    arguments: [
      "h:22,", "h:,22", "h:0,1", "h:0-5", "h:1-65536,2", "h:22,nosuchservice", "h:9-1,2", "h:1,-5", "h:1,2-",
      "h:1,2-3-4",
      "udp://h:1,2", "tls://h:1,2", "::1:22,80", "a b:1,2", "h:1,99999",
    ]
  )
  func refused(text: String) {
    #expect(throws: Failure.self) { _ = try PortList.parse([text]) }
  }

  @Test("Open and closed ports are told apart, in the order of the list, more of them than are tried at a time")
  func scans() async throws {
    let transport = Transport.kernel()
    let listener = try await transport.listen(on: .parse("127.0.0.1:0")) { _ in }
    let open = try #require(listener.addresses.first?.port)
    // Ports below 1024 are nobody's but a system's, and the order isn't that of the numbers.
    let ports = Array(UInt16(600)...900).reversed() + [UInt16(open)]
    let list = try #require(try PortList.parse(["127.0.0.1:\(ports.map { "\($0)" }.joined(separator: ","))"]))
    let found = Mutex<[(port: UInt16, state: PortProbe.State, latency: TimeAmount?)]>([])
    let tally = try await PortScan.run(list, over: transport, options: ConnectOptions()) { probe in
      found.withLock { $0.append((probe.port, probe.state, probe.latency)) }
    }
    let probes = found.withLock { $0 }
    #expect(probes.map(\.port) == ports && probes.last?.state == .open && tally[.open, default: 0] >= 1)
    #expect(tally.values.reduce(0, +) == ports.count && probes.allSatisfy { $0.latency != nil })
    try? await transport.eventLoopGroup.shutdownGracefully()
  }

  @Test("A race's losses make a port closed where somebody refused, and filtered where nobody answered")
  func verdicts() throws {
    let address = try SocketAddress(ipAddress: "192.0.2.1", port: 5)
    func state(_ codes: [CInt], timedOut: Bool = false) throws -> PortProbe.State {
      let failures = codes.map { (address: address, error: IOError(errnoCode: $0, reason: "") as any Error) }
      let lost = RaceLost(timedOut: timedOut, failures: failures)
      return try PortProbe(5, of: address, lost: lost, after: .seconds(1)).state
    }
    #expect(try state([111]) == .closed && state([113, 111], timedOut: true) == .closed && state([104]) == .closed)
    #expect(try state([], timedOut: true) == .filtered && state([113]) == .filtered && state([101, 110]) == .filtered)
    // What this machine lacks is no answer.
    for code in [24, 23, 99, 98, 105, 12] as [CInt] { #expect(throws: Failure.self) { _ = try state([code]) } }
  }
}
