/// A cyclic redundancy check, described by the parameters of the Rocksoft model.
public struct CRC: Hashable, Sendable {
  /// The name in the catalogue of parametrised CRC algorithms.
  public let name: String
  /// How many bits it has: 8, 16 or 32.
  public let width: Int
  /// The polynomial, its highest term left out.
  public let polynomial: UInt32
  /// What the register starts with.
  public let initialValue: UInt32
  /// Whether bytes go in, and the result comes out, least significant bit first.
  public let isReflected: Bool
  /// What the register is combined with in the end.
  public let finalXOR: UInt32
  /// The check value: the CRC of the nine characters `123456789`.
  public let check: UInt32

  /// A calculation under way.
  public struct Calculation: Sendable {
    private let parameters: CRC
    private let table: [UInt32]
    private var register: UInt32

    fileprivate init(_ parameters: CRC) {
      self.parameters = parameters
      table = parameters.makeTable()
      register =
        parameters.isReflected
        ? CRC.reflected(parameters.initialValue, width: parameters.width)
        : parameters.initialValue << (32 - UInt32(parameters.width))
    }

    /// Takes the next bytes in.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
      var register = self.register
      self.table.withUnsafeBufferPointer { table in
        if parameters.isReflected {
          var index = 0
          while bytes.count - index >= 8 {
            let low = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self)) ^ register
            let high = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index + 4, as: UInt32.self))
            register = table[1792 + Int(low & 255)] ^ table[1536 + Int(low >> 8 & 255)]
            register ^= table[1280 + Int(low >> 16 & 255)] ^ table[1024 + Int(low >> 24)]
            register ^= table[768 + Int(high & 255)] ^ table[512 + Int(high >> 8 & 255)]
            register ^= table[256 + Int(high >> 16 & 255)] ^ table[Int(high >> 24)]
            index += 8
          }
          for byte in bytes[index...] { register = register >> 8 ^ table[Int((register ^ UInt32(byte)) & 0xFF)] }
        } else {
          for byte in bytes { register = register << 8 ^ table[Int(register >> 24 ^ UInt32(byte))] }
        }
      }
      self.register = register
    }

    /// The CRC of everything so far.
    public var value: UInt32 {
      let aligned = parameters.isReflected ? register : register >> (32 - UInt32(parameters.width))
      return aligned ^ parameters.finalXOR
    }
  }

  /// Starts a calculation.
  public func calculation() -> Calculation { Calculation(self) }

  /// What each value of a byte does to an empty register and, where it is reflected, what it does with one to seven zero
  /// bytes behind it, so that eight bytes are taken at a time (Kounavis and Berry, 2005). A register that is not reflected stands at the top of its 32
  /// bits, whatever its width, so that one loop serves all widths.
  private func makeTable() -> [UInt32] {
    if isReflected {
      let polynomial = Self.reflected(self.polynomial, width: width)
      let first = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 0 ? value >> 1 : value >> 1 ^ polynomial }
      }
      var tables = first
      for index in 256..<2048 {
        let previous = tables[index - 256]
        tables.append(first[Int(previous & 255)] ^ previous >> 8)
      }
      return tables
    }
    let polynomial = self.polynomial << (32 - UInt32(width))
    return (0..<256).map { index in
      (0..<8).reduce(UInt32(index) << 24) { value, _ in
        value & 0x8000_0000 == 0 ? value << 1 : value << 1 ^ polynomial
      }
    }
  }

  private static func reflected(_ value: UInt32, width: Int) -> UInt32 {
    var result: UInt32 = 0
    for bit in 0..<width where value & (1 << UInt32(bit)) != 0 { result |= 1 << UInt32(width - 1 - bit) }
    return result
  }
}
