import CSockeyeLinux
import Glibc
import NIOCore

/// A file that is open for reading, and what `fstat` said about it.
///
/// Everything that is decided about a file is decided about its descriptor, never about its name: a name can be made to
/// mean something else between two system calls. The descriptor is closed with the last reference.
final class OpenedFile: Sendable {
  /// The descriptor, in the shape that `sendfile` takes it through NIO.
  let handle: NIOFileHandle

  /// The descriptor itself, valid as long as this object.
  let descriptor: CInt

  /// What `fstat` said right after opening.
  let metadata: FileMetadata

  /// Takes over a descriptor.
  init(takingOver descriptor: CInt, metadata: FileMetadata) {
    handle = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: descriptor)
    self.descriptor = descriptor
    self.metadata = metadata
  }

  deinit { try? handle.close() }

  /// Whether the file is no longer what it was when it was opened: shrunk, grown or rewritten.
  var hasChanged: Bool {
    guard let now = FileMetadata(ofDescriptor: descriptor) else { return true }
    return now != metadata
  }

  /// Reads from the page cache into a buffer.
  ///
  /// - Returns: How many bytes were read, 0 at the end of the file; `nil` when the bytes are not all there and reading them
  ///   would wait for a disk.
  func readCached(into buffer: inout ByteBuffer, at offset: Int64, count: Int) -> Int? {
    let before = buffer.writerIndex
    let result = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { room in
      max(0, Self.readCached(descriptor, UnsafeMutableRawBufferPointer(rebasing: room[..<count]), off_t(offset)))
    }
    guard result > 0 || count == 0 else {
      buffer.moveWriterIndex(to: before)
      return isAtEnd(offset) ? 0 : nil
    }
    return result
  }

  /// Reads what lies in the page cache, as pread(2) does; fails with EAGAIN where it would have to wait for a disk.
  private static func readCached(_ descriptor: CInt, _ room: UnsafeMutableRawBufferPointer, _ offset: off_t) -> Int {
    var vector = iovec(iov_base: room.baseAddress, iov_len: room.count)
    let count = preadv2(descriptor, &vector, 1, offset, SOCKEYE_RWF_NOWAIT)
    // tmpfs has no disk to wait for, and doesn't know the flag.
    guard count < 0, errno == EOPNOTSUPP || errno == ENOSYS else { return count }
    return pread(descriptor, room.baseAddress, room.count, offset)
  }

  /// Reads into a buffer, waiting for a disk if need be. Not for event loops.
  ///
  /// - Returns: How many bytes were read; fewer than asked for only at the end of the file.
  /// - Throws: `IOError`.
  func read(into buffer: inout ByteBuffer, at offset: Int64, count: Int) throws -> Int {
    try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { room in
      var done = 0
      while done < count {
        let result = pread(
          descriptor,
          room.baseAddress.map { $0 + done },
          count - done,
          off_t(offset) + off_t(done)
        )
        if result < 0, errno == EINTR { continue }
        guard result >= 0 else { throw IOError(errnoCode: errno, reason: "pread") }
        if result == 0 { break }
        done += result
      }
      return done
    }
  }

  private func isAtEnd(_ offset: Int64) -> Bool {
    guard let now = FileMetadata(ofDescriptor: descriptor) else { return true }
    return offset >= now.size
  }
}
