import CSockeyeLinux
import Glibc
import SockeyeText
import SockeyeTransport

/// The directory that is served, opened once. Nothing outside it can be named through this type.
///
/// The kernel walks every path (`openat2` with `RESOLVE_BENEATH`), so that no `..`, no absolute path and no symbolic link
/// leads out, not even one that is swapped in while the path is walked. Hidden names are refused here as well as left
/// out of listings, and a symbolic link does not make a hidden file visible.
final class ServedDirectory: Sendable {
  /// Why something could not be opened.
  enum Refusal: Error, Hashable, Sendable {
    /// There is nothing by that name, or nothing that may be known about.
    case notFound
    /// It is there, and the system or its kind forbids reading it.
    case forbidden
    /// The process or the system is out of descriptors or memory.
    case exhausted
    /// Anything else that the system reported.
    case system(CInt)
  }

  let descriptor: CInt
  /// What is served instead of one directory, if anything is.
  let selection: ServedSelection?

  /// Opens the directory to be served.
  ///
  /// - Throws: A failure of kind `localFile`.
  init(path: String) throws(Failure) {
    selection = nil
    descriptor = ArgumentFile.open(path, O_RDONLY | O_DIRECTORY)
    guard descriptor >= 0 else {
      throw Failure(.localFile, .cannotServe(path, .system(errno).lowercased()))
    }
  }

  /// Serves what was selected.
  init(_ selection: ServedSelection) {
    self.selection = selection
    descriptor = -1
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// Opens a file or a directory for reading.
  ///
  /// FIFOs, devices and sockets are refused: `O_NONBLOCK` keeps the opening of one from waiting for its other end.
  func open(_ path: ResourcePath) throws(Refusal) -> OpenedFile {
    let descriptor = try openDescriptor(path, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY)
    guard let metadata = FileMetadata(ofDescriptor: descriptor) else {
      close(descriptor)
      throw .system(errno)
    }
    guard metadata.kind != .other else {
      close(descriptor)
      throw .forbidden
    }
    return OpenedFile(takingOver: descriptor, metadata: metadata)
  }

  /// The metadata of what a path stands for, links followed, without opening it for reading.
  func metadata(of path: ResourcePath) throws(Refusal) -> FileMetadata {
    let descriptor = try openDescriptor(path, flags: SOCKEYE_O_PATH)
    defer { close(descriptor) }
    guard let metadata = FileMetadata(ofDescriptor: descriptor) else { throw .system(errno) }
    return metadata
  }

  /// Opens a directory in order to create something in it.
  ///
  /// - Returns: A descriptor that the caller closes.
  func openDirectory(_ path: ResourcePath) throws(Refusal) -> CInt {
    try openDescriptor(path, flags: O_RDONLY | O_DIRECTORY)
  }

  /// Opens what a path stands for. The descriptor is the caller's to close.
  func openDescriptor(_ path: ResourcePath, flags: CInt) throws(Refusal) -> CInt {
    guard !path.isHidden else { throw .notFound }
    if let selection { return try selection.openDescriptor(path, flags: flags) }
    let flags = UInt64(UInt32(bitPattern: flags | O_CLOEXEC))
    let name = path.forSystemCall
    let strict = SOCKEYE_RESOLVE_BENEATH | SOCKEYE_RESOLVE_NO_MAGICLINKS
    // A rename somewhere on the way makes the kernel give up on proving that the path stays beneath (EAGAIN).
    for _ in 0..<Self.attempts {
      var descriptor = sockeye_openat2(self.descriptor, name, flags, 0, strict | SOCKEYE_RESOLVE_NO_SYMLINKS)
      if descriptor >= 0 { return descriptor }
      if errno == ELOOP {
        descriptor = sockeye_openat2(self.descriptor, name, flags, 0, strict)
        if descriptor >= 0 {
          guard leadsToHidden(descriptor) else { return descriptor }
          close(descriptor)
          throw .notFound
        }
      }
      // EXDEV: a link is absolute, or leads out. An absolute one may come back in.
      if errno == EXDEV, let inside = throughAbsoluteLinks(name) {
        guard !ResourcePath.isHidden(inside) else { throw .notFound }
        let name = (inside.isEmpty ? [UInt8(ascii: ".")] : inside) + [0]
        descriptor = sockeye_openat2(self.descriptor, name, flags, 0, strict | SOCKEYE_RESOLVE_NO_SYMLINKS)
        if descriptor >= 0 { return descriptor }
      }
      if errno != EAGAIN && errno != EINTR { throw Self.refusal(errno) }
    }
    throw .exhausted
  }

  /// Where a path leads if links may leave the directory on the way, relative to the directory and empty for that itself;
  /// `nil` if it ends outside.
  ///
  /// This only asks for a name (`O_PATH` opens nothing); what has that name is then looked for beneath the directory again,
  /// so that a link that changes meanwhile gains nothing.
  private func throughAbsoluteLinks(_ name: [UInt8]) -> [UInt8]? {
    let text = name.map { CChar(bitPattern: $0) }
    let found = openat(descriptor, text, SOCKEYE_O_PATH | O_CLOEXEC)
    guard found >= 0 else { return nil }
    defer { close(found) }
    guard let root = Self.path(of: descriptor), let target = Self.path(of: found), target.starts(with: root) else {
      errno = EXDEV
      return nil
    }
    let rest = target.dropFirst(root.count)
    guard rest.isEmpty || rest.first == UInt8(ascii: "/") else {
      errno = EXDEV
      return nil
    }
    return Array(rest.dropFirst())
  }

  private static let attempts = 16

  /// Whether the links that were followed ended in or below a name that begins with a dot.
  private func leadsToHidden(_ descriptor: CInt) -> Bool {
    guard let root = Self.path(of: self.descriptor), let target = Self.path(of: descriptor) else { return true }
    guard target.starts(with: root) else { return true }
    return ResourcePath.isHidden(target.dropFirst(root.count))
  }

  private static func path(of descriptor: CInt) -> [UInt8]? {
    let path = [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, count in
      guard let base = buffer.baseAddress else { return }
      base.withMemoryRebound(to: CChar.self, capacity: buffer.count) { text in
        count = max(0, readlink("/proc/self/fd/\(descriptor)", text, buffer.count))
      }
    }
    return path.isEmpty ? nil : path == [UInt8(ascii: "/")] ? [] : path
  }

  static func refusal(_ code: CInt) -> Refusal {
    switch code {
    // EXDEV is a way out of the directory, ELOOP a link to itself: neither is to be told from nothing at all.
    case ENOENT, ENOTDIR, ENAMETOOLONG, EXDEV, ELOOP: .notFound
    case EACCES, EPERM, ENXIO, ENODEV: .forbidden
    case EMFILE, ENFILE, ENOMEM: .exhausted
    default: .system(code)
    }
  }
}
