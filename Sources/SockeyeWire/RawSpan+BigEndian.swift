// Loads and stores in network byte order. The offset is not checked here: each parser checks once that the span holds
// what it is about to read, because a check for each field costs more than the field (and stops vectorisation).

extension RawSpan {
  @_noLocks
  @inline(__always)
  func byte(_ offset: Int) -> UInt8 {
    unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt8.self)
  }

  @_noLocks
  @inline(__always)
  func bigEndian16(_ offset: Int) -> UInt16 {
    UInt16(bigEndian: unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt16.self))
  }

  @_noLocks
  @inline(__always)
  func bigEndian32(_ offset: Int) -> UInt32 {
    UInt32(bigEndian: unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt32.self))
  }

  @_noLocks
  @inline(__always)
  func bigEndian64(_ offset: Int) -> UInt64 {
    UInt64(bigEndian: unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
  }
}

extension MutableRawSpan {
  @_noLocks
  @inline(__always)
  mutating func store(_ value: UInt8, at offset: Int) {
    storeBytes(of: value, toUncheckedByteOffset: offset, as: UInt8.self)
  }

  @_noLocks
  @inline(__always)
  mutating func storeBigEndian(_ value: UInt16, at offset: Int) {
    storeBytes(of: value.bigEndian, toUncheckedByteOffset: offset, as: UInt16.self)
  }

  @_noLocks
  @inline(__always)
  mutating func storeBigEndian(_ value: UInt32, at offset: Int) {
    storeBytes(of: value.bigEndian, toUncheckedByteOffset: offset, as: UInt32.self)
  }

  @_noLocks
  @inline(__always)
  mutating func storeBigEndian(_ value: UInt64, at offset: Int) {
    storeBytes(of: value.bigEndian, toUncheckedByteOffset: offset, as: UInt64.self)
  }

  /// Copies `source` to `offset`, where there must be room for it.
  mutating func copy(_ source: RawSpan, at offset: Int) {
    let room = byteCount - offset
    let count = source.byteCount
    precondition(offset >= 0 && count <= room, "no room for the bytes to copy")
    withUnsafeMutableBytes { to in
      source.withUnsafeBytes { from in
        guard let destination = to.baseAddress, let start = from.baseAddress else { return }
        (destination + offset).copyMemory(from: start, byteCount: from.count)
      }
    }
  }
}
