import Glibc

/// Files that arguments name. Their names are bytes, so that none is opened by what it looks like as text.
public enum ArgumentFile {
  /// The longest file that is read whole, in bytes: certificates, passwords.
  public static let longest = 16 << 20

  /// Opens a file; its descriptor is closed where another program takes over.
  ///
  /// - Parameters:
  ///   - path: The name, as ``ArgumentText`` has it.
  ///   - flags: As open(2) takes them.
  ///   - mode: The rights of a file that is made.
  /// - Returns: A descriptor that is the caller's to close, or -1, and `errno` says why.
  public static func open(_ path: String, _ flags: CInt, mode: UInt32 = 0o644) -> CInt {
    ArgumentText.withPath(path) { Glibc.open($0, flags | O_CLOEXEC, mode) }
  }

  /// Reads a file.
  ///
  /// - Returns: All bytes, or nothing, and `errno` says why: `EFBIG` beyond ``longest``.
  public static func contents(of path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_NOCTTY)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { return bytes }
      bytes += chunk[..<count]
      guard bytes.count <= longest else {
        errno = EFBIG
        return nil
      }
    }
  }
}
