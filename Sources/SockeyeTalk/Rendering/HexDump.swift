import NIOCore

/// Bytes as people read them: an offset, sixteen bytes in hexadecimal, and what of them is printable ASCII.
enum HexDump {
  private static let digits = Array("0123456789abcdef".utf8)
  private static let perLine = 16

  /// Appends a dump to `output`.
  ///
  /// - Parameters:
  ///   - bytes: What to show.
  ///   - offset: The offset of its first byte.
  ///   - showsText: Whether the printable characters stand beside the bytes.
  ///   - output: What is appended to.
  static func append(_ bytes: ByteBufferView, offset: UInt64, showsText: Bool, to output: inout ByteBuffer) {
    var line: [UInt8] = []
    var offset = offset
    var rest = bytes[...]
    while !rest.isEmpty {
      let row = rest.prefix(Self.perLine)
      rest = rest.dropFirst(Self.perLine)
      line.removeAll(keepingCapacity: true)
      for shift in stride(from: 28, through: 0, by: -4) { line.append(Self.digits[Int(offset >> UInt64(shift) & 15)]) }
      line.append(UInt8(ascii: " "))
      for (index, byte) in row.enumerated() {
        if index % 8 == 0 { line.append(UInt8(ascii: " ")) }
        line += [Self.digits[Int(byte >> 4)], Self.digits[Int(byte & 15)], UInt8(ascii: " ")]
      }
      if showsText {
        // Eight digits, a space, two groups of a space and eight times three, and a space.
        let width = 60
        line += [UInt8](repeating: UInt8(ascii: " "), count: max(0, width - line.count))
        line.append(UInt8(ascii: "|"))
        line += row.map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: ".") }
        line.append(UInt8(ascii: "|"))
      } else {
        while line.last == UInt8(ascii: " ") { line.removeLast() }
      }
      line.append(UInt8(ascii: "\n"))
      output.writeBytes(line)
      offset &+= UInt64(row.count)
    }
  }
}
