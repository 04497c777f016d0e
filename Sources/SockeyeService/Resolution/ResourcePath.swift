/// A path below the served directory: names as the bytes that they are, none of them empty or `.`; and `..` is of no use,
/// because whatever begins with a dot is hidden.
struct ResourcePath: Hashable, Sendable {
  /// The names, joined by single slashes; empty for the served directory itself.
  let bytes: [UInt8]

  /// Whether the path was written with a final slash, or is the served directory.
  let namesDirectory: Bool

  /// The served directory.
  static let root = ResourcePath(bytes: [], namesDirectory: true)

  private init(bytes: [UInt8], namesDirectory: Bool) {
    self.bytes = bytes
    self.namesDirectory = namesDirectory
  }

  /// Takes a path as somebody wrote it, escapes already undone.
  ///
  /// A dot between slashes means nothing (RFC 3986, section 5.2.4), and nothing between them is taken likewise, as file
  /// systems have it: what joins a base and a name carelessly writes both. Two dots are a name, a hidden one.
  ///
  /// - Returns: `nil` if there is a NUL in it, so that nothing can have that path.
  init?(_ written: some Collection<UInt8>) {
    var bytes: [UInt8] = []
    var endsWithName = false
    for name in written.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
      guard !name.contains(0) else { return nil }
      endsWithName = !name.isEmpty && !name.elementsEqual([UInt8(ascii: ".")])
      guard endsWithName else { continue }
      if !bytes.isEmpty { bytes.append(UInt8(ascii: "/")) }
      bytes.append(contentsOf: name)
    }
    self.init(bytes: bytes, namesDirectory: !endsWithName)
  }

  /// Whether one of the names begins with a dot. This covers `.` and `..`.
  var isHidden: Bool { Self.isHidden(bytes) }

  static func isHidden(_ bytes: some Collection<UInt8>) -> Bool {
    var previous = UInt8(ascii: "/")
    for byte in bytes {
      if byte == UInt8(ascii: "."), previous == UInt8(ascii: "/") { return true }
      previous = byte
    }
    return false
  }

  /// The last name; empty for the served directory.
  var name: ArraySlice<UInt8> {
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return bytes[...] }
    return bytes[(slash + 1)...]
  }

  /// The directory that holds this.
  var parent: ResourcePath {
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return .root }
    return ResourcePath(bytes: Array(bytes[..<slash]), namesDirectory: true)
  }

  /// How many names there are.
  var depth: Int { bytes.isEmpty ? 0 : bytes.count { $0 == UInt8(ascii: "/") } + 1 }

  /// The first name; nothing for the served directory.
  var firstName: [UInt8]? { bytes.isEmpty ? nil : Array(bytes.prefix { $0 != UInt8(ascii: "/") }) }

  /// The path as it is from the folder that its first name stands for.
  var removingFirstName: ResourcePath {
    guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")) else { return .root }
    return ResourcePath(bytes: Array(bytes[(slash + 1)...]), namesDirectory: namesDirectory)
  }

  /// The path as it is from a folder on its way; `nil` if that isn't on its way.
  func below(_ folder: ResourcePath) -> ResourcePath? {
    guard !folder.bytes.isEmpty else { return self }
    guard bytes.starts(with: folder.bytes) else { return nil }
    let rest = bytes.dropFirst(folder.bytes.count)
    guard let first = rest.first else { return .root }
    guard first == UInt8(ascii: "/") else { return nil }
    return ResourcePath(bytes: Array(rest.dropFirst()), namesDirectory: namesDirectory)
  }

  /// Something in this directory. The name comes from the directory itself, so it is a name.
  func appending(_ name: some Collection<UInt8>, isDirectory: Bool = false) -> ResourcePath {
    var bytes = self.bytes
    if !bytes.isEmpty { bytes.append(UInt8(ascii: "/")) }
    bytes.append(contentsOf: name)
    return ResourcePath(bytes: bytes, namesDirectory: isDirectory)
  }

  /// The same path with something added to its last name.
  func withSuffix(_ suffix: StaticString) -> ResourcePath {
    ResourcePath(bytes: bytes + suffix.withUTF8Buffer { Array($0) }, namesDirectory: false)
  }

  /// The path for system calls: relative, and with a NUL at its end.
  var forSystemCall: [UInt8] { (bytes.isEmpty ? [UInt8(ascii: ".")] : bytes) + [0] }

  /// The path as it goes into a URL: it begins with a slash, and ends with one if it names a directory.
  var percentEncoded: String {
    var text = "/"
    PercentEncoding.append(bytes, to: &text, keepingSlashes: true)
    if namesDirectory, !self.bytes.isEmpty { text.append("/") }
    return text
  }
}
