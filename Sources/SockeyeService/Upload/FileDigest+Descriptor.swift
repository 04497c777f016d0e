import Crypto
import Glibc

extension FileDigest {
  /// The digest of a file that is open for reading. Waits for the disk.
  ///
  /// - Returns: `nil` if it can't be read.
  init?(of descriptor: CInt) {
    var hash = SHA256()
    var piece = [UInt8](repeating: 0, count: 256 << 10)
    var offset: off_t = 0
    while true {
      let count = piece.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, offset) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { break }
      piece.withUnsafeBytes { hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      offset += off_t(count)
    }
    self.init(bytes: Array(hash.finalize()))
  }
}
