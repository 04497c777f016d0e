import NIOCore
import Testing

@testable import SockeyeService

@Suite("Service: requests")
struct ServiceRequestsTests {
  private func answer(_ text: String) throws -> String { try ServedLoop().connect().send(text) }

  @Test(
    "A host that is none is refused (RFC 9112, section 3.2)",
    arguments: [
      "a b", "a/b", "a@b", "a:b", "a:1:2", "a:99999", "a:65536", "[::1", "[]", "[g::1]x", "a\\b", "a\"b", "<a>", "a?b",
      "a#b", "é", "%", "%4", "%zz", "a:+1", ":80",
    ]
  )
  func badHosts(host: String) throws {
    #expect(try answer("GET /a HTTP/1.1\r\nHost: \(host)\r\n\r\n").statuses == ["400"])
  }

  @Test(
    "A host is a name or an address, and perhaps a port",
    arguments: [
      "", "a", "A.example", "a_b", "192.0.2.1:80", "[::1]", "[2001:db8::1]:65535", "[fe80::1%25eth0]", "a:", "a%20b",
      "xn--fiq228c.test",
    ]
  )
  func goodHosts(host: String) throws {
    #expect(try answer("GET /a HTTP/1.1\r\nHost: \(host)\r\n\r\n").statuses == ["200"])
  }

  @Test("There is one host in HTTP/1.1, and no more in HTTP/1.0 (RFC 9112, section 3.2)")
  func hosts() throws {
    #expect(try answer("GET /a HTTP/1.1\r\n\r\n").statuses == ["400"])
    #expect(try answer("GET /a HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n").statuses == ["400"])
    #expect(try answer("GET /a HTTP/1.0\r\n\r\n").statuses == ["200"])
    #expect(try answer("GET /a HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n").statuses == ["400"])
  }

  @Test("A message with a length and chunks is an attempt to be read in two ways (RFC 9112, section 6.3)")
  func twoLengths() throws {
    for fields in [
      "Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 0",
    ] {
      let text = "POST /a HTTP/1.1\r\nHost: x\r\n\(fields)\r\n\r\n0\r\n\r\n"
      #expect(try answer(text + "GET /a HTTP/1.1\r\nHost: x\r\n\r\n").statuses == ["400"])
    }
  }

  @Test("A target longer than any file's is refused, and one that is just not there isn't found")
  func longTargets() throws {
    func target(_ count: Int) -> String { "/" + String(repeating: "n", count: count - 1) }
    let length = HTTPExchange.longestTarget
    #expect(try answer("GET \(target(length)) HTTP/1.1\r\nHost: x\r\n\r\n").statuses == ["404"])
    #expect(try answer("GET \(target(length + 1)) HTTP/1.1\r\nHost: x\r\n\r\n").statuses == ["414"])
  }

  @Test(
    "A coding that is not known is not implemented, and chunks are the last one, once (RFC 9112, section 6.1)",
    arguments: [
      ("chunked", false, nil), ("Chunked", false, nil), (", chunked ,", false, nil), ("gzip, chunked", false, 501),
      ("deflate,br,chunked", false, 501), ("chunked, gzip", false, 400), ("chunked, chunked", false, 400),
      ("identity", false, 400), ("", false, 400), ("chunked", true, 400),
    ] as [(String, Bool, Int?)]
  )
  func codings(field: String, isHTTP10: Bool, status: Int?) {
    #expect(TransferCodings.refusal(of: field, isHTTP10: isHTTP10)?.rawValue == status)
  }

  @Test("A body in two codings gets 501, and nothing after it is answered")
  func doubleCoding() throws {
    let text = "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"
    #expect(try answer(text + "GET /a HTTP/1.1\r\nHost: x\r\n\r\n").statuses == ["501"])
  }

  @Test("What HTTP/1.0 expects means nothing (RFC 9110, section 10.1.1)")
  func expectation() throws {
    #expect(try answer("GET /a HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").statuses == ["200"])
    #expect(try answer("GET /a HTTP/1.0\r\nExpect: tea\r\n\r\n").statuses == ["200"])
    #expect(try answer("GET /a HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n").statuses == ["417"])
    let body = "GET /a HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"
    #expect(try answer(body) == "")
  }

  @Test("Empty lines before a request are skipped, the first and any other (RFC 9112, section 2.2)")
  func emptyLines() throws {
    let request = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
    #expect(try answer("\r\n" + request + "\r\n\r\n" + request).statuses == ["200", "200"])
    let connection = try ServedLoop().connect()
    var text = ""
    for byte in "\r\n" + request { text += try connection.send(String(byte)) }
    #expect(text.statuses == ["200"])
  }

