public import SockeyeSimulator
internal import SockeyeTCP

/// What was sent on a simulated network: a digest always, and a capture and lines of text where they are asked for. Two runs
/// were the same if their digests are.
public struct NetworkTrace: Sendable {
  /// How many packets were sent.
  public private(set) var packetCount = 0
  /// FNV-1a (Fowler, Noll and Vo) over the time, the way, the bytes and the fate of each packet.
  public private(set) var digest: UInt64 = 0xCBF2_9CE4_8422_2325
  /// The packets for Wireshark; set it to begin one.
  public var capture: PacketCapture?
  /// A line for each packet; set it to an empty list to begin one.
  public var lines: [String]?

  /// A trace of nothing.
  init() {}

  mutating func add(_ packet: [UInt8], at time: Instant, from sender: String, to receiver: String?, fate: String) {
    packetCount += 1
    mix(UInt64(bitPattern: time.nanoseconds))
    for byte in sender.utf8 { mix(byte) }
    mix(0xFF as UInt8)
    for byte in (receiver ?? "").utf8 { mix(byte) }
    mix(0xFF as UInt8)
    for byte in packet { mix(byte) }
    for byte in fate.utf8 { mix(byte) }
    capture?.add(packet, at: time, fate: fate)
    guard lines != nil else { return }
    let seconds = Double(time.nanoseconds) / 1e9
    let what = fate.isEmpty ? "" : " (\(fate))"
    lines?.append("\(seconds) \(sender) > \(receiver ?? "nobody"): \(packet.count) bytes\(what)")
  }

  private mutating func mix(_ byte: UInt8) {
    digest = (digest ^ UInt64(byte)) &* 0x100_0000_01B3
  }

  private mutating func mix(_ value: UInt64) {
    for shift in stride(from: 0, to: 64, by: 8) { mix(UInt8(truncatingIfNeeded: value >> UInt64(shift))) }
  }
}
