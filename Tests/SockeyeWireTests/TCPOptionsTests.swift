import SockeyeSimulator
import SockeyeWire
import Testing

@Suite("TCP options")
struct TCPOptionsTests {
  /// The options that `area`, padded with zeros to whole words, says.
  private func parse(_ area: [UInt8], padding: UInt8 = 0) throws -> TCPOptions {
    let padded = area + [UInt8](repeating: padding, count: -area.count & 3)
    let words = UInt8(5 + padded.count / 4)
    let header: [UInt8] = [UInt8](repeating: 0, count: 12) + [words << 4] + [UInt8](repeating: 0, count: 7)
    return try TCPHeader.parse((header + padded).span.bytes).header.options
  }

  /// The option area that `options` is written as.
  private func area(_ options: TCPOptions) -> [UInt8] {
    let header = TCPHeader(sourcePort: 0, destinationPort: 0, sequenceNumber: 0, flags: [], options: options)
    return Array(emitted(header)[20...])
  }

  @Test("MUST-4: end of list and no-operation are known, and nothing behind the end counts")
  func endAndNoOperation() throws {
    var expected = TCPOptions()
    expected.windowScale = 3
    #expect(try parse([1, 1, 3, 3, 3, 0, 3, 3]) == expected)
    #expect(try parse([0, 3, 3, 7]) == TCPOptions())
    #expect(try parse([0, 2, 3, 3, 7]) == TCPOptions())
  }

  @Test("MUST-6: an option of any unknown kind is skipped, whatever its length")
  func unknownKinds() throws {
    let known: Set<UInt8> = [0, 1, 2, 3, 4, 5, 8, 28, 34, 172, 174]
    for kind in UInt8.min...UInt8.max where !known.contains(kind) {
      for length in [2, 3, 10, 36] {
        let unknown = [kind, UInt8(length)] + [UInt8](repeating: 2, count: length - 2)
        let options = try parse(unknown + (length == 36 ? [2, 4, 5, 0xB4] : [1, 2, 4, 5, 0xB4]))
        #expect(options.maximumSegmentSize == 1460, "kind \(kind) length \(length)")
      }
    }
  }

  @Test("MUST-7: lengths of 0, of 1 and past the end stop the options and keep what came before")
  func illegalLengths() throws {
    let before: [UInt8] = [3, 3, 9]
    for kind in [2, 3, 4, 5, 8, 28, 34, 172, 174, 253] as [UInt8] {
      for length in [0, 1] as [UInt8] {
        let options = try parse(before + [kind, length, 2, 4, 5, 0xB4])
        #expect(options.windowScale == 9)
        #expect(options.maximumSegmentSize == nil, "kind \(kind) length \(length)")
      }
      for length in 9...255 {
        // Eight bytes are left from here on.
        let options = try parse(before + [1, kind, UInt8(length), 0, 0, 0, 0, 0, 0])
        var expected = TCPOptions()
        expected.windowScale = 9
        #expect(options == expected, "kind \(kind) length \(length)")
      }
    }
  }

  @Test("MUST-7: a kind in the last byte of the area, where no length fits, is not read beyond it")
  func kindInLastByte() throws {
    for kind in [2, 3, 4, 5, 8, 28, 34, 172, 174, 253] as [UInt8] {
      #expect(try parse([1, 1, 1, kind]) == TCPOptions())
    }
  }

  @Test("MUST-7: a known kind of a wrong length says nothing, and what follows it does")
  func wrongLengths() throws {
    let right: [UInt8: Set<Int>] = [2: [4], 3: [3], 4: [2], 5: [10, 18, 26, 34], 8: [10], 28: [4]]
    for (kind, lengths) in right {
      for length in 2...36 where !lengths.contains(length) {
        let wrong = [kind, UInt8(length)] + [UInt8](repeating: 7, count: length - 2)
        let options = try parse(wrong + [172, 2])
        var expected = TCPOptions()
        expected.accurateECN = TCPOptions.AccurateECN(
          order: .ect0First,
          ect0Bytes: 0,
          ceBytes: 0,
          ect1Bytes: 0,
          count: 0
        )
        #expect(options == expected, "kind \(kind) length \(length)")
      }
    }
  }

  @Test("MUST-64: options are read at every alignment")
  func alignments() throws {
    let option: [UInt8] = [8, 10, 1, 2, 3, 4, 5, 6, 7, 8]
    for padding in 0...30 {
      let options = try parse([UInt8](repeating: 1, count: padding) + option)
      #expect(options.timestamp == TCPOptions.Timestamp(value: 0x0102_0304, echo: 0x0506_0708))
    }
  }