  @Test("A folder without its slash is redirected relative to itself, so that a prefix before it holds")
  func redirects() throws {
    let served = try ServedLoop()
    served.directory.makeDirectory("sub")
    served.directory.makeDirectory("sub/a:b c")
    func location(_ target: String) throws -> Substring? {
      let text = try served.connect().send("GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(text.statuses == ["301"])
      return text.split(separator: "\r\n").first { $0.hasPrefix("Location: ") }?.dropFirst(10)
    }
    #expect(try location("/sub") == "sub/")
    #expect(try location("/sub/a:b%20c") == "a%3Ab%20c/")
    #expect(try location("//sub?json") == "sub/?json")
  }

  @Test(
    "A digest of a kind that is not known is a bad request, for files and for folders",
    arguments: ["md5", "", "sha1"]
  )
  func unknownDigest(kind: String) throws {
    #expect(try answer("GET /a?hash=\(kind) HTTP/1.1\r\nHost: x\r\n\r\n").statuses == ["400"])
    #expect(try answer("GET /?hash=\(kind) HTTP/1.1\r\nHost: x\r\n\r\n").statuses == ["400"])
    #expect(try answer("GET /a?x=1&hash=\(kind) HTTP/1.1\r\nHost: x\r\n\r\n").statuses == ["400"])
  }

  @Test("A query that asks for nothing that is known is ignored")
  func otherQueries() throws {
    #expect(try answer("GET /a?v=3&hashes HTTP/1.1\r\nHost: x\r\n\r\n").statuses == ["200"])
  }

  // MARK: The access log

  private final class Records: @unchecked Sendable {
    // Unchecked: an embedded event loop runs on the thread of its test.
    var all: [AccessRecord] = []
  }

  @Test("A response is logged when the client has taken it: with its next request, its end, or after a while")
  func delivered() throws {
    let records = Records()
    let served = try ServedLoop { $0.accessLog = { records.all.append($0) } }
    let connection = try served.connect()
    let request = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
    try connection.send(request)
    #expect(records.all.isEmpty)
    try connection.send(request)
    #expect(records.all.map(\.bytes) == [6] && records.all.map(\.ending) == [.complete])
    #expect(try connection.after(.seconds(4)) == "")
    #expect(records.all.count == 2)
    try connection.send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(records.all.count == 3)
  }

  @Test("A response whose client resets the connection afterwards is logged as broken off")
  func reset() throws {
    let records = Records()
    let served = try ServedLoop { $0.accessLog = { records.all.append($0) } }
    let connection = try served.connect()
    try connection.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
    connection.fail(IOError(errnoCode: 104, reason: "read"))
    #expect(records.all.map(\.ending) == [.clientLeft] && records.all.first?.length == 6)
  }

  @Test("A request that the client does not wait for is logged")
  func unanswered() throws {
    let records = Records()
    let served = try ServedLoop {
      $0.accessLog = { records.all.append($0) }
      $0.uploads = .init()
    }
    let connection = try served.connect()
    try connection.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc")
    connection.close()
    #expect(records.all.map(\.ending) == [.clientLeft] && records.all.map(\.status) == [499])
  }

  @Test("Kept bytes are what the client acknowledged, and doubt ends when it has acknowledged all")
  func deliveryLog() {
    let records = Records()
    var log = DeliveryLog { records.all.append($0) }
    let record = AccessRecord(
      client: "c",
      user: nil,
      method: "GET",
      target: "/",
      version: "HTTP/1.1",
      isEncrypted: false,
      status: 200,
      bytes: 100,
      referer: nil,
      userAgent: nil,
      duration: .nanoseconds(0),
      length: 100
    )
    log.answered(record, now: .uptimeNanoseconds(0))
    log.check(.uptimeNanoseconds(1_000_000_000)) { 0 }
    log.check(.uptimeNanoseconds(3_000_000_000)) { 40 }
    #expect(records.all.isEmpty)
    log.failed(.clientStalled, undelivered: 40)
    log.settle()
    #expect(records.all.map(\.bytes) == [60] && records.all.map(\.ending) == [.clientStalled])
    log.answered(record, now: .uptimeNanoseconds(0))
    log.check(.uptimeNanoseconds(3_000_000_000)) { 0 }
    #expect(records.all.last?.ending == .complete && records.all.count == 2)
  }

  @Test("A line about a broken response says how much of it the client took, and what to do")
  func explanations() {
    var record = AccessRecord(
      client: "192.0.2.1",
      user: nil,
      method: "GET",
      target: "/\u{202e}gpj.exe",
      version: "HTTP/1.1",
      isEncrypted: false,
      status: 200,
      bytes: 1024,
      referer: nil,
      userAgent: nil,
      duration: .milliseconds(7),
      length: 5000,
      ending: .clientLeft
    )
    let line = record.combinedLine(at: 0)
    #expect(line.contains("broken off after 1024 of 5000 bytes") && line.contains("read until the end"))
    #expect(line.contains("/\\u{202e}gpj.exe"))
    #expect(record.jsonLine(at: 0).contains("\"length\":5000,\"ending\":\"client-left\",\"explanation\":\"broken off"))
    #expect(!record.jsonLine(at: 0).unicodeScalars.contains("\u{202e}"))
    record.ending = .complete
    #expect(record.explanation == nil && record.jsonLine(at: 0).contains("\"ending\":\"complete\"}"))
  }
}
