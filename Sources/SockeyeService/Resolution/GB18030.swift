import Glibc

/// Names in the encoding of the tutorials' clients.
enum GB18030 {
  /// Turns GB18030 (and so GBK and GB2312) into UTF-8; `nil` if the bytes are not that, or the system cannot.
  static func decode(_ bytes: [UInt8]) -> [UInt8]? {
    guard let converter = iconv_open("UTF-8", "GB18030"), Int(bitPattern: converter) != -1 else { return nil }
    defer { iconv_close(converter) }
    // The longest that a byte can become: two bytes of GBK are at most four of UTF-8.
    var output = [CChar](repeating: 0, count: bytes.count * 3 + 4)
    var input = bytes.map { CChar(bitPattern: $0) }
    var inputLeft = input.count
    var outputLeft = output.count
    let capacity = output.count
    let converted = input.withUnsafeMutableBufferPointer { from in
      output.withUnsafeMutableBufferPointer { to in
        var source = from.baseAddress
        var target = to.baseAddress
        return iconv(converter, &source, &inputLeft, &target, &outputLeft) != Int(bitPattern: UInt.max)
          && inputLeft == 0
      }
    }
    guard converted else { return nil }
    return output.prefix(capacity - outputLeft).map { UInt8(bitPattern: $0) }
  }
}
