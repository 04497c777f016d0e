import Glibc
internal import SockeyeText
internal import SockeyeTransport

/// The name of a record: a file of the console's directory, and of no other.
struct RecordName: Hashable, Sendable {
  let text: String

  /// How long a name may be, in bytes.
  private static let longest = 200

  /// Takes a name.
  ///
  /// - Throws: An error of kind `usage` for what leads elsewhere, hides, or can't be written.
  init(_ text: String) throws(ConsoleError) {
    let isPlain = text.unicodeScalars.allSatisfy { $0 != "/" && $0 != "\\" && !VisibleText.isUnsafe($0) }
    guard isPlain, !text.isEmpty, !text.hasPrefix("."), text.utf8.count <= Self.longest else {
      throw ConsoleError(.usage, .badRecordName(VisibleText.of(text)))
    }
    self.text = text
  }

  /// Creates the file in a directory: nothing that is there is replaced, and no link followed.
  ///
  /// - Returns: Its descriptor.
  func create(in directory: String) throws(ConsoleError) -> CInt {
    let path = directory + "/" + text
    let descriptor = ArgumentText.withPath(path) {
      Glibc.open($0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
    }
    guard descriptor >= 0 else { throw ConsoleError(.localFile, .cannotCreateRecord(text, .system(errno))) }
    return descriptor
  }

  /// Opens the file to be read, if it is a regular one.
  func open(in directory: String) -> (descriptor: CInt, size: Int)? {
    let path = directory + "/" + text
    let descriptor = ArgumentText.withPath(path) { Glibc.open($0, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else { return nil }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      return nil
    }
    return (descriptor, Int(status.st_size))
  }
}
