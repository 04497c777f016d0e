/// One challenge of a WWW-Authenticate or Proxy-Authenticate field (RFC 9110, section 11.3): a scheme and its parameters.
struct AuthenticationChallenge: Equatable {
  /// In lower case.
  var scheme: String
  /// By names in lower case; the values as they are meant, without quotes and escapes.
  var parameters: [String: String] = [:]

  /// Reads the challenges of a field. The list's commas and those between parameters look the same: a word without `=` is
  /// another scheme. What can't be read ends the list.
  static func parse(_ value: String) -> [AuthenticationChallenge] {
    var challenges: [AuthenticationChallenge] = []
    var rest = value[...]
    while true {
      rest = rest.drop { $0 == " " || $0 == "\t" || $0 == "," }
      let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "!#$%&'*+-.^_`|~".contains($0)) }
      guard !name.isEmpty else { return challenges }
      rest = rest[name.endIndex...]
      let afterBlanks = rest.drop { $0 == " " || $0 == "\t" }
      // A token68, such as that of Negotiate, ends in signs of equality, or has none.
      guard afterBlanks.first == "=", !challenges.isEmpty else {
        challenges.append(AuthenticationChallenge(scheme: name.lowercased()))
        continue
      }
      rest = afterBlanks.dropFirst().drop { $0 == " " || $0 == "\t" }
      guard let parameter = self.value(&rest) else { return challenges }
      // RFC 9110, section 11.2: a name occurs once. The first one counts.
      let key = name.lowercased()
      if challenges[challenges.count - 1].parameters[key] == nil {
        challenges[challenges.count - 1].parameters[key] = parameter
      }
    }
  }

  private static func value(_ rest: inout Substring) -> String? {
    guard rest.first == "\"" else {
      let word = rest.prefix { $0 != "," && $0 != " " && $0 != "\t" }
      rest = rest[word.endIndex...]
      return String(word)
    }
    rest.removeFirst()
    var text = ""
    while let character = rest.popFirst() {
      switch character {
      case "\"": return text
      case "\\": if let escaped = rest.popFirst() { text.append(escaped) }
      default: text.append(character)
      }
    }
    return nil
  }
}
