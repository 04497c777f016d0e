internal import FoundationEssentials
internal import Glibc
internal import SockeyeText
public import SockeyeTransport

/// Names and passwords for servers, from a file that nobody else can read.
///
/// The file is either one line `NAME:PASSWORD`, for the host of the URL that was asked for, or has entries as in
/// `.netrc`: `machine HOST login NAME password PASSWORD`, and `default` in place of a machine.
public struct Credentials: Sendable {
  struct Entry: Sendable, Equatable {
    /// The host, or nothing for any.
    var machine: String?
    var login = ""
    var password = ""
  }

  let entries: [Entry]

  /// Reads a file.
  ///
  /// - Throws: A failure of kind `localFile` when it can't be read, `usage` when it makes no sense, `refusedLocally` when
  ///   others may read it.
  public init(file path: String) throws(Failure) {
    let descriptor = ArgumentText.withPath(path) { open($0, O_RDONLY | O_CLOEXEC | O_NOCTTY) }
    guard descriptor >= 0 else {
      throw Failure(.localFile, .cannotRead(path, Folder.reason(errno)))
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & 0o077 == 0 || status.st_mode & S_IFMT != S_IFREG else {
      throw Failure(.refusedLocally, .passwordsExposed(path))
    }
    let longest = 1 << 16
    let bytes = [UInt8](unsafeUninitializedCapacity: longest) { buffer, count in
      count = 0
      while count < longest {
        let got = read(descriptor, buffer.baseAddress.map { $0 + count }, longest - count)
        guard got > 0 else { break }
        count += got
      }
    }
    entries = try Self.parse(String(decoding: bytes, as: UTF8.self), of: path)
  }

  init(entries: [Entry]) { self.entries = entries }

  /// The value of an Authorization field (RFC 7617) for a host.
  func basicAuthorization(host: String) -> String? {
    guard let entry = entries.first(where: { $0.machine == nil || $0.machine == host }) else { return nil }
    return "Basic " + Data("\(entry.login):\(entry.password)".utf8).base64EncodedString()
  }

  static func parse(_ text: String, of path: String) throws(Failure) -> [Entry] {
    let lines = text.split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) && !$0.hasPrefix("#") }
    let words = lines.flatMap { $0.split(whereSeparator: \.isWhitespace) }
    guard words.first == "machine" || words.first == "default" else {
      guard lines.count == 1, let colon = lines[0].firstIndex(of: ":") else {
        throw Failure(.usage, .notCredentials(path))
      }
      return [Entry(login: String(lines[0][..<colon]), password: String(lines[0][lines[0].index(after: colon)...]))]
    }
    var entries: [Entry] = []
    var index = 0
    while index < words.count {
      let word = words[index]
      index += 1
      if word == "default" {
        entries.append(Entry())
        continue
      }
      guard index < words.count else { throw Failure(.usage, .nothingFollows(path, "\(word)")) }
      let value = String(words[index])
      index += 1
      switch word {
      case "machine": entries.append(Entry(machine: value.lowercased()))
      case "login" where !entries.isEmpty: entries[entries.count - 1].login = value
      case "password" where !entries.isEmpty: entries[entries.count - 1].password = value
      case "account": break
      default: throw Failure(.usage, .notUnderstood(path, "\(word)"))
      }
    }
    return entries
  }
}
