import CSockeyeLinux
internal import Glibc
internal import SockeyeText

/// Which version of which URL a file is, by its server's entity tag (RFC 9110, section 8.8.3): sizes and times may be the same
/// for two versions.
///
/// It is written down in an extended attribute, so that it goes where the file goes, and nothing lies beside it. A file system
/// that has none keeps nothing, and the next run goes by size and time alone.
struct VersionNote: Hashable, Sendable {
  static let attribute = "user.sockeye.version"
  /// What a file system has room for beside other attributes, in bytes.
  private static let longest = 2000

  /// The file's size in bytes, by which it is known that it is still what came.
  var size: UInt64
  /// The SHA-256 of its URL, which may have secrets in it, and goes wherever the file is copied to.
  var source: String
  /// As the server wrote it.
  var tag: String

  init(size: UInt64, url: DownloadURL, tag: String) {
    self.init(size: size, source: Self.source(url), tag: tag)
  }

  private init(size: UInt64, source: String, tag: String) {
    self.size = size
    self.source = source
    self.tag = tag
  }

  private static func source(_ url: DownloadURL) -> String {
    var digest = ResumableSHA256()
    Array(url.description.utf8).withUnsafeBytes { digest.update($0) }
    return SHA256Sum(bytes: digest.finalize())?.description ?? ""
  }

  /// Whether it is of what a URL leads to.
  func isOf(_ url: DownloadURL) -> Bool { source == Self.source(url) }

  /// Reads a note. Anybody may have written it: nothing gets into a request that isn't a tag.
  init?(_ text: String) {
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 3, let size = DecimalNumber.parse(words[0]), FileIdentity.isTag(words[2]),
      words[2].utf8.allSatisfy({ (0x21...0x7e).contains($0) })
    else { return nil }
    self.init(size: size, source: String(words[1]), tag: String(words[2]))
  }

  /// The note of an open file, if it has one and is as long as it was then.
  init?(of descriptor: CInt) {
    let bytes = [UInt8](unsafeUninitializedCapacity: Self.longest) { buffer, count in
      count = max(0, fgetxattr(descriptor, Self.attribute, buffer.baseAddress, buffer.count))
    }
    var status = stat()
    guard let note = String(validating: bytes, as: UTF8.self).flatMap({ VersionNote($0) }),
      fstat(descriptor, &status) == 0, UInt64(max(0, status.st_size)) == note.size
    else { return nil }
    self = note
  }

  /// Writes it down with a file.
  func keep(in descriptor: CInt) {
    let bytes = Array("\(size) \(source) \(tag)".utf8)
    guard bytes.count <= Self.longest, VersionNote(String(decoding: bytes, as: UTF8.self)) == self else { return }
    fsetxattr(descriptor, Self.attribute, bytes, bytes.count, 0)
  }
}

extension Folder {
  /// The note of the file that stands at a name.
  func version(of name: String) -> VersionNote? {
    let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
    let file = ArgumentText.withPath(name) { openat(descriptor, $0, flags) }
    guard file >= 0 else { return nil }
    defer { close(file) }
    return VersionNote(of: file)
  }
}
