import Glibc
import Testing

/// A directory with something in it, removed at the end.
final class TemporaryDirectory {
  let path: String

  init() throws {
    var template = Array("/tmp/sockeye-test-XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } }
    path = String(cString: try #require(made))
  }

  deinit { Self.removeAll(path) }

  func write(_ contents: String, to name: String) throws {
    let file = try #require(fopen("\(path)/\(name)", "w"))
    fputs(contents, file)
    fclose(file)
  }

  /// What a file holds; `nil` when there is none.
  func read(_ name: String) -> String? {
    guard let file = fopen("\(path)/\(name)", "r") else { return nil }
    defer { fclose(file) }
    let bytes = [UInt8](unsafeUninitializedCapacity: 1 << 20) { buffer, count in
      count = fread(buffer.baseAddress, 1, buffer.count, file)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The permissions of a file.
  func mode(_ name: String) -> mode_t {
    var status = stat()
    return stat("\(path)/\(name)", &status) == 0 ? status.st_mode & 0o777 : 0
  }

  func setMode(_ mode: mode_t, of name: String) { chmod("\(path)/\(name)", mode) }

  /// The names in it.
  var names: Set<String> {
    guard let stream = opendir(path) else { return [] }
    defer { closedir(stream) }
    var names: Set<String> = []
    while let entry = readdir(stream) {
      names.insert(
        withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      )
    }
    return names.subtracting([".", ".."])
  }

  func makeDirectory(_ name: String) { mkdir("\(path)/\(name)", 0o755) }

  func makeFIFO(_ name: String) { mkfifo("\(path)/\(name)", 0o644) }

  func link(_ name: String, to target: String) { symlink(target, "\(path)/\(name)") }

  private static func removeAll(_ path: String) {
    // A link is not followed: what cannot be opened as a directory is removed as a name.
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    guard descriptor >= 0, let stream = fdopendir(descriptor) else {
      unlink(path)
      return
    }
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != ".", name != ".." { Self.removeAll("\(path)/\(name)") }
    }
    closedir(stream)
    rmdir(path)
  }
}
