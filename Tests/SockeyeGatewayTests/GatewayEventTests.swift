import NIOCore
import Testing

@testable import SockeyeGateway

@Suite("What a gateway tells, as lines of JSON")
struct GatewayEventTests {
  private func flow(_ carrier: GatewayFlow.Carrier = .stream, name: String? = nil) throws -> GatewayFlow {
    GatewayFlow(
      carrier: carrier,
      source: try SocketAddress(ipAddress: "10.0.2.15", port: 4000),
      destination: try SocketAddress(ipAddress: "2001:db8::1", port: 443),
      name: name
    )
  }

  @Test("Each event is one line with what is known")
  func lines() throws {
    let from = #""from":"10.0.2.15:4000","to":"[2001:db8::1]:443""#
    let record = StreamRecord(
      flow: try flow(name: "www.example.com"),
      duration: .milliseconds(1500),
      bytesSent: 10,
      bytesReceived: 2000,
      roundTripTime: .microseconds(120),
      retransmissions: 3,
      cause: .destinationFailed
    )
    let cases: [(GatewayEvent, String)] = [
      (.opened(try flow()), #"{"v":1,"event":"opened","protocol":"tcp",\#(from)}"#),
      (
        .refused(try flow(.datagrams, name: "a.b"), .denied("*.b")),
        #"{"v":1,"event":"refused","protocol":"udp",\#(from),"name":"a.b","reason":"denied","rule":"*.b"}"#
      ),
      (
        .failed(try flow(), .hostUnreachable),
        #"{"v":1,"event":"failed","protocol":"tcp",\#(from),"cause":"host-unreachable"}"#
      ),
      (
        .closed(record),
        #"{"v":1,"event":"closed","protocol":"tcp",\#(from),"name":"www.example.com","seconds":1.500,"sent":10,"received":2000,"#
          + #""rtt_us":120,"retransmissions":3,"cause":"destination-failed"}"#
      ),
      (
        .datagramsEnded(
          DatagramRecord(flow: try flow(.datagrams), duration: .seconds(2), bytesSent: 1, bytesReceived: 2)
        ),
        #"{"v":1,"event":"ended","protocol":"udp",\#(from),"seconds":2.000,"sent":1,"received":2}"#
      ),
      (
        .asked(NameRecord(name: "a.b", type: 1, answer: .addresses(["192.0.2.1"]))),
        #"{"v":1,"event":"name","name":"a.b","type":1,"addresses":["192.0.2.1"]}"#
      ),
      (
        .asked(NameRecord(name: "a.b", type: 28, answer: .failed(code: 3))),
        #"{"v":1,"event":"name","name":"a.b","type":28,"code":3}"#
      ),
      (
        .asked(NameRecord(name: "x\\034y", type: 1, answer: .refused(.notAllowed))),
        #"{"v":1,"event":"name","name":"x\\034y","type":1,"reason":"not-allowed"}"#
      ),
    ]
    for (event, line) in cases { #expect(event.line == line) }
  }
}
