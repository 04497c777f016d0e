import Crypto
import SockeyeText
public import SockeyeTransport

/// Users, what is needed to check their passwords, and what they may do: one line each,
/// `user:pbkdf2-sha256$ITERATIONS$SALT$HASH` and perhaps `:RULES`, salt and hash in base64, and rules such as
/// `read /inbox=read,add`. Empty lines and lines that begin with `#` are skipped.
///
/// PBKDF2 (RFC 8018, section 5.2) with HMAC-SHA-256 makes each guess at a stolen file expensive.
public struct PasswordFile: Sendable {
  struct Entry: Sendable {
    let iterations: Int
    let salt: [UInt8]
    let hash: [UInt8]
    /// What the user may do where; nothing where the file doesn't say.
    var rules: AccessRules?
  }

  let entries: [String: Entry]

  /// Reads the lines of a password file.
  ///
  /// - Parameters:
  ///   - text: The file's contents.
  ///   - name: What to call the file in a failure.
  /// - Throws: A failure of kind `usage` that names the line.
  public init(_ text: String, name: String) throws(Failure) {
    var entries: [String: Entry] = [:]
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      if line.isEmpty || line.hasPrefix("#") { continue }
      guard let colon = line.firstIndex(of: ":"), colon != line.startIndex,
        let entry = Self.entry(line[line.index(after: colon)...])
      else {
        throw Failure(.usage, .badPasswordLine(name, index + 1))
      }
      entries[String(line[..<colon])] = entry
    }
    self.entries = entries
  }

  private static func entry(_ text: Substring) -> Entry? {
    let columns = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    var rules: AccessRules?
    if columns.count == 2 {
      rules = AccessRules(columns[1])
      guard rules != nil else { return nil }
    }
    let parts = columns[0].split(separator: "$", omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0] == "pbkdf2-sha256", let iterations = Int(parts[1]),
      (1...10_000_000).contains(iterations), let salt = Base64.bytes(parts[2]), let hash = Base64.bytes(parts[3]),
      !salt.isEmpty, hash.count == 32
    else { return nil }
    return Entry(iterations: iterations, salt: salt, hash: hash, rules: rules)
  }

  /// Iterations for new passwords.
  public static let iterations = 100_000

  /// Makes the line for a user.
  ///
  /// - Throws: A failure of kind `usage` for a name that cannot stand in a password file.
  public static func line(user: String, password: String, iterations: Int = Self.iterations) throws(Failure) -> String {
    guard !user.isEmpty, !user.hasPrefix("#"), !user.contains(":"), !user.contains(where: \.isNewline) else {
      throw Failure(.usage, .badUserName(user))
    }
    var random = SystemRandomNumberGenerator()
    let salt = (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }
    let hash = Self.derive(Array(password.utf8), salt: salt, iterations: iterations)
    return "\(user):pbkdf2-sha256$\(iterations)$\(Base64.text(salt))$\(Base64.text(hash))"
  }

  /// Whether that is the user's password. It costs some milliseconds, for a user that there is not as well.
  public func isRight(_ password: [UInt8], of user: String) -> Bool {
    let entry = entries[user]
    let stranger = Entry(iterations: Self.iterations, salt: [0], hash: [])
    let checked = entry ?? stranger
    let hash = Self.derive(password, salt: checked.salt, iterations: checked.iterations)
    return Self.areEqual(hash, checked.hash) && entry != nil
  }

  /// Takes the same time wherever the first difference is.
  static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }

  /// The first block of PBKDF2 with HMAC-SHA-256, which is all that 32 bytes need.
  static func derive(_ password: [UInt8], salt: [UInt8], iterations: Int) -> [UInt8] {
    let key = SymmetricKey(data: password)
    var block = Array(HMAC<SHA256>.authenticationCode(for: salt + [0, 0, 0, 1], using: key))
    var result = block
    for _ in 1..<max(1, iterations) {
      block = Array(HMAC<SHA256>.authenticationCode(for: block, using: key))
      for index in result.indices { result[index] ^= block[index] }
    }
    return result
  }
}