  @Test("The usual aligned timestamps are read the short way and the long way alike")
  func alignedTimestamp() throws {
    let aligned: [UInt8] = [1, 1, 8, 10, 0xFF, 0xFF, 0xFF, 0xFF, 0x80, 0, 0, 0]
    let expected = TCPOptions.Timestamp(value: 0xFFFF_FFFF, echo: 0x8000_0000)
    #expect(try parse(aligned).timestamp == expected)
    #expect(try parse(aligned + [1, 1, 1, 1]).timestamp == expected)
    var options = TCPOptions()
    options.timestamp = expected
    #expect(area(options) == aligned)
  }

  @Test("One to four SACK blocks are read in their order")
  func sackBlocks() throws {
    for count in 1...4 {
      var bytes: [UInt8] = [5, UInt8(2 + 8 * count)]
      var expected = SACKBlocks()
      for block in 0..<UInt8(count) {
        bytes += [block, 0, 0, 1, block, 0, 0, 9]
        expected.append(SACKBlock(left: UInt32(block) << 24 | 1, right: UInt32(block) << 24 | 9))
      }
      #expect(try parse(bytes).sackBlocks == expected)
    }
  }

  @Test("A fast-open cookie has 4 to 16 bytes, an even number; none asks for one; other lengths say nothing")
  func fastOpen() throws {
    for length in 0...20 {
      let cookie = (0..<UInt8(length)).map { $0 &+ 100 }
      let fastOpen = try parse([34, UInt8(2 + length)] + cookie).fastOpen
      if length == 0 {
        #expect(fastOpen == .request)
        #expect(fastOpen?.isRequest == true)
      } else if (4...16).contains(length), length.isMultiple(of: 2) {
        let read = try #require(fastOpen)
        #expect((0..<read.count).map { read[$0] } == cookie)
        #expect(read == FastOpenCookie(cookie.span.bytes))
      } else {
        #expect(fastOpen == nil)
        #expect(length == 0 || FastOpenCookie(cookie.span.bytes) == nil)
      }
    }
    #expect(FastOpenCookie(0x0102_0304_0506_0708) == FastOpenCookie(([1, 2, 3, 4, 5, 6, 7, 8] as [UInt8]).span.bytes))
    #expect(FastOpenCookie(1) != FastOpenCookie(2))
  }

  @Test("RFC 9768: accurate ECN may stop after any counter, starts with either, and is padded by what doesn't fit")
  func accurateECN() throws {
    let counters: [UInt8] = [0, 0, 1, 0, 0, 2, 0xFF, 0xFF, 0xFF, 9, 9]
    for length in 0...11 {
      let body = Array(counters[..<length])
      let first = try #require(try parse([172, UInt8(2 + length)] + body).accurateECN)
      #expect(first.count == UInt8(min(length / 3, 3)))
      #expect(first.ect0Bytes == (length >= 3 ? 1 : nil))
      #expect(first.ceBytes == (length >= 6 ? 2 : nil))
      #expect(first.ect1Bytes == (length >= 9 ? 0xFF_FFFF : nil))
      let second = try #require(try parse([174, UInt8(2 + length)] + body).accurateECN)
      #expect(second.ect1Bytes == (length >= 3 ? 1 : nil))
      #expect(second.ceBytes == (length >= 6 ? 2 : nil))
      #expect(second.ect0Bytes == (length >= 9 ? 0xFF_FFFF : nil))
    }
    let cut = TCPOptions.AccurateECN(order: .ect1First, ect0Bytes: 0x0100_0005, ceBytes: 1, ect1Bytes: 0xFFFF_FFFF)
    #expect(cut.ect0Bytes == 5)
    #expect(cut.ect1Bytes == 0xFF_FFFF)
  }

  @Test("RFC 5482: a user timeout counts seconds or minutes in fifteen bits")
  func userTimeout() throws {
    #expect(try parse([28, 4, 0x00, 0x1E]).userTimeout?.seconds == 30)
    #expect(try parse([28, 4, 0x80, 0x02]).userTimeout?.seconds == 120)
    #expect(try parse([28, 4, 0xFF, 0xFF]).userTimeout?.seconds == 1_966_020)
    #expect(TCPOptions.UserTimeout(count: 0xFFFF, isMinutes: false).count == 0x7FFF)
  }

