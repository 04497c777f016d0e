import SockeyeSimulator
import SockeyeWire
import Testing

@Suite("pcapng")
struct PcapngTests {
  private func blocks(_ file: [UInt8]) throws -> [PcapngReader.Block] {
    var reader = PcapngReader()
    var blocks: [PcapngReader.Block] = []
    while let block = try reader.next(in: file.span.bytes) { blocks.append(block) }
    return blocks
  }

  private func packets(_ file: [UInt8]) throws -> [PcapngReader.Packet] {
    try blocks(file).compactMap { if case .packet(let packet) = $0 { packet } else { nil } }
  }

  @Test("A capture is read as it was written")
  func roundTrip() throws {
    var file: [UInt8] = []
    var writer = PcapngWriter(application: "sockeye", comment: "a lossy link", into: &file)
    let first = writer.addInterface(PcapngInterface(name: "a", description: "the left end"), into: &file)
    let second = writer.addInterface(
      PcapngInterface(linkType: .ethernet, snapshotLength: 96, name: "ß"),
      into: &file
    )
    #expect(first == 0 && second == 1)
    let data: [UInt8] = [1, 2, 3, 4, 5]
    writer.addPacket(data.span.bytes, at: 1_763_723_000_123_456_789, interface: 0, into: &file)
    writer.addPacket(
      data.span.bytes.extracting(0..<2),
      at: .max,
      interface: 1,
      direction: .outbound,
      originalLength: 1500,
      comment: "dropped: queue full",
      into: &file
    )
    #expect(file.count.isMultiple(of: 4))

    var reader = PcapngReader()
    guard case .section("a lossy link", "sockeye") = try reader.next(in: file.span.bytes) else {
      Issue.record("no section")
      return
    }
    _ = try reader.next(in: file.span.bytes)
    _ = try reader.next(in: file.span.bytes)
    #expect(reader.interfaces.map(\.name) == ["a", "ß"])
    #expect(reader.interfaces.map(\.description) == ["the left end", ""])
    #expect(reader.interfaces.map(\.linkType) == [.rawIP, .ethernet])
    #expect(reader.interfaces.map(\.snapshotLength) == [0, 96])
    let packets = try packets(file)
    #expect(packets.count == 2)
    #expect(packets[0].time == 1_763_723_000_123_456_789)
    #expect(Array(file[packets[0].bytes]) == data)
    #expect(packets[0].originalLength == 5)
    #expect(packets[0].comment.isEmpty && packets[0].direction == .unknown)
    #expect(packets[1].time == .max)
    #expect(Array(file[packets[1].bytes]) == [1, 2])
    #expect(packets[1].originalLength == 1500)
    #expect(packets[1].comment == "dropped: queue full" && packets[1].direction == .outbound)
  }

  @Test("Packets of every length are padded to words, and can be made in their place")
  func lengths() throws {
    var file: [UInt8] = []
    var writer = PcapngWriter(into: &file)
    let link = writer.addInterface(PcapngInterface(), into: &file)
    let envelope = IPEnvelope(from: .v4(.loopback), to: .v4(.loopback))
    for count in 0...9 {
      let data = [UInt8](repeating: 7, count: count)
      writer.addPacket(length: 28 + count, at: 0, interface: link, into: &file) {
        envelope.emit(UDPHeader(sourcePort: 1, destinationPort: 2), payload: data.span.bytes, into: &$0)
      }
    }
    let packets = try packets(file)
    #expect(packets.map(\.bytes.count) == Array(28...37))
    for packet in packets {
      #expect(try IPv4Header.parse(Array(file[packet.bytes]).span.bytes).payload.count == packet.bytes.count - 20)
    }
  }

  @Test("Text longer than an option can hold is cut between characters")
  func longComment() throws {
    for lead in 0..<4 {
      var file: [UInt8] = []
      let comment = String(repeating: "x", count: lead) + String(repeating: "é", count: 40_000)
      _ = PcapngWriter(comment: comment, into: &file)
      guard case .section(let read, _) = try blocks(file)[0] else { return }
      #expect(read.utf8.count == (lead.isMultiple(of: 2) ? 65534 : 65535))
      #expect(comment.hasPrefix(read))
    }
  }

