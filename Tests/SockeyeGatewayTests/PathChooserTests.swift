import NIOCore
import SockeyeWire
import Testing

@testable import SockeyeGateway

@Suite("Which path a packet goes")
struct PathChooserTests {
  private static let now = NIODeadline.uptimeNanoseconds(1)

  /// A datagram from the child at port 5000.
  private func datagram(to address: IPAddress, port: UInt16) -> [UInt8] {
    let source: IPAddress = address.isIPv4 ? .v4(IPv4Address(10, 0, 2, 15)) : .v6(IPv6Address(high: 0xFD << 56, low: 1))
    let envelope = IPEnvelope(from: source, to: address)
    var bytes = [UInt8](repeating: 0, count: envelope.headerLength + UDPHeader.length)
    var elements = bytes.mutableSpan
    var span = elements.mutableBytes
    envelope.emit(UDPHeader(sourcePort: 5_000, destinationPort: port), payload: RawSpan(), into: &span)
    return bytes
  }

  private func path(_ packet: [UInt8], _ chooser: PathChooser, comesFromChild: Bool = true) -> Int {
    chooser.path(of: packet.span.bytes, comesFromChild: comesFromChild, now: Self.now)
  }

  private func chooser(_ rules: [String], names: SharedNames = SharedNames(given: [:])) throws -> PathChooser {
    PathChooser(try rules.map { try AccessRule($0) }, names)
  }

  @Test(
    "The first rule about the end outside counts",
    arguments: [
      ("192.0.2.1", UInt16(80), 1), ("192.0.2.9", 443, 2), ("192.0.2.9", 80, 0), ("198.51.100.1", 443, 0),
      ("2001:db8::1", 80, 3), ("2001:db9::1", 80, 0),
    ]
  )
  func first(address: String, port: UInt16, expected: Int) throws {
    let chooser = try chooser(["192.0.2.1", "192.0.2.0/24:443", "2001:db8::/32"])
    let packet = datagram(to: try #require(IPAddress(address)), port: port)
    #expect(path(packet, chooser) == expected)
    // The child's own end is nobody's rule.
    #expect(path(packet, chooser, comesFromChild: false) == 0)
  }

  @Test("Names are those that the child was told")
  func names() throws {
    let names = SharedNames(given: [:])
    let chooser = try chooser(["*.example.com:53"], names: names)
    let address = IPAddress.v4(IPv4Address(192, 0, 2, 1))
    let packet = datagram(to: address, port: 53)
    #expect(path(packet, chooser) == 0)
    names.note(try #require(HostName(ascii: "www.example.com")), address, timeToLive: 60, now: Self.now)
    #expect(path(packet, chooser) == 1)
  }

  @Test("All parts of a packet go one way, whichever of them shows ports")
  func fragments() throws {
    let chooser = try chooser(["192.0.2.1:53"])
    var packet = datagram(to: .v4(IPv4Address(192, 0, 2, 1)), port: 99)
    #expect(path(packet, chooser) == 0)
    for fragment: [UInt8] in [[0x20, 0], [0, 7]] {
      packet.replaceSubrange(6..<8, with: fragment)
      #expect(PacketEnds(packet.span.bytes)?.isFragment == true)
      #expect(path(packet, chooser) == 1)
    }
  }

  @Test("What is no packet, or is cut off anywhere, goes the way of all others or its addresses'")
  func hostile() throws {
    let chooser = try chooser(["192.0.2.1:53", "2001:db8::1"])
    for address in ["192.0.2.1", "2001:db8::1"] {
      let packet = datagram(to: try #require(IPAddress(address)), port: 53)
      for count in 0...packet.count {
        #expect((0...2).contains(path([UInt8](packet.prefix(count)), chooser)))
      }
    }
    #expect(path([], chooser) == 0)
    #expect(path([UInt8](repeating: 0xFF, count: 100), chooser) == 0)
  }
}
