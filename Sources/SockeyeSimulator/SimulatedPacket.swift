import SockeyeTCP
import SockeyeWire

/// A packet in a simulated network.
struct SimulatedPacket {
  /// Its place among all packets sent, from one; zero where no journal is kept.
  var number: UInt64 = 0
  /// Which endpoint sent it.
  var source: Int
  /// The TCP header, which a run by lengths carries as a value.
  var header: TCPHeader
  /// Which bytes of the sender's stream it carries.
  var payload: Range<UInt64>
  /// The IP header's ECN field.
  var codepoint: ECNCodepoint
  /// What happens to its bytes on the way.
  var corruption: Corruption?
  /// The whole packet as it stands on the wire, in a run that carries bytes; empty in a run by lengths.
  var bytes: [UInt8]
}

/// The packets under way, named by small numbers that are used again.
struct PacketStore {
  private var packets: [SimulatedPacket] = []
  private var free: [Int] = []

  /// How many packets are under way.
  var count: Int { packets.count - free.count }

  /// Takes a packet in and names it.
  mutating func insert(_ packet: SimulatedPacket) -> Int {
    guard let index = free.popLast() else {
      packets.append(packet)
      return packets.count - 1
    }
    packets[index] = packet
    return index
  }

  /// Gives a packet out; its name may then stand for another.
  mutating func remove(_ index: Int) -> SimulatedPacket {
    free.append(index)
    let packet = packets[index]
    if !packet.bytes.isEmpty { packets[index].bytes = [] }
    return packet
  }
}
