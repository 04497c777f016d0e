internal import Glibc
internal import SockeyeText
public import SockeyeTransport

/// Names and passwords for servers, from a file that nobody else can read.
public struct Credentials: Sendable {
  struct Entry: Sendable, Equatable {
    /// The host, or nothing for any.
    var machine: String?
    var login = ""
    var password = ""
  }

  let entries: [Entry]

  /// Reads a file that is either one line `NAME:PASSWORD`, for the host of the URL that was asked for, or has entries as in
  /// `.netrc`: `machine HOST login NAME password PASSWORD`, and `default` in place of a machine.
  ///
  /// - Throws: A failure of kind `localFile` when it can't be read, `usage` when it makes no sense, `refusedLocally` when
  ///   others may read it.
  public init(file path: String) throws(Failure) {
    entries = try Self.checked(try Self.parse(try PrivateFile.text(of: path), of: path), of: path)
  }

  /// Reads a `.netrc`.
  ///
  /// - Parameter path: Where it is; nothing for the one that the variable `NETRC` names, or else `~/.netrc`.
  /// - Throws: A failure of kind `localFile` when it can't be read, `usage` when it makes no sense, `refusedLocally` when
  ///   others may read it.
  public init(netrc path: String?) throws(Failure) {
    let path = path ?? Self.environment("NETRC") ?? "\(Self.environment("HOME") ?? "")/.netrc"
    entries = try Self.checked(try Netrc(try PrivateFile.text(of: path), of: path).entries, of: path)
  }

  init(entries: [Entry]) { self.entries = entries }

  /// The first entry for a host.
  func entry(for host: String) -> Entry? { entries.first { $0.machine == nil || $0.machine == host } }

  static func parse(_ text: String, of path: String) throws(Failure) -> [Entry] {
    let lines = text.split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) && !$0.hasPrefix("#") }
    let first = lines.first?.split(whereSeparator: \.isWhitespace).first
    guard first != "machine", first != "default", first != "macdef" else { return try Netrc(text, of: path).entries }
    guard lines.count == 1, let colon = lines[0].firstIndex(of: ":") else {
      throw Failure(.usage, .notCredentials(path))
    }
    return [Entry(login: String(lines[0][..<colon]), password: String(lines[0][lines[0].index(after: colon)...]))]
  }

  /// A name stands in fields as it is (RFC 7616, section 3.4): one with the end of a line would end the field.
  private static func checked(_ entries: [Entry], of path: String) throws(Failure) -> [Entry] {
    for entry in entries where entry.login.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) {
      throw Failure(.usage, .notCredentials(path))
    }
    return entries
  }

  private static func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }
}

extension Credentials.Entry {
  /// The value of an Authorization field that tells the password itself (RFC 7617).
  var basicAuthorization: String { "Basic " + Base64.text("\(login):\(password)".utf8) }
}
