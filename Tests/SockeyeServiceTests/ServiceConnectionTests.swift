import NIOCore
import Testing

@testable import SockeyeService

@Suite("Service: connections")
struct ServiceConnectionTests {
  private static func get(_ name: String, _ fields: String = "") -> String {
    "GET /\(name) HTTP/1.1\r\nHost: x\r\n\(fields)\r\n"
  }

  @Test("A request that comes byte by byte is one request, and the connection stays for the next")
  func piecemeal() throws {
    let connection = try ServedLoop().connect()
    for _ in 0..<2 {
      var answer = ""
      for byte in Self.get("a").utf8 { answer += try connection.send(String(Unicode.Scalar(byte))) }
      #expect(answer.statuses == ["200"] && answer.hasSuffix("\r\n\r\nhello\n"))
    }
    #expect(connection.isOpen)
  }

  @Test("Requests cut anywhere are answered in order, whoever else is served between the pieces")
  func interleaved() throws {
    let served = try ServedLoop()
    let bytes = Array((Self.get("a") + Self.get("nothing") + Self.get("b")).utf8)
    for cut in 1..<bytes.count {
      let first = try served.connect()
      let second = try served.connect()
      var answer = try first.send(String(decoding: bytes[..<cut], as: UTF8.self))
      #expect(try second.send(Self.get("b")).hasSuffix("other\n"))
      answer += try first.send(String(decoding: bytes[cut...], as: UTF8.self))
      #expect(answer.statuses == ["200", "404", "200"], "cut at \(cut)")
      #expect(answer.hasSuffix("other\n"), "cut at \(cut)")
    }
  }

  @Test("An offer to upgrade is declined by answering it, and what follows is the next request (RFC 9110, section 7.8)")
  func upgrade() throws {
    let offer = Self.get("a", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n")
    let connection = try ServedLoop().connect()
    #expect(try connection.send(offer).hasSuffix("hello\n"))
    #expect(try connection.send(Self.get("b")).hasSuffix("other\n"))
    let answer = try connection.send(offer + Self.get("b") + offer + Self.get("b"))
    #expect(answer.statuses == ["200", "200", "200", "200"] && answer.count(of: "other\n") == 2)
  }

  @Test("What was asked before the client ended its side is answered")
  func halfClosed() throws {
    let connection = try ServedLoop().connect()
    let answer = try connection.send(Self.get("a") + Self.get("b"))
    connection.endInput()
    #expect(answer.statuses == ["200", "200"])
    #expect(!connection.isOpen)
  }

  @Test(
    "After bytes that are no request nothing is answered",
    arguments: ["GET /\0 HTTP/1.1\r\nHost: x", "GET / HTTP/1.1\r\nHost : x\r\n\r\n"]
  )
  func broken(text: String) throws {
    let connection = try ServedLoop().connect()
    #expect(try connection.send(Self.get("a")).statuses == ["200"])
    #expect(try connection.send(text + "\r\n\r\n" + Self.get("a")).statuses == ["400"])
    #expect(try connection.send(Self.get("a")) == "")
  }

  @Test("A head that does not arrive in time gets 408; one byte more does not buy more time")
  func slowHead() throws {
    let served = try ServedLoop { $0.timeouts.request = .seconds(5) }
    let connection = try served.connect()
    #expect(try connection.send("GET /a HTTP/1.1\r\nHost:") == "")
    #expect(try connection.after(.seconds(3)) == "")
    #expect(try connection.send(" ") == "")
    #expect(try connection.after(.seconds(4)).statuses == ["408"])
  }

  @Test("Whoever says nothing, or nothing more, is let go after a while")
  func idle() throws {
    let served = try ServedLoop {
      $0.timeouts.request = .seconds(5)
      $0.timeouts.idle = .seconds(30)
    }
    let silent = try served.connect()
    let idle = try served.connect()
    try idle.send(Self.get("a"))
    #expect(try silent.after(.seconds(6)) == "")
    #expect(!silent.isOpen && idle.isOpen)
    #expect(try idle.after(.seconds(26)) == "")
    #expect(!idle.isOpen)
  }

  @Test("A bare name ends after a quiet time, at a line's end, or at the end of the stream")
  func bareNames() throws {
    let served = try ServedLoop { $0.quietTime = .milliseconds(50) }
    let quiet = try served.connect()
    #expect(try quiet.send("no") == "")
    #expect(try quiet.after(.milliseconds(40)) == "")
    #expect(try quiet.send("thing") == "")
    #expect(try quiet.after(.milliseconds(40)) == "")
    #expect(try quiet.after(.milliseconds(20)) == "1")
    #expect(try served.connect().send("nothing\r\n") == "1")
    let ended = try served.connect()
    try ended.send("nothing")
    ended.endInput()
    #expect(try ended.received() == "1")
  }

  @Test("A draining service ends idle connections, and the others after their response")
  func draining() throws {
    let served = try ServedLoop()
    let idle = try served.connect()
    let busy = try served.connect()
    try idle.send(Self.get("a"))
    try busy.send("GET /a HTTP/1.1\r\nHost: x\r\n")
    served.worker.shared.startDraining()
    _ = served.worker.drain()
    #expect(!idle.isOpen && busy.isOpen)
    let answer = try busy.send("\r\n")
    #expect(answer.contains("Connection: close\r\n") && answer.hasSuffix("hello\n"))
    #expect(!busy.isOpen)
  }

  @Test("One connection for each address means one")
  func perAddress() throws {
    let served = try ServedLoop { $0.maximumClientsPerAddress = 1 }
    let first = try served.connect()
    #expect(try first.send(Self.get("a")).statuses == ["200"])
    #expect(try served.connect().send(Self.get("a")).statuses == ["503"])
    #expect(first.isOpen)
  }
}
