/// Percent-encoding (RFC 3986, section 2.1), read back.
package enum PercentDecoding {
  /// The bytes that a text stands for. A percent sign that two hexadecimal digits don't follow stands for itself.
  package static func bytes(of text: some StringProtocol) -> [UInt8] {
    let bytes = ArgumentText.bytes(of: String(text))
    var decoded: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
        let high = Hexadecimal.value(bytes[index + 1]), let low = Hexadecimal.value(bytes[index + 2])
      {
        decoded.append(high << 4 | low)
        index += 3
      } else {
        decoded.append(bytes[index])
        index += 1
      }
    }
    return decoded
  }
}