  @Test("Of two options of one kind the last holds")
  func repeated() throws {
    #expect(try parse([3, 3, 1, 3, 3, 2]).windowScale == 2)
    let twice: [UInt8] = [5, 18] + [UInt8](repeating: 1, count: 16) + [5, 10] + [UInt8](repeating: 2, count: 8)
    #expect(try parse(twice).sackBlocks.count == 1)
  }

  @Test("MUST-68: every option but end of list and no-operation is written with its length")
  func lengths() {
    for seed in 0..<1_000 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let options = TCPOptions.random(using: &random)
      guard options.length <= TCPOptions.maximumLength else { continue }
      let written = area(options)
      var position = 0
      while position < written.count, written[position] != 0 {
        if written[position] == 1 {
          position += 1
          continue
        }
        guard position + 1 < written.count, written[position + 1] >= 2 else {
          Issue.record("kind \(written[position]) has no length, seed \(seed)")
          return
        }
        position += Int(written[position + 1])
      }
      #expect(position <= written.count, "seed \(seed)")
      #expect(written.dropFirst(position).allSatisfy { $0 == 0 }, "seed \(seed)")
    }
  }

  @Test("MUST-69: what doesn't fill the last word is padded with zero")
  func padding() {
    var options = TCPOptions()
    options.maximumSegmentSize = 1
    options.timestamp = TCPOptions.Timestamp(value: 1, echo: 2)
    options.windowScale = 0
    options.fastOpen = FastOpenCookie(.max)
    options.accurateECN = TCPOptions.AccurateECN(order: .ect0First, ect0Bytes: 1, ceBytes: 2, ect1Bytes: .max)
    // Aligned these would take 44 bytes; packed they take 38.
    #expect(options.length == 40)
    #expect(area(options).suffix(3) == [0xFF, 0, 0])
  }

  @Test("There is room for SACK blocks exactly while the header can hold them")
  func roomForSACK() {
    var options = TCPOptions()
    for _ in 0..<4 {
      #expect(options.hasRoomForSACKBlock)
      options.sackBlocks.append(SACKBlock(left: 1, right: 2))
    }
    #expect(!options.hasRoomForSACKBlock)
    let fits = options.sackBlocks.append(SACKBlock(left: 1, right: 2))
    #expect(!fits)
    options.timestamp = TCPOptions.Timestamp(value: 1, echo: 2)
    options.sackBlocks.truncate(to: 2)
    #expect(options.hasRoomForSACKBlock)
    options.sackBlocks.append(SACKBlock(left: 1, right: 2))
    #expect(!options.hasRoomForSACKBlock)
    #expect(options.length == 40)
  }

  @Test("Whatever fits is read as it was written")
  func roundTrips() throws {
    for seed in 0..<20_000 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let options = TCPOptions.random(using: &random)
      guard options.length <= TCPOptions.maximumLength else { continue }
      let written = area(options)
      #expect(written.count == options.length)
      let read = try parse(written)
      #expect(read == options, "seed \(seed)")
    }
  }
}

extension TCPOptions {
  /// Each option with even chances, each field at random.
  static func random(using random: inout SeededGenerator) -> TCPOptions {
    func word(_ random: inout SeededGenerator) -> UInt32 { UInt32(truncatingIfNeeded: random.next()) }
    var options = TCPOptions()
    if random.chance(0.5) { options.maximumSegmentSize = UInt16(truncatingIfNeeded: random.next()) }
    if random.chance(0.5) { options.windowScale = UInt8(truncatingIfNeeded: random.next()) }
    options.sackPermitted = random.chance(0.5)
    if random.chance(0.5) { options.timestamp = Timestamp(value: word(&random), echo: word(&random)) }
    if random.chance(1 / 4) {
      options.userTimeout = UserTimeout(count: UInt16(truncatingIfNeeded: random.next()), isMinutes: random.chance(0.5))
    }
    if random.chance(1 / 4) {
      let bytes = random.bytes(2 * Int.random(in: 2...8, using: &random))
      options.fastOpen = random.chance(1 / 3) ? .request : FastOpenCookie(bytes.span.bytes)
    }
    if random.chance(1 / 4) {
      options.accurateECN = AccurateECN(
        order: random.chance(0.5) ? .ect0First : .ect1First,
        ect0Bytes: word(&random),
        ceBytes: word(&random),
        ect1Bytes: word(&random),
        count: Int.random(in: 0...3, using: &random)
      )
    }
    if random.chance(0.5) {
      for _ in 0..<Int.random(in: 0...4, using: &random) {
        options.sackBlocks.append(SACKBlock(left: word(&random), right: word(&random)))
      }
    }
    return options
  }
}
