import Glibc

/// One line of a listing.
struct FolderEntry: Sendable {
  /// The name as the bytes that it is; of what was searched for, the way to it from the folder.
  let name: [UInt8]
  let isDirectory: Bool
  /// The size in bytes; 0 for folders.
  let size: Int64
  /// When it was changed, in seconds since 1970.
  let modifiedSeconds: Int64

  /// What a link to it says, relative to its folder.
  var reference: String {
    var text = ""
    PercentEncoding.append(name, to: &text, keepingSlashes: true)
    return isDirectory ? text + "/" : text
  }

  /// The name for people and for JSON: what is no UTF-8 is replaced, and the reference has it right.
  var text: String { String(decoding: name, as: UTF8.self) }
}

/// Reads a folder entry by entry.
///
/// Entries that could not be fetched are left out: hidden ones, FIFOs, devices and sockets, and symbolic links that lead
/// nowhere or out of the served directory.
final class FolderReader {
  private let directory: ServedDirectory
  private let path: ResourcePath
  /// What who asks may do, if that is not everything that can be seen.
  private let rules: AccessRules?
  private var source: Source

  private enum Source {
    case folder(OpaquePointer)
    case selection(names: ArraySlice<[UInt8]>)
  }

  /// - Parameter rules: What who asks may do: only what these show is found.
  /// - Throws: `ServedDirectory.Refusal`.
  init(_ path: ResourcePath, in directory: ServedDirectory, rules: AccessRules = .usual)
    throws(ServedDirectory.Refusal)
  {
    self.directory = directory
    self.path = path
    self.rules = rules == .usual ? nil : rules
    if path.bytes.isEmpty, let selection = directory.selection {
      source = .selection(names: selection.names[...])
      return
    }
    let descriptor = try directory.openDirectory(path)
    guard let stream = fdopendir(descriptor) else {
      close(descriptor)
      throw .exhausted
    }
    source = .folder(stream)
  }

  deinit {
    if case .folder(let stream) = source { closedir(stream) }
  }

  /// The next entry that may be seen, in the order of the file system.
  func next() -> FolderEntry? {
    guard let (name, metadata) = nextWithMetadata() else { return nil }
    let isDirectory = metadata.kind == .directory
    return FolderEntry(
      name: name,
      isDirectory: isDirectory,
      size: isDirectory ? 0 : metadata.size,
      modifiedSeconds: metadata.modifiedSeconds
    )
  }

  /// The same, with all that the system says of it.
  func nextWithMetadata() -> (name: [UInt8], metadata: FileMetadata)? {
    while let name = nextName() {
      guard name.first != UInt8(ascii: "."), let metadata = self.metadata(name) else { continue }
      guard metadata.kind != .other, rules?.shows(path.appending(name)) != false else {
        continue
      }
      return (name, metadata)
    }
    return nil
  }

  private func nextName() -> [UInt8]? {
    switch source {
    case .folder(let stream):
      guard let entry = readdir(stream) else { return nil }
      return withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { text in
          UnsafeBufferPointer(start: text, count: strnlen(text, 255)).map { UInt8(bitPattern: $0) }
        }
      }
    case .selection(var names):
      let name = names.popFirst()
      source = .selection(names: names)
      return name
    }
  }

  /// Whether a name is a symbolic link.
  func isLink(_ name: [UInt8]) -> Bool {
    // What was selected was meant, whatever it is.
    guard case .folder(let stream) = source else { return false }
    var status = stat()
    guard fstatat(dirfd(stream), Self.cString(name), &status, AT_SYMLINK_NOFOLLOW) == 0 else { return true }
    return status.st_mode & S_IFMT == S_IFLNK
  }

  private static func cString(_ name: [UInt8]) -> [CChar] { name.map { CChar(bitPattern: $0) } + [0] }

  private func metadata(_ name: [UInt8]) -> FileMetadata? {
    guard case .folder(let stream) = source else { return try? directory.metadata(of: path.appending(name)) }
    var status = stat()
    guard fstatat(dirfd(stream), Self.cString(name), &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
    guard status.st_mode & S_IFMT == S_IFLNK else { return FileMetadata(status) }
    return try? directory.metadata(of: path.appending(name))
  }
}
