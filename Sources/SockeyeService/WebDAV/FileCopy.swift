import CSockeyeLinux
import Glibc

/// Copies of files and folders, each counted against what uploads may add.
struct FileCopy {
  let area: UploadArea
  /// Bytes that were counted and are on the disk.
  private(set) var copied: Int64 = 0
  private var entries = 0
  /// Of what is being made, until it has its name.
  private var hold: PartialHold?

  /// Why a copy came to nothing.
  enum Problem: Error, Equatable, Sendable {
    case noRoom
    case tooLarge
    case system(CInt)
  }

  init(area: UploadArea) { self.area = area }

  /// Copies what a walk finds. Names are relative to a directory, and new there.
  ///
  /// - Parameter isDeep: Whether what is in the folder comes with it.
  mutating func copy(_ walk: FolderWalk, into directory: CInt, isDeep: Bool) throws(Problem) {
    while let item = walk.next() {
      entries += 1
      guard entries <= FolderTree.mostEntries else { throw .tooLarge }
      switch item {
      case .folder(let relative, _):
        guard mkdirat(directory, (relative.dropLast() + [0]).text, 0o755) == 0 else { throw .system(errno) }
        if hold == nil { hold = PartialHold(relative.dropLast(), in: directory) }
        if !isDeep { return }
      case .file(let file, let relative):
        let beneath = SOCKEYE_RESOLVE_BENEATH | SOCKEYE_RESOLVE_NO_SYMLINKS
        let flags = UInt64(UInt32(bitPattern: O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC))
        let target = sockeye_openat2(directory, relative + [0], flags, 0o644, beneath)
        guard target >= 0 else { throw .system(errno) }
        defer { close(target) }
        try copy(file, to: target)
      }
    }
  }

  /// Copies a file, which is new there.
  mutating func copy(_ file: OpenedFile, as name: [UInt8], in directory: CInt) throws(Problem) {
    let target = openat(directory, (name + [0]).text, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(0o644))
    guard target >= 0 else { throw .system(errno) }
    defer { close(target) }
    hold = PartialHold(name, in: directory)
    try copy(file, to: target)
  }

  private mutating func copy(_ file: OpenedFile, to target: CInt) throws(Problem) {
    var piece = [UInt8](repeating: 0, count: 256 << 10)
    var offset: off_t = 0
    while true {
      let count = piece.withUnsafeMutableBytes { pread(file.descriptor, $0.baseAddress, $0.count, offset) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .system(errno) }
      if count == 0 { break }
      guard area.reserve(Int64(count)) else { throw .noRoom }
      copied += Int64(count)
      let problem = piece.withUnsafeBytes {
        UploadPlace.write(UnsafeRawBufferPointer(rebasing: $0[..<count]), to: target, at: Int64(offset))
      }
      guard problem == 0 else { throw .system(problem) }
      offset += off_t(count)
    }
    // The name must not outlive a crash that the contents did not.
    guard fsync(target) == 0 else { throw .system(errno) }
  }

  /// Nothing of it stays: what was counted is given back.
  mutating func undo() {
    _ = area.reserve(-copied)
    copied = 0
  }
}
