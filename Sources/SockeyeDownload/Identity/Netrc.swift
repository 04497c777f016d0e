internal import SockeyeTransport

/// The entries of a `.netrc`: `machine HOST login NAME password PASSWORD`, and `default` in place of a machine.
///
/// A word may stand in double quotes, with `\"`, `\\`, `\n`, `\r` and `\t` in it, as curl has it. A line that begins with `#`
/// is a comment; a macro (`macdef`) goes on to the next empty line, and is left out, and so is an `account`.
struct Netrc {
  private enum Token: Equatable {
    case word(String)
    /// A line without any words, which ends a macro.
    case emptyLine
  }

  private let path: String
  private var tokens: ArraySlice<Token>
  private(set) var entries: [Credentials.Entry] = []

  init(_ text: String, of path: String) throws(Failure) {
    self.path = path
    var tokens: [Token] = []
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) where !line.hasPrefix("#") {
      let words = try Self.words(in: line, of: path)
      tokens += words.isEmpty ? [.emptyLine] : words.map { .word($0) }
    }
    self.tokens = tokens[...]
    while let word = nextWord() { try take(word) }
  }

  private mutating func nextWord() -> String? {
    while let token = tokens.popFirst() {
      if case .word(let word) = token { return word }
    }
    return nil
  }

  private mutating func take(_ word: String) throws(Failure) {
    if word == "default" { return entries.append(Credentials.Entry()) }
    guard let value = nextWord() else { throw Failure(.usage, .nothingFollows(path, word)) }
    switch word {
    case "machine": entries.append(Credentials.Entry(machine: value.lowercased()))
    case "login" where !entries.isEmpty: entries[entries.count - 1].login = value
    case "password" where !entries.isEmpty: entries[entries.count - 1].password = value
    case "account": break
    case "macdef": while let token = tokens.popFirst(), token != .emptyLine {}
    default: throw Failure(.usage, .notUnderstood(path, word))
    }
  }

  private static func words(in line: Substring, of path: String) throws(Failure) -> [String] {
    var words: [String] = []
    var rest = line.drop(while: \.isWhitespace)
    while let first = rest.first {
      if first == "\"" {
        words.append(try quoted(&rest, of: path))
      } else {
        let word = rest.prefix { !$0.isWhitespace }
        words.append(String(word))
        rest = rest[word.endIndex...]
      }
      rest = rest.drop(while: \.isWhitespace)
    }
    return words
  }

  /// Takes a word in quotes off the front.
  private static func quoted(_ rest: inout Substring, of path: String) throws(Failure) -> String {
    var word = ""
    rest.removeFirst()
    while let character = rest.popFirst() {
      if character == "\"" { return word }
      guard character == "\\" else {
        word.append(character)
        continue
      }
      switch rest.popFirst() {
      case "n": word.append("\n")
      case "r": word.append("\r")
      case "t": word.append("\t")
      case let escaped?: word.append(escaped)
      case nil: break
      }
    }
    throw Failure(.usage, .openQuote(path))
  }
}