  @Test("A file cut off at any byte is truncated there, and reads on when there is more")
  func truncatedAtEveryByte() throws {
    var file: [UInt8] = []
    var writer = PcapngWriter(application: "x", into: &file)
    let link = writer.addInterface(PcapngInterface(name: "n"), into: &file)
    writer.addPacket(([1, 2, 3] as [UInt8]).span.bytes, at: 5, interface: link, comment: "c", into: &file)
    var ends: Set<Int> = [0]
    var whole = PcapngReader()
    while try whole.next(in: file.span.bytes) != nil { ends.insert(whole.offset) }
    for count in 0..<file.count {
      let part = Array(file[..<count])
      if ends.contains(count) {
        #expect(throws: Never.self) { try blocks(part) }
      } else {
        #expect(throws: WireError.truncated) { try blocks(part) }
      }
      var reader = PcapngReader()
      while (try? reader.next(in: part.span.bytes)) != nil {}
      while try reader.next(in: file.span.bytes) != nil {}
      #expect(reader.offset == file.count)
    }
  }

  // MARK: Files of others

  /// A block of big-endian numbers.
  private func block(_ type: UInt32, _ body: [UInt8]) -> [UInt8] {
    let length = UInt32(body.count + 12)
    return big(type) + big(length) + body + big(length)
  }

