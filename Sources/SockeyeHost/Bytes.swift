extension [UInt8] {
  /// A copy of raw bytes. The standard library's generic way would bring its strings along where Embedded Swift links what
  /// is used and no more.
  init(copying bytes: UnsafeRawBufferPointer) {
    self.init(unsafeUninitializedCapacity: bytes.count) { room, count in
      UnsafeMutableRawBufferPointer(room).copyMemory(from: bytes)
      count = bytes.count
    }
  }
}

extension MutableRawSpan {
  /// Copies as much of `bytes` as there is room for to the start.
  mutating func copy(_ bytes: RawSpan) {
    withUnsafeMutableBytes { target in
      bytes.withUnsafeBytes { source in
        let count = Swift.min(target.count, source.count)
        UnsafeMutableRawBufferPointer(rebasing: target[..<count])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<count]))
      }
    }
  }

  /// Stores a field in network byte order.
  mutating func store(_ value: UInt16, at offset: Int) {
    storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt16.self)
  }
}
