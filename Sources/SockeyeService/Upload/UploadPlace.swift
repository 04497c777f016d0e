import Glibc
import SockeyeText

/// The place of a file that is being received: its directory, its hidden name and the one that it will have.
struct UploadPlace: Sendable {
  /// Why there is no place.
  enum Refusal: Error, Equatable, Sendable {
    case status(HTTPStatus)
    /// The part does not begin where what is there ends.
    case wrongOffset(size: Int64)
  }

  let directory: CInt
  let descriptor: CInt
  let partialName: [UInt8]
  let finalName: [UInt8]
  let existing: Existing

  /// Opens the place for a file, for what comes from `first` on.
  ///
  /// - Parameters:
  ///   - first: Where the bytes that come begin; 0 begins anew, anything else continues what is there.
  ///   - needed: How many bytes are said to come, if that is known.
  ///   - existing: What becomes of a file that stands there.
  init(
    _ path: ResourcePath,
    first: Int64,
    needed: Int64,
    existing: Existing = Existing(),
    in served: ServedDirectory
  ) throws(Refusal) {
    do {
      directory = try served.openDirectory(path.parent)
    } catch {
      throw .status(error == .forbidden ? .forbidden : error == .exhausted ? .serviceUnavailable : .notFound)
    }
    finalName = Array(path.name) + [0]
    partialName = PartialName.of(path.name) + [0]
    self.existing = existing
    do {
      try existing.check(finalName, in: directory)
      descriptor = try Self.open(partialName, first: first, needed: needed, in: directory)
    } catch {
      Glibc.close(directory)
      throw error
    }
  }

  private static func open(
    _ partialName: [UInt8],
    first: Int64,
    needed: Int64,
    in directory: CInt
  ) throws(Refusal) -> CInt {
    guard hasRoom(for: needed, in: directory) else { throw .status(.insufficientStorage) }
    // Nothing that stands there already is followed, and a file with a second name is not written to.
    let flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (first == 0 ? O_CREAT : 0)
    let descriptor = openat(directory, partialName.text, flags, mode_t(0o644))
    guard descriptor >= 0 else {
      switch errno {
      case ENOENT: throw .wrongOffset(size: 0)
      case ENOSPC, EDQUOT: throw .status(.insufficientStorage)
      case ENAMETOOLONG: throw .status(.badRequest)
      default: throw .status(.forbidden)
      }
    }
    do {
      try take(descriptor, first: first)
      return descriptor
    } catch {
      Glibc.close(descriptor)
      throw error
    }
  }

  private static func take(_ descriptor: CInt, first: Int64) throws(Refusal) {
    // Another service may be receiving into the same directory, or cleaning up.
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw .status(.locked) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_nlink == 1 else {
      throw .status(.conflict)
    }
    let size = Int64(status.st_size)
    if first == 0 {
      guard ftruncate(descriptor, 0) == 0 else { throw .status(.internalError) }
    } else if first != size {
      throw .wrongOffset(size: size)
    }
  }

  /// Whether the disk has so many bytes left. What it doesn't say counts as room.
  private static func hasRoom(for count: Int64, in directory: CInt) -> Bool {
    var status = statvfs()
    guard count > 0, fstatvfs(directory, &status) == 0 else { return true }
    let (free, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    return overflow || UInt64(count) <= free
  }

  /// Writes bytes. Returns 0, or the system's error.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) -> CInt {
    Self.write(bytes, to: descriptor, at: offset)
  }

  /// Writes bytes to a file. Returns 0, or the system's error.
  static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: CInt, at offset: Int64) -> CInt {
    var done = 0
    while done < bytes.count {
      let count = pwrite(
        descriptor,
        bytes.baseAddress.map { $0 + done },
        bytes.count - done,
        off_t(offset) + off_t(done)
      )
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return count == 0 ? EIO : errno }
      done += count
    }
    return 0
  }

  /// Takes back what was written since the upload began: a file that began with it is removed.
  func undo(to first: Int64) {
    if first == 0 {
      unlinkat(directory, partialName.text, 0)
    } else {
      ftruncate(descriptor, off_t(first))
    }
  }

  /// Closes what was opened. Nothing may be done with the place after it.
  func close() {
    Glibc.close(descriptor)
    Glibc.close(directory)
  }

  /// The size of what an interrupted upload has left.
  static func partialSize(of path: ResourcePath, in served: ServedDirectory) -> Int64? {
    guard !path.isHidden, !path.name.isEmpty, let parent = try? served.openDirectory(path.parent) else { return nil }
    defer { Glibc.close(parent) }
    var status = stat()
    let name = PartialName.of(path.name) + [0]
    guard fstatat(parent, name.text, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
    let metadata = FileMetadata(status)
    return metadata.kind == .file ? metadata.size : nil
  }
}

extension Collection<UInt8> {
  /// The same bytes as the system's calls take them.
  var text: [CChar] { map { CChar(bitPattern: $0) } }
}
