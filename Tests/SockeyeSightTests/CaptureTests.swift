import SockeyeTCP
import SockeyeWire
import Testing

@testable import SockeyeSight

@Suite("Captures")
struct CaptureTests {
  /// A capture of a whole connection, as the laboratory writes it.
  private func pcapng() throws -> [UInt8] { try #require(Scenario.named("close")).run(seed: 1, capture: true).capture }

  /// The same packets in the classic format, behind a link header.
  private func pcap(linkType: UInt32, header: [UInt8], bigEndian: Bool = false, nanoseconds: Bool = false) throws
    -> [UInt8]
  {
    func number(_ value: UInt32) -> [UInt8] {
      let bytes = (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
      return bigEndian ? bytes.reversed() : bytes
    }
    let file = try pcapng()
    var result = number(nanoseconds ? 0xA1B2_3C4D : 0xA1B2_C3D4) + number(0x0004_0002) + number(0) + number(0)
    result += number(262_144) + number(linkType)
    var reader = PcapngReader()
    while let block = try reader.next(in: file.span.bytes) {
      guard case .packet(let packet) = block else { continue }
      let time = packet.time ?? 0
      let length = UInt32(packet.bytes.count + header.count)
      result += number(UInt32(time / 1_000_000_000)) + number(UInt32(time % 1_000_000_000 / (nanoseconds ? 1 : 1_000)))
      result += number(length) + number(length) + header + file[packet.bytes]
    }
    return result
  }

  /// Reads a whole file, in pieces of some size.
  private func read(_ file: [UInt8], piece: Int = .max) throws(CaptureError) -> ConversationTable {
    var table = ConversationTable()
    var reader = CaptureReader()
    var start = 0
    var end = 0
    repeat {
      end = min(file.count, end + min(piece, file.count))
      let window = file.span.bytes.extracting(start..<end)
      while let packet = try reader.next(in: window, isLast: end == file.count) {
        table.add(window.extracting(packet.bytes), packet)
      }
      start += reader.consumed
      reader.dropConsumed()
    } while end < file.count
    return table
  }

  private func check(_ table: ConversationTable) throws {
    let summary = try #require(table.conversations.first)
    #expect(table.conversations.count == 1)
    #expect(summary.segments == (4, 3))
    #expect(summary.states.state(of: .first) == .timeWait)
    #expect(summary.states.state(of: .second) == .closed)
    #expect(summary.handshakeRoundTrip == .milliseconds(20))
  }

  @Test(
    "a capture of the laboratory tells what its engine did, in windows of any size",
    arguments: [1, 7, 64, 1 << 20]
  )
  func pieces(size: Int) throws {
    try check(read(pcapng(), piece: size))
    try check(read(pcap(linkType: 101, header: []), piece: size))
  }

  private static let linkHeaders: [(UInt32, [UInt8])] = [
    (1, [UInt8](repeating: 0, count: 12) + [0x08, 0x00]),
    (1, [UInt8](repeating: 0, count: 12) + [0x81, 0x00, 0x00, 0x05, 0x08, 0x00]),
    (1, [UInt8](repeating: 0, count: 12) + [0x88, 0xA8, 0x00, 0x05, 0x81, 0x00, 0x00, 0x07, 0x08, 0x00]),
    (113, [UInt8](repeating: 0, count: 14) + [0x08, 0x00]),
    (276, [0x08, 0x00] + [UInt8](repeating: 0, count: 18)),
    (0, [2, 0, 0, 0]), (108, [0, 0, 0, 2]), (12, []), (228, []),
  ]

  @Test("the IP packet is found behind every link header", arguments: linkHeaders)
  func links(type: UInt32, header: [UInt8]) throws {
    try check(read(pcap(linkType: type, header: header)))
    try check(read(pcap(linkType: type, header: header, bigEndian: true, nanoseconds: true)))
  }

  @Test("an unknown link type gives packets that are not TCP, not a failure")
  func unknownLink() throws {
    let table = try read(pcap(linkType: 147, header: []))
    #expect(table.conversations.isEmpty && table.otherPackets == 7)
  }

  @Test("truncated at every byte, a capture gives what it holds or a clear error")
  func truncated() throws {
    for file in [try pcapng(), try pcap(linkType: 1, header: [UInt8](repeating: 0, count: 12) + [0x08, 0x00])] {
      for length in file.indices {
        let result = Result { () throws(CaptureError) in try read(Array(file[..<length])) }
        if case .failure(let error) = result { #expect([.truncated, .unknownFormat].contains(error), "at \(length)") }
      }
    }
  }

  @Test("any byte changed, a capture gives a result or a clear error")
  func changed() throws {
    for file in [try pcapng(), try pcap(linkType: 1, header: [UInt8](repeating: 0, count: 12) + [0x08, 0x00])] {
      for index in file.indices {
        for mask in [UInt8(0xFF), 0x80, 0x01] {
          var bytes = file
          bytes[index] ^= mask
          _ = try? read(bytes)
        }
      }
    }
  }

  @Test("conversations beyond the limit are counted and not kept")
  func bounded() throws {
    var limits = ConversationTable.Limits()
    limits.conversations = 0
    var table = ConversationTable(limits: limits)
    let file = try pcapng()
    var reader = CaptureReader()
    while let packet = try reader.next(in: file.span.bytes, isLast: true) {
      table.add(file.span.bytes.extracting(packet.bytes), packet)
    }
    #expect(table.conversations.isEmpty && table.unlistedSegments == 7)
  }
}
