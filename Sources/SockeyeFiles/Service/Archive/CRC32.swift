/// The CRC-32 of zip files: polynomial 0x04C11DB7, reflected.
struct CRC32 {
  private var state: UInt32 = 0xffff_ffff

  /// Eight tables, so that eight bytes are taken at a time.
  private static let tables: [[UInt32]] = {
    var first = [UInt32](repeating: 0, count: 256)
    for index in 0..<256 {
      var value = UInt32(index)
      for _ in 0..<8 { value = value & 1 == 1 ? 0xedb8_8320 ^ (value >> 1) : value >> 1 }
      first[index] = value
    }
    var tables = [first]
    for _ in 1..<8 {
      let previous = tables[tables.count - 1]
      tables.append(previous.map { first[Int($0 & 255)] ^ ($0 >> 8) })
    }
    return tables
  }()

  private static let flat: [UInt32] = Self.tables.flatMap { $0 }

  /// Takes bytes.
  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    var crc = self.state
    var index = 0
    Self.flat.withUnsafeBufferPointer { table in
      while bytes.count - index >= 8 {
        let low = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self)) ^ crc
        let high = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index + 4, as: UInt32.self))
        crc = table[1792 + Int(low & 255)] ^ table[1536 + Int(low >> 8 & 255)]
        crc ^= table[1280 + Int(low >> 16 & 255)] ^ table[1024 + Int(low >> 24)]
        crc ^= table[768 + Int(high & 255)] ^ table[512 + Int(high >> 8 & 255)]
        crc ^= table[256 + Int(high >> 16 & 255)] ^ table[Int(high >> 24)]
        index += 8
      }
      while index < bytes.count {
        crc = table[Int((crc ^ UInt32(bytes[index])) & 255)] ^ (crc >> 8)
        index += 1
      }
    }
    self.state = crc
  }

  /// The checksum of what was taken so far.
  var value: UInt32 { ~self.state }
}