  private func big(_ value: UInt32) -> [UInt8] {
    [UInt8(value >> 24), UInt8(value >> 16 & 0xFF), UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)]
  }

  private var section: [UInt8] {
    block(0x0A0D_0D0A, big(0x1A2B_3C4D) + [0, 1, 0, 0] + [UInt8](repeating: 0xFF, count: 8))
  }

  private func interface(_ options: [UInt8] = [], snapshotLength: UInt32 = 0) -> [UInt8] {
    block(1, [0, 1, 0, 0] + big(snapshotLength) + options)
  }

  private func packet(_ ticks: UInt64, interface: UInt32 = 0) -> [UInt8] {
    let (high, low) = (UInt32(ticks >> 32), UInt32(truncatingIfNeeded: ticks))
    return block(6, big(interface) + big(high) + big(low) + big(2) + big(2) + [8, 9, 0, 0])
  }

  @Test("A big-endian file is read, and each section has interfaces and a byte order of its own")
  func bigEndian() throws {
    var other: [UInt8] = []
    var writer = PcapngWriter(into: &other)
    _ = writer.addInterface(PcapngInterface(name: "little"), into: &other)
    let file = section + interface() + packet(7) + other + section + interface() + packet(8)
    let times = try packets(file).map(\.time)
    #expect(times == [7000, 8000])
    #expect(throws: WireError.invalidField) { try blocks(section + interface() + section + packet(1)) }
  }

  @Test(
    "Times are nanoseconds, whatever the interface counts in",
    arguments: [
      ([], 1_000_001, 1_000_001_000),
      ([0, 9, 0, 1, 0, 0, 0, 0], 3, 3_000_000_000),
      ([0, 9, 0, 1, 9, 0, 0, 0], .max, .max),
      ([0, 9, 0, 1, 6, 0, 0, 0], .max, .max),
      ([0, 9, 0, 1, 12, 0, 0, 0], 1_999_999, 1999),
      ([0, 9, 0, 1, 127, 0, 0, 0], .max, 0),
      ([0, 9, 0, 1, 0x80, 0, 0, 0], 2, 2_000_000_000),
      ([0, 9, 0, 1, 0x8A, 0, 0, 0], 512, 500_000_000),
      ([0, 9, 0, 1, 0x80 | 32, 0, 0, 0], 3 << 31, 1_500_000_000),
      ([0, 9, 0, 1, 0x80 | 20, 0, 0, 0], .max, .max),
      ([0, 9, 0, 1, 0x80 | 64, 0, 0, 0], .max, 999_999_999),
      ([0, 9, 0, 1, 0xFF, 0, 0, 0], .max, 0),
      ([0, 14, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1], 5, 1_000_005_000),
      ([0, 14, 0, 8, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], 1_000_002, 2000),
      ([0, 14, 0, 8, 0x80, 0, 0, 0, 0, 0, 0, 0], 5, 0),
      ([0, 14, 0, 8, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], 5, .max),
    ] as [([UInt8], UInt64, UInt64)]
  )
  func resolutions(options: [UInt8], ticks: UInt64, time: UInt64) throws {
    #expect(try packets(section + interface(options) + packet(ticks)).first?.time == time)
  }

  @Test("A simple packet has no time, and is as long as the snapshot length lets it be")
  func simplePackets() throws {
    let body = big(100) + [UInt8](repeating: 5, count: 8)
    let file = section + interface(snapshotLength: 8) + block(3, body)
    let packet = try #require(try packets(file).first)
    #expect(packet.time == nil)
    #expect(packet.originalLength == 100)
    #expect(Array(file[packet.bytes]) == [UInt8](repeating: 5, count: 8))
    #expect(throws: WireError.invalidLength) { try packets(section + interface() + block(3, body)) }
    #expect(throws: WireError.invalidField) { try packets(section + block(3, body)) }
  }

  @Test("Blocks of other kinds are passed over")
  func otherBlocks() throws {
    let file = section + block(5, [1, 2, 3, 4]) + block(0x0BAD_0000, [])
    let types = try blocks(file).compactMap { if case .other(let type, _) = $0 { type } else { nil } }
    #expect(types == [5, 0x0BAD_0000])
  }

  @Test("What isn't pcapng, or is broken, is refused with a reason")
  func broken() {
    func error(_ file: [UInt8]) -> WireError? {
      do throws(WireError) {
        var reader = PcapngReader()
        while try reader.next(in: file.span.bytes) != nil {}
        return nil
      } catch { return error }
    }
    #expect(error([UInt8](repeating: 0, count: 64)) == .invalidField)
    #expect(error(interface()) == .invalidField)
    #expect(error(section.with(0, at: 8)) == .invalidField)
    #expect(error(section.with(2, at: 13)) == .unsupportedVersion)
    #expect(error(section.with(29, at: 7)) == .invalidLength)
    #expect(error(section.with(8, at: 7)) == .invalidLength)
    #expect(error(section.with(1, at: 27)) == .invalidLength)
    #expect(error(section + block(1, [0, 1])) == .invalidLength)
    #expect(error(section + block(1, [0, 1, 0, 0])) == .invalidLength)
    #expect(error(section + packet(1)) == .invalidField)
    #expect(error(section + interface() + packet(1, interface: 1)) == .invalidField)
    #expect(error(section + interface() + packet(1, interface: .max)) == .invalidField)
    #expect(error(section + interface() + packet(1).with(0xFF, at: 20)) == .invalidLength)
    #expect(error(section + interface() + packet(1).with(5, at: 23)) == .invalidLength)
    #expect(error(section + interface([0, 2, 0, 9, 1, 2, 3, 4])) == .invalidLength)
    #expect(error(section + interface([0, 2, 0xFF, 0xFF])) == .invalidLength)
  }

  @Test("A capture with any bytes changed is read without harm")
  func corrupted() {
    let file = section + interface([0, 9, 0, 1, 9, 0, 0, 0]) + packet(9) + block(5, [1, 2, 3, 4]) + packet(10)
    for seed in 0..<20_000 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      var changed = file
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let byte = ([0, 1, 0x7F, 0xFF, UInt8(truncatingIfNeeded: random.next())] as [UInt8]).randomElement(
          using: &random
        )
        changed[Int.random(in: 0..<file.count, using: &random)] = byte ?? 0
      }
      guard let packets = try? packets(changed) else { continue }
      for packet in packets { #expect(packet.bytes.upperBound <= changed.count, "seed \(seed)") }
    }
  }
}
