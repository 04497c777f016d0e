import SockeyeText

/// One whole answer of a peer before TLS.
enum StartTLSAnswer: Equatable {
  /// It agrees; what it says line by line, where that matters.
  case yes([String])
  /// It declines, and says why.
  case no(String)
  /// It takes us for somebody who has proved to be someone already: there is no asking for TLS any more.
  case authenticated
  /// It doesn't speak the protocol.
  case nonsense(String)
}

extension StartTLSProtocol {
  /// Takes the next whole answer from what was read; nothing while it is incomplete.
  ///
  /// - Parameter isGreeting: Whether nothing was asked yet.
  func answer(in bytes: inout [UInt8], isGreeting: Bool) -> StartTLSAnswer? {
    switch self {
    case .smtp: Self.smtp(&bytes)
    case .imap: Self.imap(&bytes, isGreeting)
    case .pop3: Self.pop3(&bytes)
    case .ldap: Self.ldap(&bytes)
    case .postgres: Self.postgres(&bytes)
    }
  }

  /// Lines with the same three digits, all but the last with a hyphen behind them (RFC 5321, section 4.2.1).
  private static func smtp(_ bytes: inout [UInt8]) -> StartTLSAnswer? {
    var rest = bytes[...]
    var texts: [String] = []
    while let line = line(&rest) {
      let code = line.prefix(3)
      guard code.count == 3, code.allSatisfy({ $0.isASCII && $0.isNumber }) else { return .nonsense(shown(line)) }
      texts.append(line.dropFirst(4).uppercased())
      guard line.dropFirst(3).first != "-" else { continue }
      bytes = Array(rest)
      return code.first == "2" ? .yes(texts) : .no(shown(line))
    }
    return nil
  }

  /// A greeting is untagged; before the tagged answer come untagged ones, which tell things (RFC 9051, section 7).
  private static func imap(_ bytes: inout [UInt8], _ isGreeting: Bool) -> StartTLSAnswer? {
    while true {
      var rest = bytes[...]
      guard let line = line(&rest) else { return nil }
      bytes = Array(rest)
      let words = line.uppercased().split(separator: " ", maxSplits: 2).map(String.init)
      switch (words.first, words.dropFirst().first) {
      case ("*", "OK") where isGreeting: return .yes([])
      case ("*", "PREAUTH") where isGreeting: return .authenticated
      case ("A1", "OK") where !isGreeting: return .yes([])
      case ("*", "BYE"), ("A1", "NO"), ("A1", "BAD"): return .no(shown(line))
      case ("*", _) where !isGreeting: continue
      default: return .nonsense(shown(line))
      }
    }
  }

  private static func pop3(_ bytes: inout [UInt8]) -> StartTLSAnswer? {
    var rest = bytes[...]
    guard let line = line(&rest) else { return nil }
    bytes = Array(rest)
    let word = line.split(separator: " ", maxSplits: 1).first ?? ""
    switch word.uppercased() {
    case "+OK": return .yes([])
    case "-ERR": return .no(shown(line))
    default: return .nonsense(shown(line))
    }
  }

  private static func postgres(_ bytes: inout [UInt8]) -> StartTLSAnswer? {
    guard let first = bytes.first else { return nil }
    bytes.removeFirst()
    switch first {
    case UInt8(ascii: "S"): return .yes([])
    case UInt8(ascii: "N"): return .no("N")
    default:
      defer { bytes.removeAll() }
      return .nonsense(shown(String(decoding: [first] + bytes.prefix(longestShown), as: UTF8.self)))
    }
  }

  // MARK: Lines

  private static let longestShown = 80

  private static func line(_ bytes: inout ArraySlice<UInt8>) -> String? {
    guard let end = bytes.firstIndex(of: 0x0A) else { return nil }
    var line = bytes[..<end]
    if line.last == 0x0D { line.removeLast() }
    bytes = bytes[bytes.index(after: end)...]
    return String(decoding: line, as: UTF8.self)
  }

  private static func shown(_ line: String) -> String { VisibleText.of(String(line.prefix(longestShown))) }
}

// MARK: LDAP

extension StartTLSProtocol {
  /// LDAPMessage { messageID, ExtendedResponse { resultCode, … } } in BER (RFC 4511, section 4.12).
  private static func ldap(_ bytes: inout [UInt8]) -> StartTLSAnswer? {
    let notLDAP = StartTLSAnswer.nonsense(shown(String(decoding: bytes.prefix(longestShown), as: UTF8.self)))
    guard bytes.first == nil || bytes.first == 0x30 else { return notLDAP }
    var rest = bytes[...]
    switch element(&rest) {
    case .incomplete: return nil
    case .broken: return notLDAP
    case .whole(_, var message):
      bytes = Array(rest)
      guard case .whole(0x02, let number) = element(&message), number.elementsEqual([1]),
        case .whole(0x78, var response) = element(&message),
        case .whole(0x0A, let code) = element(&response), code.count == 1, let result = code.first
      else { return notLDAP }
      guard result != 0 else { return .yes([]) }
      _ = element(&response)
      guard case .whole(0x04, let words) = element(&response), !words.isEmpty else {
        return .no("resultCode \(result)")
      }
      return .no(shown("resultCode \(result): " + String(decoding: words, as: UTF8.self)))
    }
  }

  private enum Element {
    case whole(tag: UInt8, content: ArraySlice<UInt8>)
    case incomplete
    case broken
  }

  /// Takes an element of definite length, which is all that LDAP has (RFC 4511, section 5.1).
  private static func element(_ bytes: inout ArraySlice<UInt8>) -> Element {
    guard let tag = bytes.first, let first = bytes.dropFirst().first else { return .incomplete }
    var rest = bytes.dropFirst(2)
    var length = Int(first)
    if first >= 0x80 {
      let count = Int(first & 0x7F)
      guard (1...3).contains(count) else { return .broken }
      guard rest.count >= count else { return .incomplete }
      length = rest.prefix(count).reduce(0) { $0 << 8 | Int($1) }
      rest = rest.dropFirst(count)
    }
    guard length <= StartTLSDialogue.limit else { return .broken }
    guard rest.count >= length else { return .incomplete }
    bytes = rest.dropFirst(length)
    return .whole(tag: tag, content: rest.prefix(length))
  }
}
