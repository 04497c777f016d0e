import CSockeyeLinux
import Glibc

/// What lies below a folder, reached by descriptors alone: no link is followed, and no name is looked up twice from the top.
enum FolderTree {
  /// Why a folder can't be removed as a whole.
  enum Obstacle: Error, Equatable, Sendable {
    /// Something is in it that nobody is shown, and so nobody can have meant; or another file system.
    case hidden
    case tooLarge
    case system(CInt)
  }

  /// Files and folders that one request is let go through.
  static let mostEntries = 100_000
  /// Levels: each costs a descriptor.
  static let deepest = 64

  /// Looks whether all that is in a folder may be seen, and is no more than one request may be about.
  static func survey(_ name: [UInt8], in directory: CInt) throws(Obstacle) {
    var count = 0
    var status = stat()
    guard fstatat(directory, (name + [0]).text, &status, AT_SYMLINK_NOFOLLOW) == 0 else { throw .system(errno) }
    try survey(name, in: directory, device: status.st_dev, depth: 0, count: &count)
  }

  private static func survey(
    _ name: [UInt8],
    in directory: CInt,
    device: dev_t,
    depth: Int,
    count: inout Int
  ) throws(Obstacle) {
    guard depth < deepest else { throw .tooLarge }
    var obstacle: Obstacle?
    try forEachEntry(of: name, in: directory) { folder, entry, status in
      count += 1
      if entry.first == UInt8(ascii: ".") || status.st_dev != device {
        obstacle = .hidden
      } else if count > mostEntries {
        obstacle = .tooLarge
      } else if status.st_mode & S_IFMT == S_IFDIR {
        do throws(Obstacle) {
          try survey(entry, in: folder, device: device, depth: depth + 1, count: &count)
        } catch {
          obstacle = error
        }
      }
      return obstacle == nil
    }
    if let obstacle { throw obstacle }
  }

  /// Removes a folder with everything in it, or a file.
  ///
  /// - Returns: 0, or the first of the system's errors; what could be removed is gone then, too.
  static func remove(_ name: [UInt8], in directory: CInt, depth: Int = 0) -> CInt {
    let text = (name + [0]).text
    if unlinkat(directory, text, 0) == 0 { return 0 }
    guard errno == EISDIR || errno == EPERM, depth <= deepest else { return errno }
    var problem: CInt = 0
    do {
      try forEachEntry(of: name, in: directory) { folder, entry, _ in
        let code = remove(entry, in: folder, depth: depth + 1)
        if problem == 0 { problem = code }
        return true
      }
    } catch {
      return if case .system(let code) = error { code } else { EIO }
    }
    if unlinkat(directory, text, AT_REMOVEDIR) == 0 { return problem }
    return problem == 0 ? errno : problem
  }

  /// Goes through what is in a folder, until told to stop.
  private static func forEachEntry(
    of name: [UInt8],
    in directory: CInt,
    _ body: (_ folder: CInt, _ entry: [UInt8], _ status: stat) -> Bool
  ) throws(Obstacle) {
    let descriptor = openat(directory, (name + [0]).text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(errno) }
    guard let stream = fdopendir(descriptor) else {
      close(descriptor)
      throw .system(errno)
    }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      guard name != [0x2e], name != [0x2e, 0x2e] else { continue }
      var status = stat()
      guard fstatat(descriptor, (name + [0]).text, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
      guard body(descriptor, name, status) else { return }
    }
  }

  /// Whether a folder is another, or lies somewhere in it, whatever links led to it.
  static func isFolder(_ descriptor: CInt, within outer: FileMetadata) -> Bool {
    var current = dup(descriptor)
    defer { close(current) }
    // A path has fewer names than this.
    for _ in 0..<4096 {
      guard let metadata = FileMetadata(ofDescriptor: current) else { return true }
      if metadata.device == outer.device, metadata.inode == outer.inode { return true }
      // A confined process may not read above what it serves; a name is all that is wanted.
      let above = openat(current, "..", SOCKEYE_O_PATH | O_DIRECTORY | O_CLOEXEC)
      guard above >= 0, let next = FileMetadata(ofDescriptor: above) else {
        if above >= 0 { close(above) }
        return true
      }
      close(current)
      current = above
      // The root is its own parent.
      if next.device == metadata.device, next.inode == metadata.inode { return false }
    }
    return true
  }
}
