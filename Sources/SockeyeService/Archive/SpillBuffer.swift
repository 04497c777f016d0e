import Glibc
import NIOCore

/// Bytes that are written first and read afterwards, kept in memory up to a megabyte and beyond that in a temporary file
/// that has no name.
struct SpillBuffer: ~Copyable {
  private var memory = ByteBuffer()
  private var file: UnsafeMutablePointer<FILE>?
  private var isReading = false

  /// Bytes kept in memory.
  static let largest = 1 << 20

  deinit { if let file = self.file { fclose(file) } }

  /// Takes bytes.
  ///
  /// - Throws: `IOError` when there is no room for them.
  mutating func append(_ bytes: ByteBuffer) throws {
    memory.writeImmutableBuffer(bytes)
    if memory.readableBytes > Self.largest { try spill() }
  }

  /// Gives bytes back in the order in which they came.
  ///
  /// - Returns: How many were written into the buffer; 0 after the last.
  mutating func read(into buffer: inout ByteBuffer, upTo count: Int) throws -> Int {
    guard self.file != nil else {
      guard var part = memory.readSlice(length: min(count, memory.readableBytes)) else { return 0 }
      return buffer.writeBuffer(&part)
    }
    if !self.isReading {
      try spill()
      if let file = self.file { rewind(file) }
      isReading = true
    }
    guard let file = self.file else { return 0 }
    return buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { room in
      guard let start = room.baseAddress else { return 0 }
      return fread(start, 1, count, file)
    }
  }

  private mutating func spill() throws {
    if self.file == nil { self.file = tmpfile() }
    guard let file = self.file else { throw IOError(errnoCode: errno, reason: "tmpfile") }
    let count = memory.readableBytes
    let written = memory.withUnsafeReadableBytes { bytes in
      bytes.baseAddress.map { fwrite($0, 1, bytes.count, file) } ?? 0
    }
    guard written == count else { throw IOError(errnoCode: errno, reason: "fwrite") }
    memory.clear()
  }
}
