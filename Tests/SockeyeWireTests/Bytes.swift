import SockeyeWire

/// SplitMix64: the same bytes for the same seed, everywhere.
struct Seeded: RandomNumberGenerator {
  var state: UInt64

  init(_ seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &self) }
  }

  mutating func chance(_ one: Int, in many: Int = 2) -> Bool {
    Int.random(in: 0..<many, using: &self) < one
  }
}

/// What `emit` writes into `count` bytes that held something else before.
func emitting(_ count: Int, _ emit: (inout MutableRawSpan) -> Void) -> [UInt8] {
  var bytes = [UInt8](repeating: 0xEE, count: count)
  bytes.withUnsafeMutableBytes { buffer in
    var span = buffer.mutableBytes
    emit(&span)
  }
  return bytes
}

/// The bytes of a header, emitted into a buffer of exactly its length.
func emitted(_ header: TCPHeader) -> [UInt8] {
  emitting(header.length) { header.emit(into: &$0) }
}

extension [UInt8] {
  /// The same bytes with another at one position.
  func with(_ byte: UInt8, at position: Int) -> [UInt8] {
    var copy = self
    copy[position] = byte
    return copy
  }
}
