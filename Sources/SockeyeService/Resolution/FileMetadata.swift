import Glibc

/// What identifies one version of a file's contents: which file it is, its size and when it was last written to.
struct FileMetadata: Hashable, Sendable {
  /// What kind of thing a name stands for.
  enum Kind: Hashable, Sendable {
    case file
    case directory
    /// FIFOs, devices and sockets, which are never served.
    case other
  }

  let kind: Kind
  let device: UInt64
  let inode: UInt64
  /// The size in bytes, never negative.
  let size: Int64
  /// When it was changed, in seconds since 1970.
  let modifiedSeconds: Int64
  /// The rest of a second, in nanoseconds.
  let modifiedNanoseconds: Int64
  /// Whether its owner may run it. That says nothing about its contents, so it is no part of what identifies them.
  let isExecutable: Bool

  static func == (left: FileMetadata, right: FileMetadata) -> Bool {
    left.kind == right.kind && left.device == right.device && left.inode == right.inode && left.size == right.size
      && left.modifiedSeconds == right.modifiedSeconds && left.modifiedNanoseconds == right.modifiedNanoseconds
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(device)
    hasher.combine(inode)
    hasher.combine(size)
    hasher.combine(modifiedSeconds)
    hasher.combine(modifiedNanoseconds)
  }

  /// Reads the metadata of an open file; `nil` when the system refuses.
  init?(ofDescriptor descriptor: CInt) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }

  init(_ status: stat) {
    switch status.st_mode & S_IFMT {
    case S_IFREG: kind = .file
    case S_IFDIR: kind = .directory
    default: kind = .other
    }
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    size = max(0, Int64(status.st_size))
    modifiedSeconds = Int64(status.st_mtim.tv_sec)
    modifiedNanoseconds = Int64(status.st_mtim.tv_nsec)
    isExecutable = status.st_mode & S_IXUSR != 0
  }

  /// For tests: metadata of a file that need not exist.
  init(size: Int64, modifiedSeconds: Int64, modifiedNanoseconds: Int64 = 0, inode: UInt64 = 1) {
    kind = .file
    device = 1
    self.inode = inode
    self.size = max(0, size)
    self.modifiedSeconds = modifiedSeconds
    self.modifiedNanoseconds = modifiedNanoseconds
    isExecutable = false
  }
}
