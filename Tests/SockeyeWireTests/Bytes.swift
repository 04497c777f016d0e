import SockeyeWire

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
