/// The fuzzer's bytes, taken one value at a time; zeros when they have run out.
struct FuzzInput {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var position = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
  }

  /// Whether there is nothing left.
  var isEmpty: Bool { position >= bytes.count }

  mutating func byte() -> UInt8 {
    guard position < bytes.count else { return 0 }
    defer { position += 1 }
    return bytes[position]
  }

  mutating func word() -> UInt16 { UInt16(byte()) << 8 | UInt16(byte()) }

  mutating func doubleWord() -> UInt32 { UInt32(word()) << 16 | UInt32(word()) }

  /// A number from one byte, on a scale that reaches from 0 to 2³¹ and is finer where it is small.
  mutating func magnitude() -> UInt32 {
    let byte = byte()
    return UInt32(byte & 7) << UInt32(byte >> 3 & 31) & 0x7FFF_FFFF
  }
}
