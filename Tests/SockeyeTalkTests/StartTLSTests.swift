import NIOCore
import NIOEmbedded
import NIOSSL
import SockeyeTransport
import Testing

@testable import SockeyeTalk

@Suite("The dialogue before TLS")
struct StartTLSTests {
  /// What a dialogue does with what the peer says, said in one piece for each element.
  private static func steps(_ language: StartTLSProtocol, _ said: [[UInt8]]) -> [StartTLSDialogue.Step] {
    var dialogue = StartTLSDialogue(language)
    return said.map { dialogue.take($0) }
  }

  private static func steps(_ language: StartTLSProtocol, _ said: [String]) -> [StartTLSDialogue.Step] {
    steps(language, said.map { Array($0.utf8) })
  }

  private static func say(_ text: String) -> StartTLSDialogue.Step { .say(Array(text.utf8)) }

  /// LDAPMessage 1 with an ExtendedResponse of a result code.
  private static func ldap(_ code: UInt8, number: UInt8 = 1, words: String = "") -> [UInt8] {
    let response: [UInt8] = [0x0A, 1, code, 0x04, 0, 0x04, UInt8(words.utf8.count)] + Array(words.utf8)
    let message: [UInt8] = [0x02, 1, number, 0x78, UInt8(response.count)] + response
    return [0x30, UInt8(message.count)] + message
  }

