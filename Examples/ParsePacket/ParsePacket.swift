import SockeyeWire

/// Takes a packet apart, and says what is wrong with a damaged one.
@main
struct ParsePacket {
  /// The SYN of a connection from 192.0.2.1 to port 80 of 192.0.2.2.
  static let packet: [UInt8] = [
    0x45, 0x00, 0x00, 0x2C, 0x00, 0x01, 0x00, 0x00, 0x40, 0x06, 0xF6, 0xC7, 192, 0, 2, 1, 192, 0, 2, 2,
    0xC0, 0x00, 0x00, 0x50, 0x00, 0x00, 0x00, 0x01, 0, 0, 0, 0, 0x60, 0x02, 0xFA, 0xF0, 0x00, 0x00, 0x00, 0x00,
    0x02, 0x04, 0x05, 0xB4,
  ]

  static func main() throws {
    let ip = try IPv4Header.parse(packet.span.bytes)
    let tcp = try TCPHeader.parse(packet.span.bytes.extracting(ip.payload))
    print("\(ip.header.source):\(tcp.header.sourcePort) to \(ip.header.destination):\(tcp.header.destinationPort)")
    print("\(tcp.header.flags), sequence number \(tcp.header.sequenceNumber), window \(tcp.header.window)")

    do {
      _ = try IPv4Header.parse(packet.span.bytes.extracting(0..<10))
    } catch {
      print("Ten bytes of it: \(error)")
    }
  }
}
