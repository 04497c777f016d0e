import Glibc
import SockeyeSimulator

/// A folder that goes when nobody needs it any more.
final class TemporaryFolder: Sendable {
  let path: String

  struct CannotBeMade: Error {}

  init() throws {
    var template = Array("\(getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp")/sockeye-day-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw CannotBeMade() }
    path = String(cString: made)
  }

  deinit {
    for name in names { unlink("\(path)/\(name)") }
    rmdir(path)
  }

  private var names: [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  func remove(_ name: String) { unlink("\(path)/\(name)") }

  /// Nothing if there is no such file.
  func contents(of name: String) -> [UInt8]? {
    guard let file = fopen("\(path)/\(name)", "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
    return bytes
  }

  func write(_ bytes: [UInt8], to name: String) throws {
    guard let file = fopen("\(path)/\(name)", "w") else { throw CannotBeMade() }
    defer { fclose(file) }
    guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw CannotBeMade() }
  }
}

/// What is served. One folder for all days that are to be the same: a file's tag is made of its inode and its times.
struct ServedFolder: Sendable {
  struct File: Sendable {
    let name: String
    let contents: [UInt8]
  }

  let files: [File]
  private let folder = try? TemporaryFolder()

  var path: String { folder?.path ?? "" }

  init() throws {
    var generator = SeededGenerator(seed: 1)
    files = [0, 1, 3000, 20_000, 150_000, 400_000].map { size in
      File(name: "file-\(size).bin", contents: (0..<size).map { _ in UInt8(truncatingIfNeeded: generator.next()) })
    }
    for file in files { try folder?.write(file.contents, to: file.name) }
  }
}
