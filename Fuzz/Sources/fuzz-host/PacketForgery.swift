import SockeyeWire

/// A packet that is being made of another: fields are written where they would be if the packet were what it says it is,
/// and the checksums are made right, so that what is wrong is seen by more than a checksum.
struct PacketForgery {
  private let memory: UnsafeMutableRawBufferPointer
  private var length: Int
  /// Where the transport header starts.
  private var start: Int

  /// The packet as it stands.
  var bytes: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(rebasing: memory[..<length]) }

  private var isIPv6: Bool { memory[0] >> 4 == 6 }
  private var protocolNumber: UInt8 { memory[isIPv6 ? 6 : 9] }

  init(copying packet: UnsafeMutableRawBufferPointer, into memory: UnsafeMutableRawBufferPointer) {
    self.memory = memory
    memory.copyMemory(from: UnsafeRawBufferPointer(packet))
    length = packet.count
    start = memory[0] >> 4 == 6 ? 40 : Int(memory[0] & 15) * 4
  }

  /// `length` bytes of a pattern behind a good IP header.
  init(
    protocolNumber: UInt8,
    length: Int,
    pattern: UInt32,
    to own: UInt8,
    isIPv6: Bool,
    into memory: UnsafeMutableRawBufferPointer
  ) {
    self.memory = memory
    start = isIPv6 ? 40 : 20
    self.length = start + length
    writeHeader(protocolNumber: protocolNumber, from: 3 - own, to: own, isIPv6: isIPv6)
    var state = pattern
    for index in 0..<length {
      memory[start + index] = UInt8(truncatingIfNeeded: state >> UInt32(8 * (3 - index & 3)))
      if index & 3 == 3, pattern & 1 == 1 { state = state &* 1_664_525 &+ 1_013_904_223 }
    }
  }

  /// An ICMP error that quotes a packet, from whom it was sent to, or from anybody.
  init(
    errorType: UInt8,
    code: UInt8,
    rest: UInt32,
    quoting packet: UnsafeMutableRawBufferPointer,
    isReply: Bool,
    into memory: UnsafeMutableRawBufferPointer
  ) {
    self.memory = memory
    let isIPv6 = packet[0] >> 4 == 6
    start = isIPv6 ? 40 : 20
    let quoted = min(packet.count, 8 + Int(rest >> 24) * 4)
    length = start + 8 + quoted
    let receiver = packet[isIPv6 ? 23 : 15]
    writeHeader(protocolNumber: isIPv6 ? 58 : 1, from: isReply ? 3 - receiver & 3 : 9, to: receiver, isIPv6: isIPv6)
    let types: [UInt8] = isIPv6 ? [1, 2, 2, 3, 4, 0, 128, 100] : [3, 3, 3, 11, 12, 4, 5, 8]
    memory[start] = types[Int(errorType)]
    memory[start + 1] = code
    store(UInt32(rest & 0xFFFF), at: start + 4)
    UnsafeMutableRawBufferPointer(rebasing: memory[(start + 8)...])
      .copyMemory(from: UnsafeRawBufferPointer(rebasing: packet[..<quoted]))
  }

  private func writeHeader(protocolNumber: UInt8, from source: UInt8, to own: UInt8, isIPv6: Bool) {
    for index in 0..<40 { memory[index] = 0 }
    if isIPv6 {
      memory[0] = 0x60
      memory[6] = protocolNumber
      memory[7] = 64
      (memory[8], memory[23]) = (0xFD, source)
      (memory[24], memory[39]) = (0xFD, own)
    } else {
      memory[0] = 0x45
      memory[8] = 64
      memory[9] = protocolNumber
      (memory[12], memory[15]) = (10, source)
      (memory[16], memory[19]) = (10, own)
    }
  }

  // MARK: Fields

  private func load16(_ offset: Int) -> UInt16 {
    UInt16(bigEndian: memory.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }
  private func load32(_ offset: Int) -> UInt32 {
    UInt32(bigEndian: memory.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }
  private func store(_ value: UInt16, at offset: Int) {
    memory.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt16.self)
  }
  private func store(_ value: UInt32, at offset: Int) {
    memory.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt32.self)
  }

  private var headerEnd: Int { start + Int(memory[start + 12] >> 4) * 4 }

  mutating func change(field: UInt8, to value: UInt32) {
    let low = UInt16(truncatingIfNeeded: value)
    switch field {
    case 0: store(load32(start + 4) &+ value, at: start + 4)
    case 1: store(load32(start + 8) &+ value, at: start + 8)
    case 2: store(load32(start + 4) &+ UInt32(bitPattern: Int32(Int16(bitPattern: low))), at: start + 4)
    case 3: store(load32(start + 8) &+ UInt32(bitPattern: Int32(Int16(bitPattern: low))), at: start + 8)
    case 4, 5: memory[start + 13] = UInt8(truncatingIfNeeded: value)
    case 6: store(low, at: start + 14)
    case 7:
      store(low, at: start + 18)
      memory[start + 13] |= 0x20
    case 8: memory[start + 12] = UInt8(truncatingIfNeeded: value)
    case 9:
      for index in 0..<3 {
        memory[start + 20 + Int(value >> 24 % 40) + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index))
      }
    case 10: length = max(start, min(length, headerEnd + Int(value % 1500)))
    case 11: length = min(length + Int(value % 1500), 65_535)
    case 12: store(low, at: isIPv6 ? 4 : 2)
    case 13: store(low, at: isIPv6 ? 6 : 6)
    case 14: memory[isIPv6 ? 6 : 9] = UInt8(truncatingIfNeeded: value)
    case 15: memory[isIPv6 ? 8 + Int(value >> 8) % 32 : 12 + Int(value >> 8) % 8] = UInt8(truncatingIfNeeded: value)
    case 16: store(load16(start) &+ low % 4, at: start)
    case 17: store(load16(start + 2) &+ low % 4, at: start + 2)
    case 18: memory[1] = UInt8(truncatingIfNeeded: value)
    case 19: memory[0] = UInt8(truncatingIfNeeded: value)
    case 20: length = max(1, Int(value) % (length + 1))
    case 21...23: acknowledgeSelectively(value)
    case 24, 25: moveTimestamps(by: value)
    case 26: swapEnds()
    case 27: store(UInt32(1 << 30) &+ value, at: start + 4)
    default: memory[Int(value >> 8) % max(length, 1)] = UInt8(truncatingIfNeeded: value)
    }
  }

  /// Where the values of the timestamps option stand, as far as there is one.
  private var timestamps: Int? {
    let end = min(headerEnd, length)
    var position = start + 20
    while position + 10 <= end {
      switch memory[position] {
      case 0: return nil
      case 1: position += 1
      case 8: return position + 2
      default: position += max(Int(memory[position + 1]), 2)
      }
    }
    return nil
  }

  private func moveTimestamps(by value: UInt32) {
    guard let position = timestamps else { return }
    store(load32(position) &+ value & 0xFFFF, at: position)
    store(load32(position + 4) &+ value >> 16, at: position + 4)
  }

  /// An acknowledgment with SACK blocks near what was acknowledged, some of them impossible, in place of the packet.
  private mutating func acknowledgeSelectively(_ value: UInt32) {
    guard protocolNumber == 6, length >= start + 20 else { return }
    let kept = timestamps.map { (load32($0), load32($0 + 4)) }
    let acknowledged = load32(start + 8)
    var position = start + 20
    if let kept {
      store(UInt32(0x0101_080A), at: position)
      store(kept.0, at: position + 4)
      store(kept.1, at: position + 8)
      position += 12
    }
    let count = 1 + Int(value & 3) % 3
    store(UInt32(0x0101_0500) | UInt32(2 + 8 * count), at: position)
    position += 4
    for block in 0..<UInt32(count) {
      let left = acknowledged &+ (value >> 2 & 0x3FFF) &* (block &+ 1)
      store(left, at: position)
      store(left &+ (value >> 16 & 0x3FFF) &- (value >> 31) &* 0x2000, at: position + 4)
      position += 8
    }
    memory[start + 12] = UInt8((position - start) / 4 << 4)
    memory[start + 13] = 0x10
    length = position
  }

  private func swapEnds() {
    let size = isIPv6 ? 16 : 4
    let first = isIPv6 ? 8 : 12
    for index in 0..<size { memory.swapAt(first + index, first + size + index) }
    for index in 0..<2 { memory.swapAt(start + index, start + 2 + index) }
  }

  /// Leaves only a fragment of an IPv4 packet. Returns whether there is one.
  mutating func cut(from offset: Int, count: Int, isLast: Bool, identification: UInt8) -> Bool {
    guard !isIPv6, start == 20, offset < length - start else { return false }
    let end = isLast ? length : min(length, start + offset + count)
    for index in start + offset..<end { memory[index - offset] = memory[index] }
    length = end - offset
    store(UInt16(identification), at: 4)
    store(UInt16(offset / 8) | (isLast ? 0 : 0x2000), at: 6)
    repair()
    return true
  }

  // MARK: Checksums

  /// Makes lengths and checksums right.
  mutating func repair() {
    if isIPv6 {
      guard length >= 40 else { return }
      store(UInt16(length - 40), at: 4)
    } else {
      guard start >= 20, length >= start else { return }
      store(UInt16(length), at: 2)
      store(UInt16(0), at: 10)
      var sum = InternetChecksum()
      sum.add(UnsafeRawBufferPointer(memory).bytes, in: 0..<start)
      store(sum.checksum, at: 10)
      guard load16(6) & 0x3FFF == 0 else { return }
    }
    let field: Int
    switch protocolNumber {
    case 6: field = 16
    case 17: field = 6
    case 1, 58: field = 2
    default: return
    }
    guard length >= start + field + 2 else { return }
    if protocolNumber == 17 { store(UInt16(length - start), at: start + 4) }
    store(UInt16(0), at: start + field)
    var sum = protocolNumber == 1 ? InternetChecksum() : pseudoHeader
    sum.add(UnsafeRawBufferPointer(memory).bytes, in: start..<length)
    store(sum.udpChecksum, at: start + field)
  }

  private var pseudoHeader: InternetChecksum {
    func address(_ offset: Int) -> IPAddress {
      guard isIPv6 else { return .v4(IPv4Address(rawValue: load32(offset))) }
      let high = UInt64(load32(offset)) << 32 | UInt64(load32(offset + 4))
      let low = UInt64(load32(offset + 8)) << 32 | UInt64(load32(offset + 12))
      return .v6(IPv6Address(high: high, low: low))
    }
    return InternetChecksum(
      pseudoHeaderFrom: address(isIPv6 ? 8 : 12),
      to: address(isIPv6 ? 24 : 16),
      protocolNumber: protocolNumber,
      length: length - start
    )
  }
}
