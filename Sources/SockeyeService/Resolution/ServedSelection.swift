import CSockeyeLinux
import Glibc
import SockeyeText
import SockeyeTransport

/// Files and folders that were named one by one: each is served under its own name, and nothing beside it.
///
/// A file is opened by its name in the folder that it was found in, so that one that is replaced is served as it is; and
/// nowhere else, should its name come to be a link.
final class ServedSelection: Sendable {
  /// A descriptor that is closed with the last reference to it.
  private final class Folder: Sendable {
    let descriptor: CInt

    init(_ descriptor: CInt) { self.descriptor = descriptor }

    deinit { close(descriptor) }
  }

  private enum Item: Sendable {
    case file(in: Folder, name: [UInt8])
    case folder(ServedDirectory)
  }

  private let items: [[UInt8]: Item]
  /// The names, in natural order.
  let names: [[UInt8]]
  /// A folder that one of them lies in, of which nothing but when it was changed is told.
  private let place: CInt

  /// - Throws: A failure of kind `localFile` for what can't be served, and of kind `usage` for two of one name.
  init(paths: [String]) throws(Failure) {
    var items: [[UInt8]: Item] = [:]
    var place: CInt = -1
    for path in paths {
      let (name, item) = try Self.item(path)
      guard items.updateValue(item, forKey: name) == nil else {
        throw Failure(.usage, .sameName(String(decoding: name, as: UTF8.self)))
      }
      switch item {
      case .file(let folder, _): place = folder.descriptor
      case .folder(let inner): place = inner.descriptor
      }
    }
    self.items = items
    self.place = place
    names = items.keys.sorted(by: NaturalOrder.precedes)
  }

  private static func item(_ path: String) throws(Failure) -> (name: [UInt8], item: Item) {
    guard let real = ArgumentText.withPath(path, { Glibc.realpath($0, nil) }) else {
      throw Failure(.localFile, .cannotServe(path, .system(errno).lowercased()))
    }
    defer { free(real) }
    let whole = UnsafeBufferPointer(start: real, count: strlen(real)).map { UInt8(bitPattern: $0) }
    // Its name is the one that it was given by: a link's own, and not that of what it leads to.
    let written = ArgumentText.withPath(path) { text in
      UnsafeBufferPointer(start: text, count: strlen(text)).map { UInt8(bitPattern: $0) }
    }
    let last = written.split(separator: UInt8(ascii: "/")).last.map(Array.init) ?? []
    let slash = whole.lastIndex(of: UInt8(ascii: "/")) ?? 0
    let realName = Array(whole[(slash + 1)...])
    let name = last.isEmpty || last.allSatisfy { $0 == UInt8(ascii: ".") } ? realName : last
    guard !name.isEmpty, !ResourcePath.isHidden(name) else { throw Failure(.usage, .hiddenName(path)) }
    var status = stat()
    guard stat(real, &status) == 0 else { throw Failure(.localFile, .cannotServe(path, .system(errno).lowercased())) }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: return (name, .folder(try ServedDirectory(path: path)))
    case S_IFREG:
      let parent = slash == 0 ? [UInt8(ascii: "/")] : Array(whole[..<slash])
      let folder = open(parent.map { CChar(bitPattern: $0) } + [0], SOCKEYE_O_PATH | O_DIRECTORY | O_CLOEXEC)
      guard folder >= 0, access(real, R_OK) == 0 else {
        let reason = errno
        if folder >= 0 { close(folder) }
        throw Failure(.localFile, .cannotServe(path, .system(reason).lowercased()))
      }
      return (name, .file(in: Folder(folder), name: realName))
    default: throw Failure(.usage, .neitherFileNorFolder(path))
    }
  }

  /// Opens what a path stands for.
  ///
  /// - Returns: A descriptor that the caller closes. The whole selection's gives nothing but a folder's metadata.
  func openDescriptor(_ path: ResourcePath, flags: CInt) throws(ServedDirectory.Refusal) -> CInt {
    guard let first = path.firstName else {
      guard flags & O_DIRECTORY == 0 else { throw .forbidden }
      return try Self.descriptor(openat(place, ".", SOCKEYE_O_PATH | O_CLOEXEC))
    }
    switch items[first] {
    case nil: throw .notFound
    case .folder(let directory)?:
      return try directory.openDescriptor(path.removingFirstName, flags: flags)
    case .file(let folder, let name)?:
      guard first.count == path.bytes.count else { throw .notFound }
      let beneath = SOCKEYE_RESOLVE_BENEATH | SOCKEYE_RESOLVE_NO_MAGICLINKS | SOCKEYE_RESOLVE_NO_SYMLINKS
      let flags = UInt64(UInt32(bitPattern: flags | O_CLOEXEC))
      return try Self.descriptor(sockeye_openat2(folder.descriptor, name + [0], flags, 0, beneath))
    }
  }

  private static func descriptor(_ descriptor: CInt) throws(ServedDirectory.Refusal) -> CInt {
    guard descriptor >= 0 else { throw ServedDirectory.refusal(errno) }
    return descriptor
  }
}
