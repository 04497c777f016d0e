extension TCPOptions {
  /// How many bytes these options take in a header, a multiple of four.
  ///
  /// Options are aligned to words by NOPs as RFC 7323 appendix A recommends, unless they would then not fit; whatever
  /// was parsed fits. More than `maximumLength` can't be emitted.
  public var length: Int {
    @_noLocks get {
      let aligned = alignedLength
      return aligned <= Self.maximumLength ? aligned : (packedLength + 3) & ~3
    }
  }

  /// The timestamps, if there is no other option.
  var timestampAlone: Timestamp? {
    @_noLocks
    @inline(__always)
    get {
      if !sackBlocks.isEmpty || sackPermitted { return nil }
      if case .some = maximumSegmentSize { return nil }
      if case .some = windowScale { return nil }
      if case .some = userTimeout { return nil }
      if case .some = fastOpen { return nil }
      if case .some = accurateECN { return nil }
      return timestamp
    }
  }

  /// How many bytes aligned timestamps take.
  static var alignedTimestampLength: Int { @_noLocks get { 12 } }

  /// Whether one more SACK block would still fit in the header.
  public var hasRoomForSACKBlock: Bool {
    @_noLocks get {
      guard sackBlocks.count < SACKBlocks.capacity else { return false }
      var larger = self
      larger.sackBlocks.append(SACKBlock(left: 0, right: 0))
      return larger.length <= Self.maximumLength
    }
  }

  private var alignedLength: Int {
    @_noLocks get {
      var length = 0
      if case .some = maximumSegmentSize { length += 4 }
      if case .some = timestamp { length += 12 } else if sackPermitted { length += 4 }
      if case .some = windowScale { length += 4 }
      if case .some = userTimeout { length += 4 }
      if let fastOpen { length += (2 + fastOpen.count + 3) & ~3 }
      if let accurateECN { length += (2 + 3 * Int(accurateECN.count) + 3) & ~3 }
      if !sackBlocks.isEmpty { length += 4 + 8 * sackBlocks.count }
      return length
    }
  }

  private var packedLength: Int {
    @_noLocks get {
      var length = 0
      if case .some = maximumSegmentSize { length += 4 }
      if sackPermitted { length += 2 }
      if case .some = timestamp { length += 10 }
      if case .some = windowScale { length += 3 }
      if case .some = userTimeout { length += 4 }
      if let fastOpen { length += 2 + fastOpen.count }
      if let accurateECN { length += 2 + 3 * Int(accurateECN.count) }
      if !sackBlocks.isEmpty { length += 2 + 8 * sackBlocks.count }
      return length
    }
  }

  /// Writes the options at `offset`, where there must be room for `length` bytes, and pads with zero to a whole word
  /// (MUST-69).
  @_noLocks
  func emit(into bytes: inout MutableRawSpan, at offset: Int) {
    let end = offset + length
    var writer = Writer(offset: offset, aligns: alignedLength <= Self.maximumLength)
    if let maximumSegmentSize {
      writer.header(Kind.maximumSegmentSize, length: 4, into: &bytes)
      writer.put(maximumSegmentSize, into: &bytes)
    }
    emitTimestampAndSACKPermitted(&writer, into: &bytes)
    if let windowScale {
      writer.pad(1, into: &bytes)
      writer.header(Kind.windowScale, length: 3, into: &bytes)
      writer.put(windowScale, into: &bytes)
    }
    if let userTimeout {
      writer.header(Kind.userTimeout, length: 4, into: &bytes)
      writer.put(userTimeout.count | (userTimeout.isMinutes ? 0x8000 : 0), into: &bytes)
    }
    if let fastOpen {
      writer.pad(-(2 + fastOpen.count) & 3, into: &bytes)
      writer.header(Kind.fastOpen, length: UInt8(2 + fastOpen.count), into: &bytes)
      for position in 0..<fastOpen.count { writer.put(fastOpen[position], into: &bytes) }
    }
    if let accurateECN {
      emitAccurateECN(accurateECN, &writer, into: &bytes)
    }
    if !sackBlocks.isEmpty {
      writer.pad(2, into: &bytes)
      writer.header(Kind.sack, length: UInt8(2 + 8 * sackBlocks.count), into: &bytes)
      for position in sackBlocks.indices {
        writer.put(sackBlocks[position].left, into: &bytes)
        writer.put(sackBlocks[position].right, into: &bytes)
      }
    }
    while writer.offset < end { writer.put(Kind.endOfList, into: &bytes) }
  }

  @_noLocks
  @inline(__always)
  private func emitTimestampAndSACKPermitted(_ writer: inout Writer, into bytes: inout MutableRawSpan) {
    if sackPermitted {
      if case .none = timestamp { writer.pad(2, into: &bytes) }
      writer.header(Kind.sackPermitted, length: 2, into: &bytes)
    }
    if let timestamp {
      if !sackPermitted { writer.pad(2, into: &bytes) }
      writer.header(Kind.timestamp, length: 10, into: &bytes)
      writer.put(timestamp.value, into: &bytes)
      writer.put(timestamp.echo, into: &bytes)
    }
  }

  @_noLocks
  private func emitAccurateECN(_ option: AccurateECN, _ writer: inout Writer, into bytes: inout MutableRawSpan) {
    let length = 2 + 3 * option.count
    writer.pad(-Int(length) & 3, into: &bytes)
    switch option.order {
    case .ect0First: writer.header(Kind.accurateECN0, length: length, into: &bytes)
    case .ect1First: writer.header(Kind.accurateECN1, length: length, into: &bytes)
    }
    for position in 0..<option.count {
      guard let counter = option.counter(position) else { return }
      writer.put(UInt8(truncatingIfNeeded: counter >> 16), into: &bytes)
      writer.put(UInt16(truncatingIfNeeded: counter), into: &bytes)
    }
  }
}

extension TCPOptions {
  /// A position in the option area. Whoever makes one has seen that the area is large enough.
  private struct Writer {
    var offset: Int
    /// Whether options are aligned by NOPs.
    let aligns: Bool

    @_noLocks
    @inline(__always)
    mutating func pad(_ count: Int, into bytes: inout MutableRawSpan) {
      guard aligns else { return }
      for _ in 0..<count { put(Kind.noOperation, into: &bytes) }
    }

    @_noLocks
    @inline(__always)
    mutating func header(_ kind: UInt8, length: UInt8, into bytes: inout MutableRawSpan) {
      put(kind, into: &bytes)
      put(length, into: &bytes)
    }

    @_noLocks
    @inline(__always)
    mutating func put(_ value: UInt8, into bytes: inout MutableRawSpan) {
      bytes.store(value, at: offset)
      offset += 1
    }

    @_noLocks
    @inline(__always)
    mutating func put(_ value: UInt16, into bytes: inout MutableRawSpan) {
      bytes.storeBigEndian(value, at: offset)
      offset += 2
    }

    @_noLocks
    @inline(__always)
    mutating func put(_ value: UInt32, into bytes: inout MutableRawSpan) {
      bytes.storeBigEndian(value, at: offset)
      offset += 4
    }
  }
}
