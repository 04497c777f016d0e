import SockeyeC

/// A TCP segment in an IPv4 packet without options, read byte by byte: the tests know nothing but the C interface.
struct WireSegment {
  let packet: [UInt8]
  /// When it was sent, in microseconds.
  let time: UInt64
  var toB = true

  init?(_ packet: [UInt8], at time: UInt64) {
    guard packet.count >= 40, packet[0] == 0x45, packet[9] == 6 else { return nil }
    self.packet = packet
    self.time = time
  }

  private func word(_ offset: Int) -> UInt16 { UInt16(packet[offset]) << 8 | UInt16(packet[offset + 1]) }

  var destinationPort: UInt16 { word(22) }
  var sequenceNumber: UInt32 { UInt32(word(24)) << 16 | UInt32(word(26)) }
  var acknowledgmentNumber: UInt32 { UInt32(word(28)) << 16 | UInt32(word(30)) }
  var flags: UInt8 { packet[33] }
  var window: UInt16 { word(34) }
  private var headerLength: Int { Int(packet[32] >> 4) * 4 }
  /// Bytes of data.
  var count: Int { packet.count - 20 - headerLength }

  /// What stands in an option, behind its kind and length.
  func option(_ kind: UInt8) -> [UInt8]? {
    var position = 40
    while position < 20 + headerLength, packet[position] != 0 {
      if packet[position] == 1 {
        position += 1
        continue
      }
      let end = position + max(Int(packet[position + 1]), 2)
      if packet[position] == kind { return Array(packet[position + 2..<end]) }
      position = end
    }
    return nil
  }

  /// The same segment without data, and with other flags and another sequence number.
  func with(flags: UInt8, sequenceNumber: UInt32) -> [UInt8] {
    var bytes = Array(packet[..<(20 + headerLength)])
    (bytes[2], bytes[3]) = (0, UInt8(bytes.count))
    bytes[33] = flags
    for index in 0..<4 { bytes[24 + index] = UInt8(truncatingIfNeeded: sequenceNumber >> UInt32(24 - 8 * index)) }
    return Self.completed(bytes)
  }

  /// A SYN from 10.0.0.`host` to port 80 of 10.0.0.2.
  static func syn(from port: UInt16, of host: UInt8 = 1) -> [UInt8] {
    var bytes: [UInt8] = [0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, host, 10, 0, 0, 2]
    bytes += [UInt8(port >> 8), UInt8(port & 0xFF), 0, 80, 0, 0, 0, 9, 0, 0, 0, 0, 0x50, 2, 0xFF, 0xFF, 0, 0, 0, 0]
    return completed(bytes)
  }

  /// The packet with its checksums.
  private static func completed(_ packet: [UInt8]) -> [UInt8] {
    var bytes = packet
    func sum(_ range: Range<Int>) -> UInt32 {
      stride(from: range.lowerBound, to: range.upperBound, by: 2).reduce(0) {
        $0 + UInt32(bytes[$1]) << 8 + ($1 + 1 < range.upperBound ? UInt32(bytes[$1 + 1]) : 0)
      }
    }
    func store(_ sum: UInt32, at offset: Int) {
      let once = sum & 0xFFFF + sum >> 16
      let folded = ~UInt16(truncatingIfNeeded: once & 0xFFFF + once >> 16)
      (bytes[offset], bytes[offset + 1]) = (UInt8(folded >> 8), UInt8(folded & 0xFF))
    }
    for offset in [10, 11, 36, 37] { bytes[offset] = 0 }
    store(sum(0..<20), at: 10)
    store(sum(12..<bytes.count) + 6 + UInt32(bytes.count - 20), at: 36)
    return bytes
  }
}

/// What goes over a pair's wire from now on.
final class WireRecord {
  private(set) var segments: [WireSegment] = []

  init(of pair: Pair) {
    pair.tap = { [unowned pair] toB, packet in
      guard var segment = WireSegment(packet, at: pair.now) else { return }
      segment.toB = toB
      self.segments.append(segment)
    }
  }

  /// Those that carry data from the first host to the second.
  var data: [WireSegment] { segments.filter { $0.toB && $0.count > 0 } }
}
