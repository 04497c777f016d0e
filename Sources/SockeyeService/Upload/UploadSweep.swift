import Glibc

/// Removes what uploads left behind that were under way when an earlier service ended.
///
/// Nobody counts those bytes any more, so they would add up beyond every quota. What another service is receiving,
/// copying or has set aside is locked, and stays.
enum UploadSweep {
  /// Directories below which nothing is looked at: each level costs a descriptor.
  private static let deepest = 64

  /// Looks through everything below a directory. Waits for the disk.
  static func run(in directory: ServedDirectory) {
    guard let top = try? directory.openDirectory(.root) else { return }
    sweep(takingOver: top, depth: 0)
  }

  private static func sweep(takingOver descriptor: CInt, depth: Int) {
    guard let stream = fdopendir(descriptor) else {
      close(descriptor)
      return
    }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { $0.prefix { $0 != 0 }.map { $0 } }
      let path = name.map { CChar(bitPattern: $0) } + [0]
      if PartialName.isPartial(name) {
        remove(path, in: descriptor)
      } else if name.first != UInt8(ascii: "."), depth < deepest {
        // A link is not followed: what it leads to is not ours to clean.
        let below = openat(descriptor, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        if below >= 0 { sweep(takingOver: below, depth: depth + 1) }
      }
    }
  }

  private static func remove(_ path: [CChar], in directory: CInt) {
    let descriptor = openat(directory, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_uid == geteuid(), flock(descriptor, LOCK_EX | LOCK_NB) == 0
    else { return }
    switch status.st_mode & S_IFMT {
    case S_IFREG where status.st_nlink == 1: unlinkat(directory, path, 0)
    // A folder that was being copied or removed.
    case S_IFDIR: _ = FolderTree.remove(path.dropLast().map { UInt8(bitPattern: $0) }, in: directory)
    default: break
    }
  }
}
