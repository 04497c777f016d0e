import NIOHTTP1
import SockeyeText
import SockeyeTransport
import Testing

@testable import SockeyeDownload

@Suite("Download: what later responses are taken for")
struct LaterResponseTests {
  private static let first: HTTPHeaders = [
    "Content-Length": "1000", "ETag": "\"v1\"", "Content-Type": "application/zip", "Accept-Ranges": "bytes",
  ]

  private func identity(_ headers: HTTPHeaders) -> FileIdentity {
    FileIdentity(whole: HTTPResponseHead(version: .http1_1, status: .ok, headers: headers))
  }

  private enum Kind { case accept, drop, replace, startOver, giveUp }

  private func kind(_ verdict: LaterResponse.Verdict) -> Kind {
    switch verdict {
    case .accept: .accept
    case .drop: .drop
    case .replace: .replace
    case .startOver: .startOver
    case .giveUp: .giveUp
    }
  }

  private func judge(
    _ status: HTTPResponseStatus,
    _ headers: HTTPHeaders,
    by first: HTTPHeaders = Self.first,
    request: LaterResponse.Request = .range(from: 100, to: 200)
  ) throws -> LaterResponse.Verdict {
    let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
    return LaterResponse(head: head, url: try DownloadURL("http://h/x")).judge(
      by: identity(first),
      request: request
    )
  }

  /// A part as it should be, with some fields changed.
  private func part(_ changes: [(String, String?)] = []) -> HTTPHeaders {
    var headers: HTTPHeaders = ["Content-Range": "bytes 100-199/1000", "Content-Length": "100", "ETag": "\"v1\""]
    for (name, value) in changes {
      headers.remove(name: name)
      if let value { headers.add(name: name, value: value) }
    }
    return headers
  }

  @Test("A part that is proved to be of the file is accepted, also a shorter one")
  func accepted() throws {
    let whole = LaterResponse.Verdict.accept(100..<200, size: 1000)
    #expect(try judge(.partialContent, part()) == whole)
    #expect(try judge(.partialContent, part([("Content-Type", "application/zip; x=y")])) == whole)
    #expect(try judge(.partialContent, part([("Content-Range", "bytes 100-199/*")])) == whole)
    let shorter = part([("Content-Range", "bytes 100-149/1000"), ("Content-Length", "50")])
    #expect(try judge(.partialContent, shorter) == .accept(100..<150, size: 1000))
  }

  @Test(
    "A part that its own fields contradict is dropped",
    arguments: [
      ("Content-Range", "bytes 101-200/1000"), ("Content-Range", "bytes 100-200/1000"), ("Content-Range", nil),
      ("Content-Length", "99"), ("Content-Length", "101"), ("Content-Length", "x"),
      ("Content-Type", "text/html"), ("Content-Type", "multipart/byteranges; boundary=x"), ("Content-Encoding", "gzip"),
    ] as [(String, String?)]
  )
  func dropped(name: String, value: String?) throws {
    #expect(kind(try judge(.partialContent, part([(name, value)]))) == .drop)
  }

  @Test(
    "A part that begins elsewhere than asked for, or ends behind that, is dropped, though its fields agree",
    arguments: [(99, 199), (101, 199), (0, 199), (199, 199), (100, 200), (100, 999)]
  )
  func shifted(first: Int, last: Int) throws {
    let fields = part([("Content-Range", "bytes \(first)-\(last)/1000"), ("Content-Length", "\(last + 1 - first)")])
    #expect(kind(try judge(.partialContent, fields)) == .drop)
  }

  @Test("A part that ends behind the end of the file is dropped, whatever size the server says that it has")
  func behindTheEnd() throws {
    let first: HTTPHeaders = ["Content-Length": "150", "ETag": "\"v1\""]
    let unsized = part([("Content-Range", "bytes 100-199/*")])
    #expect(kind(try judge(.partialContent, unsized, by: first)) == .drop)
  }

  @Test("A file that has changed is said to have changed")
  func changed() throws {
    let verdict = LaterResponse.Verdict.startOver(reason: DownloadSentence.fileChanged.phrase)
    #expect(try judge(.partialContent, part([("ETag", "\"v2\"")])) == verdict)
  }

  @Test(
    "A part of another version, or one that says too little of itself, is never joined to what is there",
    arguments: [
      ("ETag", "\"v2\""), ("ETag", "W/\"v1\""), ("ETag", nil), ("Content-Range", "bytes 100-199/1001"),
      ("Content-Length", nil), ("Transfer-Encoding", "chunked"),
    ] as [(String, String?)]
  )
  func otherVersion(name: String, value: String?) throws {
    #expect(kind(try judge(.partialContent, part([(name, value)]))) == .startOver)
  }