  @Test("a peer that keeps to its protocol is led to TLS")
  func agreed() {
    #expect(
      Self.steps(
        .smtp,
        ["220-a.example\r\n220 ready\r\n", "250-a.example\r\n250-SIZE 1\r\n250 starttls\r\n", "220 go\r\n"]
      )
        == [Self.say("EHLO [127.0.0.1]\r\n"), Self.say("STARTTLS\r\n"), .begin]
    )
    #expect(
      Self.steps(.imap, ["* OK [CAPABILITY STARTTLS] hi\r\n", "* OK still here\r\n* 3 EXISTS\r\n", "A1 ok go\r\n"])
        == [Self.say("a1 STARTTLS\r\n"), .wait, .begin]
    )
    #expect(Self.steps(.pop3, ["+OK hi\r\n", "+OK\r\n"]) == [Self.say("STLS\r\n"), .begin])
    #expect(Self.steps(.ldap, [Self.ldap(0)]) == [.begin])
    #expect(Self.steps(.postgres, ["S"]) == [.begin])
    #expect(StartTLSDialogue(.postgres).opening == [0, 0, 0, 8, 4, 210, 22, 47])
    #expect(StartTLSDialogue(.smtp).opening == nil)
  }

  @Test("answers may come byte by byte", arguments: StartTLSProtocol.allCases)
  func pieces(language: StartTLSProtocol) {
    let answers: [[UInt8]]
    switch language {
    case .smtp: answers = ["220 a\r\n", "250-a\r\n250 STARTTLS\r\n", "220 go\r\n"].map { Array($0.utf8) }
    case .imap: answers = ["* OK\r\n", "a1 OK\r\n"].map { Array($0.utf8) }
    case .pop3: answers = ["+OK\n", "+OK\n"].map { Array($0.utf8) }
    case .ldap: answers = [Self.ldap(0)]
    case .postgres: answers = [[0x53]]
    }
    var dialogue = StartTLSDialogue(language)
    var last = StartTLSDialogue.Step.wait
    for answer in answers {
      for (place, byte) in answer.enumerated() {
        last = dialogue.take([byte])
        if place < answer.count - 1 { #expect(last == .wait) }
      }
    }
    #expect(last == .begin)
  }

  @Test(
    "what comes in the clear behind the agreement is refused",
    arguments: [
      (StartTLSProtocol.smtp, ["220 a\r\n", "250 STARTTLS\r\n", "220 go\r\n250 injected\r\n"]),
      (.smtp, ["220 a\r\n", "250 STARTTLS\r\n", "220 go\r\n\u{16}"]),
      (.imap, ["* OK\r\n", "a1 OK\r\n* 1 EXISTS\r\n"]),
      (.pop3, ["+OK\r\n", "+OK\r\n+OK injected\r\n"]),
      (.postgres, ["SE"]),
    ] as [(StartTLSProtocol, [String])]
  )
  func injected(language: StartTLSProtocol, said: [String]) {
    #expect(Self.steps(language, said).last == .fail(.injected))
  }

  @Test("LDAP's agreement ends where its length says")
  func ldapInjected() {
    #expect(Self.steps(.ldap, [Self.ldap(0) + [0x30]]) == [.fail(.injected)])
  }

  @Test(
    "an answer before its question is refused",
    arguments: [
      (StartTLSProtocol.smtp, ["220 a\r\n250 STARTTLS\r\n"]),
      (.smtp, ["220 a\r\n", "250 STARTTLS\r\n220 go\r\n"]),
      (.imap, ["* OK\r\na1 OK\r\n"]),
      (.pop3, ["+OK\r\n+OK\r\n"]),
    ] as [(StartTLSProtocol, [String])]
  )
  func outOfTurn(language: StartTLSProtocol, said: [String]) {
    #expect(Self.steps(language, said).last == .fail(.outOfTurn))
  }

  @Test("a peer that declines, hides or lies is told of as what it is")
  func refused() {
    #expect(Self.steps(.smtp, ["220 a\r\n", "250-a\r\n250 SIZE 1\r\n"]).last == .fail(.notOffered))
    #expect(Self.steps(.smtp, ["554 go away\r\n"]) == [.fail(.refused("554 go away"))])
    #expect(Self.steps(.smtp, ["HTTP/1.1 400\r\n"]) == [.fail(.notTheProtocol(.smtp, "HTTP/1.1 400"))])
    #expect(Self.steps(.imap, ["* PREAUTH hi\r\n"]) == [.fail(.authenticated)])
    #expect(Self.steps(.imap, ["* OK\r\n", "a1 NO\r\n"]).last == .fail(.refused("a1 NO")))
    #expect(Self.steps(.imap, ["* OK\r\n", "a2 OK\r\n"]).last == .fail(.notTheProtocol(.imap, "a2 OK")))
    #expect(Self.steps(.pop3, ["-ERR busy\r\n"]) == [.fail(.refused("-ERR busy"))])
    #expect(Self.steps(.postgres, ["N"]) == [.fail(.refused("N"))])
    #expect(Self.steps(.postgres, ["E\u{1B}[2J"]) == [.fail(.notTheProtocol(.postgres, "E\\x1b[2J"))])
    #expect(Self.steps(.ldap, [Self.ldap(2, words: "no")]) == [.fail(.refused("resultCode 2: no"))])
    #expect(Self.steps(.ldap, [Self.ldap(0, number: 2)]).first != .begin)
  }

  @Test(
    "lengths that lie make LDAP no LDAP, and none asks for memory",
    arguments: [
      [0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF], [0x30, 0x80, 0, 0], [0x30, 0x83, 0xFF, 0xFF, 0xFF], [0x30, 0],
      [0x30, 3, 2, 9, 1], [0x30, 2, 2, 0], [0x30, 3, 2, 1, 1], [0x31], [0x30, 7, 2, 1, 1, 0x78, 2, 0x0A, 0],
    ] as [[UInt8]]
  )
  func ldapLengths(said: [UInt8]) {
    guard case .fail(.notTheProtocol(.ldap, _)) = Self.steps(.ldap, [said])[0] else {
      Issue.record("\(Self.steps(.ldap, [said]))")
      return
    }
  }

  @Test("a peer that talks on and on is not listened to for ever", arguments: StartTLSProtocol.allCases)
  func tooLong(language: StartTLSProtocol) {
    let begin: [UInt8] = language == .ldap ? [0x30, 0x82, 0x3F, 0xF0] : []
    var dialogue = StartTLSDialogue(language)
    var last = begin.isEmpty ? .wait : dialogue.take(begin)
    var said = 0
    while last == .wait, said < 100_000 {
      last = dialogue.take(Array(repeating: UInt8(ascii: "x"), count: 1000))
      said += 1000
    }
    guard case .fail = last else {
      Issue.record("\(last)")
      return
    }
    #expect(said <= StartTLSDialogue.limit + 1000)
  }

  @Test("nothing of what is said before TLS reaches the conversation, and its failure ends it")
  func session() throws {
    let stage = Stage()
    let context = try NIOSSLContext(configuration: .makeClientConfiguration())
    let tls = TLSHandlers(context: context, host: nil, settings: TLSSettings())
    _ = try stage.streamSession(behind: [StartTLSHandler(.smtp, with: "192.0.2.1:25", tls: tls)]) {
      $0.tls = TLSSettings()
    }
    try stage.say("220 a\r\n")
    #expect(try stage.sent() == "EHLO [127.0.0.1]\r\n")
    try stage.say("250 STARTTLS\r\n")
    #expect(try stage.sent() == "STARTTLS\r\n")
    try stage.say("220 go\r\n250 injected\r\n")
    #expect(stage.heard.isEmpty)
    #expect(stage.cause == .failed(Failure(.peerProtocol, .startTLSFailed("192.0.2.1:25", .injected))))
  }

  @Test("plain text in the place of the server's hello is a failure of TLS, and is not heard")
  func plainAfterAgreement() throws {
    let stage = Stage()
    let context = try NIOSSLContext(configuration: .makeClientConfiguration())
    let tls = TLSHandlers(context: context, host: nil, settings: TLSSettings())
    _ = try stage.streamSession(behind: [StartTLSHandler(.pop3, with: "192.0.2.1:110", tls: tls)]) {
      $0.tls = TLSSettings()
    }
    try stage.say("+OK\r\n")
    try stage.say("+OK\r\n")
    // The client's hello is a record of a handshake.
    #expect(try stage.sent().utf8.first { $0 == 0x16 } == 0x16)
    try stage.say("+OK injected\r\n")
    #expect(stage.heard.isEmpty)
    guard case .failed(let failure)? = stage.cause else {
      Issue.record("\(String(describing: stage.cause))")
      return
    }
    #expect(failure.kind == .tls)
  }
}
