/// The fuzzer's bytes as a header and steps of eight bytes each, so that a step can be changed, inserted or taken out
/// without the others becoming something else.
struct FuzzProgram {
  static let stepLength = 8
  private static let limit = 512

  private let bytes: UnsafeBufferPointer<UInt8>

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
  }

  /// How the hosts are made.
  var header: FuzzStep { step(at: 0) }
  /// How many steps there are.
  var count: Int { min(max(bytes.count / Self.stepLength - 1, 0), Self.limit) }

  subscript(index: Int) -> FuzzStep { step(at: index + 1) }

  private func step(at index: Int) -> FuzzStep {
    func byte(_ offset: Int) -> UInt8 {
      let position = index * Self.stepLength + offset
      return position < bytes.count ? bytes[position] : 0
    }
    var value: UInt32 = 0
    for offset in 4..<8 { value = value << 8 | UInt32(byte(offset)) }
    return FuzzStep(operation: byte(0), a: byte(1), b: byte(2), c: byte(3), value: value)
  }
}

/// One step: what to do, and four arguments that mean whatever it makes of them.
struct FuzzStep {
  var operation: UInt8
  var a: UInt8
  var b: UInt8
  var c: UInt8
  var value: UInt32
}

@_silgen_name("LLVMFuzzerMutate")
private func mutateBytes(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ limit: Int) -> Int

/// Changes an input: as the fuzzer would, or by whole steps, one of which is repeated, moved, taken out or changed in one
/// argument. Sequence numbers, lengths and times want numbers that lie near a border, so those are offered.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutateProgram(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ limit: Int, _ seed: CUnsignedInt) -> Int {
  var random = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
  func draw(_ bound: Int) -> Int {
    random ^= random << 13
    random ^= random >> 7
    random ^= random << 17
    return Int(random >> 33) % max(bound, 1)
  }
  let length = FuzzProgram.stepLength
  let steps = size / length
  guard steps > 2, draw(3) > 0 else { return mutateBytes(data, size, limit) }
  let bytes = UnsafeMutableBufferPointer(start: data, count: limit)
  let from = 1 + draw(steps - 1)
  let to = 1 + draw(steps - 1)
  switch draw(4) {
  case 0 where size + length <= limit:
    // A step is inserted: a copy of another, with its arguments changed.
    let copy = (0..<length).map { bytes[from * length + $0] }
    for index in stride(from: size - 1, through: to * length, by: -1) { bytes[index + length] = bytes[index] }
    for offset in 0..<length { bytes[to * length + offset] = draw(3) == 0 ? UInt8(draw(256)) : copy[offset] }
    return size + length
  case 1:
    for index in to * length..<size - length { bytes[index] = bytes[index + length] }
    return size - length
  case 2:
    let borders: [UInt32] = [
      0, 1, 2, 4, 20, 64, 536, 1447, 1448, 1449, 1460, 0x7FFF, 0x8000, 0xFFFF, 0x1_0000, 0x3FFF_FFFF, 0x4000_0000,
      0x7FFF_FFFF, 0x8000_0000, 0x8000_0001, 0xFFFF_0000, 0xFFFF_FFFE, 0xFFFF_FFFF,
    ]
    let value = borders[draw(borders.count)]
    for offset in 0..<4 {
      bytes[to * length + 4 + offset] = UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * offset))
    }
    return size
  default:
    bytes[to * length + draw(length)] = UInt8(draw(256))
    return size
  }
}