  @Test("Where the file has only a date, the same date proves a part, and a length alone proves nothing")
  func dates() throws {
    let dated: HTTPHeaders = ["Content-Length": "1000", "Last-Modified": "x"]
    let withDate = part([("ETag", nil), ("Last-Modified", "x")])
    #expect(kind(try judge(.partialContent, withDate, by: dated)) == .accept)
    #expect(kind(try judge(.partialContent, part([("ETag", nil)]), by: dated)) == .startOver)
    #expect(kind(try judge(.partialContent, part(), by: ["Content-Length": "1000"])) == .startOver)
  }

  @Test("Weak tags that differ are of two versions, whatever the dates say; the same weak tag proves nothing")
  func weakTags() throws {
    func fields(_ tag: String) -> HTTPHeaders { ["Content-Length": "1000", "ETag": tag, "Last-Modified": "x"] }
    let same = part([("ETag", "W/\"1\""), ("Last-Modified", "x")])
    let other = part([("ETag", "W/\"2\""), ("Last-Modified", "x")])
    let strong = part([("ETag", "\"2\""), ("Last-Modified", "x")])
    #expect(kind(try judge(.partialContent, same, by: fields("W/\"1\""))) == .accept)
    #expect(kind(try judge(.partialContent, other, by: fields("W/\"1\""))) == .startOver)
    #expect(kind(try judge(.partialContent, strong, by: fields("W/\"1\""))) == .startOver)
    #expect(kind(try judge(.partialContent, other, by: fields("\"1\""))) == .startOver)
    let undated: HTTPHeaders = ["Content-Length": "1000", "ETag": "W/\"1\""]
    #expect(kind(try judge(.partialContent, part([("ETag", "W/\"1\"")]), by: undated)) == .startOver)
    #expect(kind(try judge(.ok, fields("W/\"2\""), by: fields("W/\"1\""), request: .whole)) == .replace)
    // A server calls a tag weak for as long as the file is young.
    #expect(kind(try judge(.ok, fields("\"1\""), by: fields("W/\"1\""), request: .whole)) == .replace)
    #expect(kind(try judge(.ok, ["Content-Length": "1000"], by: fields("W/\"1\""), request: .whole)) == .drop)
  }

  @Test("A length that was not known is learnt from the part, or the part is of no use")
  func unknownLength() throws {
    let first: HTTPHeaders = ["ETag": "\"v1\"", "Transfer-Encoding": "chunked"]
    #expect(try judge(.partialContent, part(), by: first) == .accept(100..<200, size: 1000))
    let silent = part([("Content-Range", "bytes 100-199/*")])
    #expect(kind(try judge(.partialContent, silent, by: first)) == .drop)
  }

  @Test("The whole in place of a part replaces what is there if it is a file of that kind")
  func replaced() throws {
    var other = Self.first
    #expect(kind(try judge(.ok, other)) == .replace)
    other.replaceOrAdd(name: "ETag", value: "\"v2\"")
    other.replaceOrAdd(name: "Content-Length", value: "7")
    #expect(kind(try judge(.ok, other)) == .replace)
    #expect(kind(try judge(.ok, other, request: .whole)) == .replace)
  }

  @Test(
    "A page is never taken for the file",
    arguments: [
      ["Content-Length": "300", "Content-Type": "text/html"],
      ["Content-Length": "1000", "Content-Type": "text/html", "ETag": "\"v1\""],
      ["Content-Length": "1000", "Content-Type": "application/zip"],
      ["Content-Length": "1000", "ETag": "\"v1\""],
      ["Content-Length": "999", "Content-Type": "application/zip", "ETag": "\"v1\""],
      ["Content-Type": "application/zip", "ETag": "\"v1\""],
      ["Content-Length": "1000", "Content-Type": "application/zip", "ETag": "\"v1\"", "Content-Encoding": "br"],
    ] as [HTTPHeaders]
  )
  func pages(headers: HTTPHeaders) throws {
    #expect(kind(try judge(.ok, headers)) == .drop)
    #expect(kind(try judge(.ok, headers, request: .whole)) == .drop)
  }

  @Test("A file known by nothing but its length is taken again only with that length")
  func lengthAlone() throws {
    let first: HTTPHeaders = ["Content-Length": "1000"]
    #expect(kind(try judge(.ok, first, by: first, request: .whole)) == .replace)
    #expect(kind(try judge(.ok, ["Content-Length": "999"], by: first, request: .whole)) == .drop)
  }

  @Test("A range that is refused is gone if the length is another by now, and else the refusal counts for nothing")
  func refusals() throws {
    #expect(kind(try judge(.rangeNotSatisfiable, ["Content-Range": "bytes */10"])) == .startOver)
    #expect(kind(try judge(.rangeNotSatisfiable, ["Content-Range": "bytes */1000"])) == .drop)
    #expect(kind(try judge(.rangeNotSatisfiable, [:])) == .startOver)
  }

  @Test(
    "Parts that nobody asked for end the download",
    arguments: [.partialContent, .rangeNotSatisfiable] as [HTTPResponseStatus]
  )
  func unasked(status: HTTPResponseStatus) throws {
    #expect(kind(try judge(status, part(), request: .whole)) == .giveUp)
  }
}
