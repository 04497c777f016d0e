/// The protocols in which a plain stream is turned into one inside TLS.
public enum StartTLSProtocol: String, Sendable, CaseIterable {
  /// RFC 3207.
  case smtp
  /// RFC 9051, section 6.2.1.
  case imap
  /// RFC 2595, section 4.
  case pop3
  /// RFC 4511, section 4.14.
  case ldap
  /// PostgreSQL's SSLRequest.
  case postgres
}

/// The dialogue before TLS: what is said until both sides begin the handshake. It carries nothing.
///
/// Whoever is on the way can say anything here. So what comes is bounded, an answer that comes before its question is refused,
/// and nothing that came in the clear is ever taken for something that came inside TLS (CVE-2011-0411, CVE-2021-23222).
struct StartTLSDialogue {
  /// What follows from something that the peer said.
  enum Step: Equatable {
    /// The peer hasn't said everything yet.
    case wait
    case say([UInt8])
    /// Both sides begin TLS.
    case begin
    case fail(StartTLSRefusal)
  }

  private enum State {
    case greeting
    case capabilities
    case go
    case over
  }

  private let language: StartTLSProtocol
  private var state: State
  private var unread: [UInt8] = []
  private var heard = 0

  /// The most bytes that a peer may say before TLS begins.
  static let limit = 16_384

  init(_ language: StartTLSProtocol) {
    self.language = language
    state = language.speaksFirst ? .go : .greeting
  }

  /// What this side says before it has heard anything.
  var opening: [UInt8]? { language.speaksFirst ? language.request : nil }

  /// Takes what the peer said, in pieces of any size.
  mutating func take(_ bytes: some Collection<UInt8>) -> Step {
    heard += bytes.count
    guard heard <= Self.limit else { return fail(.tooLong) }
    unread += bytes
    guard let answer = language.answer(in: &unread, isGreeting: isGreeting) else { return .wait }
    switch (step(for: answer), unread.isEmpty) {
    case (.begin, false): return fail(.injected)
    case (.say, false): return fail(.outOfTurn)
    case (let step, _): return step
    }
  }

  private var isGreeting: Bool { if case .greeting = state { true } else { false } }

  private mutating func fail(_ refusal: StartTLSRefusal) -> Step {
    state = .over
    return .fail(refusal)
  }

  private mutating func step(for answer: StartTLSAnswer) -> Step {
    switch (state, answer) {
    case (_, .nonsense(let text)): return fail(.notTheProtocol(language, text))
    case (_, .authenticated): return fail(.authenticated)
    case (.over, _): return fail(.outOfTurn)
    case (_, .no(let text)): return fail(.refused(text))
    case (.greeting, .yes) where language == .smtp:
      state = .capabilities
      // The argument is a name or an address (RFC 5321, section 4.1.3); this one is nobody's and tells nothing.
      return .say(Array("EHLO [127.0.0.1]\r\n".utf8))
    case (.capabilities, .yes(let lines)):
      guard lines.contains("STARTTLS") else { return fail(.notOffered) }
      state = .go
      return .say(language.request)
    case (.greeting, .yes):
      state = .go
      return .say(language.request)
    case (.go, .yes):
      state = .over
      return .begin
    }
  }
}

extension StartTLSProtocol {
  /// Whether the one who connects says the first word.
  fileprivate var speaksFirst: Bool {
    switch self {
    case .smtp, .imap, .pop3: false
    case .ldap, .postgres: true
    }
  }

  /// What asks for TLS.
  fileprivate var request: [UInt8] {
    switch self {
    case .smtp: Array("STARTTLS\r\n".utf8)
    case .imap: Array("a1 STARTTLS\r\n".utf8)
    case .pop3: Array("STLS\r\n".utf8)
    // LDAPMessage { messageID 1, ExtendedRequest { requestName } }
    case .ldap: [0x30, 0x1D, 0x02, 0x01, 0x01, 0x77, 0x18, 0x80, 0x16] + Array("1.3.6.1.4.1.1466.20037".utf8)
    case .postgres: [0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x2F]
    }
  }
}
