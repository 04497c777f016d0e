extension QRCode {
  /// The sizes of a QR code at error correction level L: ISO/IEC 18004, tables 1, 9 and E.1.
  struct Version: Sendable {
    let number: Int
    /// Codewords of data in each block.
    let blockSize: Int
    let blocks: Int
    /// Codewords for error correction in each block.
    let checkSize: Int
    /// Rows and columns at which alignment patterns have their centres.
    let alignment: [Int]

    var dataCodewords: Int { blockSize * blocks }

    static let all = [
      Version(number: 1, blockSize: 19, blocks: 1, checkSize: 7, alignment: []),
      Version(number: 2, blockSize: 34, blocks: 1, checkSize: 10, alignment: [6, 18]),
      Version(number: 3, blockSize: 55, blocks: 1, checkSize: 15, alignment: [6, 22]),
      Version(number: 4, blockSize: 80, blocks: 1, checkSize: 20, alignment: [6, 26]),
      Version(number: 5, blockSize: 108, blocks: 1, checkSize: 26, alignment: [6, 30]),
      Version(number: 6, blockSize: 68, blocks: 2, checkSize: 18, alignment: [6, 34]),
      Version(number: 7, blockSize: 78, blocks: 2, checkSize: 20, alignment: [6, 22, 38]),
      Version(number: 8, blockSize: 97, blocks: 2, checkSize: 24, alignment: [6, 24, 42]),
      Version(number: 9, blockSize: 116, blocks: 2, checkSize: 30, alignment: [6, 26, 46]),
    ]

    /// Data and error correction in the order in which they are drawn: a codeword of each block in turn.
    func interleaved(_ data: [UInt8]) -> [UInt8] {
      let blocks = (0..<self.blocks).map { Array(data[($0 * blockSize)..<(($0 + 1) * blockSize)]) }
      let checks = blocks.map { ReedSolomon.remainder(of: $0, count: checkSize) }
      return (0..<blockSize).flatMap { index in blocks.map { $0[index] } }
        + (0..<checkSize).flatMap { index in checks.map { $0[index] } }
    }
  }

  /// Reed-Solomon codes over GF(256) with the polynomial 0x11D.
  enum ReedSolomon {
    /// The codewords that are appended to a block.
    static func remainder(of data: [UInt8], count: Int) -> [UInt8] {
      var divisor = [UInt8](repeating: 0, count: count - 1) + [1]
      var root: UInt8 = 1
      for _ in 0..<count {
        for index in divisor.indices {
          divisor[index] = product(divisor[index], root)
          if index + 1 < divisor.count { divisor[index] ^= divisor[index + 1] }
        }
        root = product(root, 2)
      }
      var rest = [UInt8](repeating: 0, count: count)
      for byte in data {
        let factor = byte ^ rest.removeFirst()
        rest.append(0)
        for index in rest.indices { rest[index] ^= product(divisor[index], factor) }
      }
      return rest
    }

    private static func product(_ left: UInt8, _ right: UInt8) -> UInt8 {
      var result: UInt8 = 0
      for shift in (0..<8).reversed() {
        result = result << 1 ^ (result & 0x80 == 0 ? 0 : 0x1d)
        if right >> UInt8(shift) & 1 == 1 { result ^= left }
      }
      return result
    }
  }
}
