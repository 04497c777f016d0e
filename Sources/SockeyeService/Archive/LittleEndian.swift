import NIOCore

extension ByteBuffer {
  /// Writes a number as zip has it.
  mutating func writeLittle<Number: FixedWidthInteger>(_ number: Number) {
    writeInteger(number, endianness: .little)
  }
}
