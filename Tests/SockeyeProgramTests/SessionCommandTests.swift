import ArgumentParser
import Testing

@testable import SockeyeConsole
@testable import sockeye

@Suite("The command line of a console's session")
struct SessionCommandTests {
  private static let settings = [
    #"{"protocol":"tcp-client","remote":"127.0.0.1:80"}"#,
    #"{"protocol":"tcp-client","remote":"[::1]:80","local":"::1","encoding":"gbk","framing":"delimiter:0d0a","idle":"30s","connectTimeout":"500ms","reconnect":true,"peerEnd":"hold"}"#,
    #"{"protocol":"tcp-server","local":"4000","framing":"length:u16be@0","idle":"2m"}"#,
    #"{"protocol":"tls-client","remote":"example.com:443","insecure":true,"ca":"ca.pem"}"#,
    #"{"protocol":"tls-client","remote":"example.com:443","ca":"ca.pem","certificate":"it's mine.pem","key":"key.pem"}"#,
    #"{"protocol":"tls-server","local":"127.0.0.1:0","certificate":"server.pem","key":"key.pem","insecure":true}"#,
    #"{"protocol":"udp","remote":"127.0.0.1:53","framing":"line","peerEnd":"hold"}"#,
    #"{"protocol":"udp","local":"0.0.0.0:5000","broadcast":true,"encoding":"big5"}"#,
    #"{"protocol":"udp","local":"127.0.0.1:5000","remote":"127.0.0.1:5001"}"#,
    #"{"protocol":"multicast","remote":"239.1.2.3:5000","ttl":4,"interface":"lo","loopback":false}"#,
    #"{"protocol":"multicast","remote":"[ff02::1234]:5000","loopback":true}"#,
    #"{"protocol":"unix-client","remote":"/tmp/a b"}"#,
    #"{"protocol":"unix-server","local":"unix:/tmp/$(x)","framing":"fixed:4"}"#,
  ]

  @Test("It is a command that the program takes, flag by flag", arguments: settings)
  func parses(_ text: String) throws {
    let json = try #require(try JSONReader.read(text.utf8).object)
    let arguments = SessionCommand(try SessionSettings(json)).arguments
    let command = try Sockeye.parseAsRoot(arguments)
    try #require(command as? any RuledCommand).checkFlags(arguments.dropFirst())
  }

  @Test("It means the session's own settings")
  func means() throws {
    let json = try #require(try JSONReader.read(Self.settings[1].utf8).object)
    let command = try #require(try Sockeye.parseAsRoot(SessionCommand(try SessionSettings(json)).arguments) as? Connect)
    #expect(command.endpoint == ["[::1]:80"])
    #expect(command.flags.encoding == "gbk")
    #expect(command.flags.frame == "delimiter:0d0a")
    #expect(command.flags.idle.map { "\($0)" } == "30s")
    #expect("\(command.connectTimeout)" == "500ms")
    #expect("\(command.flags.onPeerEof)" == "hold")
  }

  @Test("A shell takes each word as it is", arguments: ["a b", "$(x)", "`x`", "a'b", "*", "~", "", "a\nb", ";x", "你"])
  func quoting(_ word: String) {
    let quoted = SessionCommand.quoted(word)
    #expect(quoted.hasPrefix("'") && quoted.hasSuffix("'"))
    #expect(
      quoted.dropFirst().dropLast().split(separator: "'\\''", omittingEmptySubsequences: false).joined(separator: "'")
        == word
    )
  }

  @Test(
    "Plain words need no quotes",
    arguments: ["connect", "127.0.0.1:80", "unix:/tmp/a", "--frame", "crc-16/modbus"]
  )
  func plain(_ word: String) {
    #expect(SessionCommand.quoted(word) == word)
  }
}
