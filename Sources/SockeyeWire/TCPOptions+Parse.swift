extension TCPOptions {
  /// Reads the option area `area` of `bytes`, which must lie inside it.
  ///
  /// RFC 9293 section 3.1 (MUST-5, MUST-6, MUST-7, MUST-64): options may stand on any segment at any alignment, unknown
  /// ones are skipped, and an illegal length must be coped with. A length that is less than two or runs past the area
  /// ends the options there: what came before it holds, and the segment is processed. A known option of a wrong length
  /// is skipped as an unknown one. The last of several options of one kind holds.
  @_noLocks
  static func parse(_ bytes: RawSpan, area: Range<Int>) -> TCPOptions {
    var options = TCPOptions()
    var offset = area.lowerBound
    // Nearly all segments of a connection in progress carry exactly NOP, NOP, timestamps: one comparison sees it.
    if area.count == 12, bytes.bigEndian32(offset) == alignedTimestampPrefix {
      options.timestamp = Timestamp(value: bytes.bigEndian32(offset + 4), echo: bytes.bigEndian32(offset + 8))
      return options
    }
    while offset < area.upperBound {
      let kind = bytes.byte(offset)
      if kind == Kind.noOperation {
        offset += 1
        continue
      }
      guard kind != Kind.endOfList, offset + 1 < area.upperBound else { break }
      let length = Int(bytes.byte(offset + 1))
      guard length >= 2, length <= area.upperBound - offset else { break }
      options.read(kind: kind, from: bytes, at: offset, length: length)
      offset += length
    }
    return options
  }

  /// NOP, NOP, kind 8, length 10: how timestamps are aligned (RFC 7323 appendix A).
  static var alignedTimestampPrefix: UInt32 { @_noLocks get { 0x0101_080A } }

  @_noLocks
  @inline(__always)
  private mutating func read(kind: UInt8, from bytes: RawSpan, at offset: Int, length: Int) {
    switch (kind, length) {
    case (Kind.maximumSegmentSize, 4):
      maximumSegmentSize = bytes.bigEndian16(offset + 2)
    case (Kind.windowScale, 3):
      windowScale = bytes.byte(offset + 2)
    case (Kind.sackPermitted, 2):
      sackPermitted = true
    case (Kind.timestamp, 10):
      timestamp = Timestamp(value: bytes.bigEndian32(offset + 2), echo: bytes.bigEndian32(offset + 6))
    case (Kind.userTimeout, 4):
      let field = bytes.bigEndian16(offset + 2)
      userTimeout = UserTimeout(count: field, isMinutes: field & 0x8000 != 0)
    case (Kind.sack, _):
      readSACK(bytes, at: offset + 2, length: length - 2)
    case (Kind.fastOpen, _):
      readFastOpen(bytes, at: offset + 2, length: length - 2)
    case (Kind.accurateECN0, _):
      readAccurateECN(.ect0First, bytes, at: offset + 2, length: length - 2)
    case (Kind.accurateECN1, _):
      readAccurateECN(.ect1First, bytes, at: offset + 2, length: length - 2)
    default:
      break
    }
  }

  @_noLocks
  private mutating func readSACK(_ bytes: RawSpan, at offset: Int, length: Int) {
    guard length >= 8, length.isMultiple(of: 8) else { return }
    sackBlocks = SACKBlocks()
    var position = offset
    while position < offset + length {
      sackBlocks.append(SACKBlock(left: bytes.bigEndian32(position), right: bytes.bigEndian32(position + 4)))
      position += 8
    }
  }

  @_noLocks
  private mutating func readFastOpen(_ bytes: RawSpan, at offset: Int, length: Int) {
    if length == 0 {
      fastOpen = .request
    } else if let cookie = FastOpenCookie(bytes, at: offset, count: length) {
      fastOpen = cookie
    }
  }

  @_noLocks
  private mutating func readAccurateECN(_ order: AccurateECN.Order, _ bytes: RawSpan, at offset: Int, length: Int) {
    // RFC 9768 section 3.2.3: of a length that isn't one of 0, 3, 6 and 9, the whole counters that fit are used and
    // the rest is taken for padding.
    let count = min(length / 3, 3)
    func counter(_ index: Int) -> UInt32 {
      guard index < count else { return 0 }
      let position = offset + 3 * index
      return UInt32(bytes.bigEndian16(position)) << 8 | UInt32(bytes.byte(position + 2))
    }
    accurateECN = AccurateECN(
      order: order,
      count: UInt8(count),
      inWireOrder: (counter(0), counter(1), counter(2))
    )
  }
}
