import SockeyeWire

/// The bytes of a header, emitted into a buffer of exactly its length.
func emitted(_ header: TCPHeader) -> [UInt8] {
  var bytes = [UInt8](repeating: 0xEE, count: header.length)
  bytes.withUnsafeMutableBytes { buffer in
    var span = buffer.mutableBytes
    header.emit(into: &span)
  }
  return bytes
}

extension [UInt8] {
  /// The same bytes with another at one position.
  func with(_ byte: UInt8, at position: Int) -> [UInt8] {
    var copy = self
    copy[position] = byte
    return copy
  }
}
