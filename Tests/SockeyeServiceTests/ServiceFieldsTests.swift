import NIOCore
import NIOHTTP1
import SockeyeText
import Testing

@testable import SockeyeService

@Suite("Service: fields of requests and responses")
struct ServiceFieldsTests {
  @Test(
    "The three formats of a date are read (RFC 9110, section 5.6.7)",
    arguments: [
      "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
    ]
  )
  func dates(text: String) { #expect(HTTPDate.parse(text) == 784_111_777) }

  @Test("A date is written as it is read")
  func dateRoundTrip() {
    for seconds in [0, 784_111_777, 951_782_400, 4_102_444_799] as [Int64] {
      #expect(HTTPDate.parse(HTTPDate.text(seconds)) == seconds)
    }
    #expect(HTTPDate.text(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
    #expect(HTTPDate.internetText(784_111_777) == "1994-11-06T08:49:37Z")
  }

  @Test(
    "What is no date is none",
    arguments: [
      "", "0", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:49:37", "Sun, 32 Nov 1994 08:49:37 GMT",
      "Sun, 06 Nux 1994 08:49:37 GMT", "Sun, 06 Nov 99999999999999 08:49:37 GMT",
      "Sun, 06 Nov 1994 08:49 GMT",
    ]
  )
  func badDates(text: String) { #expect(HTTPDate.parse(text) == nil) }

  @Test("Tags match strongly or weakly as the condition demands (RFC 9110, section 8.8.3.2)")
  func tags() {
    #expect(EntityTag.list("\"a\", W/\"b\"", contains: "\"b\"", weakly: true))
    #expect(!EntityTag.list("\"a\", W/\"b\"", contains: "\"b\"", weakly: false))
    #expect(EntityTag.list("\"a\", \"b\"", contains: "\"b\"", weakly: false))
    #expect(EntityTag.list(" * ", contains: "\"b\"", weakly: false))
    #expect(!EntityTag.list("", contains: "\"b\"", weakly: true))
  }

  @Test("A file that is written to gets another tag, and a coding has one of its own")
  func tagOfMetadata() {
    let tags = [
      EntityTag.text(FileMetadata(size: 1, modifiedSeconds: 5)),
      EntityTag.text(FileMetadata(size: 2, modifiedSeconds: 5)),
      EntityTag.text(FileMetadata(size: 1, modifiedSeconds: 6)),
      EntityTag.text(FileMetadata(size: 1, modifiedSeconds: 5, modifiedNanoseconds: 1)),
      EntityTag.text(FileMetadata(size: 1, modifiedSeconds: 5, inode: 2)),
      EntityTag.text(FileMetadata(size: 1, modifiedSeconds: 5), coding: .gzip),
      EntityTag.text(FileMetadata(size: 1, modifiedSeconds: -5)),
    ]
    #expect(Set(tags).count == tags.count)
  }

  private func outcome(_ headers: [(String, String)]) -> Preconditions.Outcome {
    Preconditions.evaluate(RequestFields(.init(headers)), tag: "\"t\"", modifiedSeconds: 784_111_777)
  }

  @Test("Conditions are evaluated in order, tags before dates (RFC 9110, section 13.2.2)")
  func preconditions() {
    let same = "Sun, 06 Nov 1994 08:49:37 GMT"
    let before = "Sun, 06 Nov 1994 08:49:36 GMT"
    #expect(outcome([]) == .proceed)
    #expect(outcome([("If-None-Match", "\"t\"")]) == .notModified)
    #expect(outcome([("If-None-Match", "\"x\""), ("If-Modified-Since", same)]) == .proceed)
    #expect(outcome([("If-Modified-Since", same)]) == .notModified)
    #expect(outcome([("If-Modified-Since", before)]) == .proceed)
    #expect(outcome([("If-Match", "\"x\"")]) == .failed)
    #expect(outcome([("If-Match", "W/\"t\"")]) == .failed)
    #expect(outcome([("If-Match", "\"t\""), ("If-Unmodified-Since", before)]) == .proceed)
    #expect(outcome([("If-Unmodified-Since", before)]) == .failed)
    #expect(outcome([("If-Modified-Since", "nonsense")]) == .proceed)
  }

  @Test("If-Range by a date counts only if the file is older than two writes in one second")
  func ifRange() {
    let date = "Sun, 06 Nov 1994 08:49:37 GMT"
    func applies(_ field: String?, modified: Int64 = 784_111_777, now: Int64 = 784_111_800) -> Bool {
      Preconditions.rangesApply(field, tag: "\"t\"", modifiedSeconds: modified, nowSeconds: now)
    }
    #expect(applies(nil) && applies("\"t\"") && applies(date))
    #expect(!applies("\"x\"") && !applies("W/\"t\"") && !applies("nonsense"))
    #expect(!applies(date, modified: 784_111_776) && !applies(date, modified: 784_111_778))
    #expect(!applies(date, now: 784_111_778))
  }

  @Test(
    "Codings come in the client's order, then in ours",
    arguments: [
      ("gzip", [.gzip]), ("gzip, br, zstd", [.br, .zstd, .gzip]), ("gzip;q=0", []), ("br;q=0.1, gzip", [.gzip, .br]),
      ("GZIP;q=0.5", [.gzip]), ("br;q=x", []), ("identity, *", []), ("", []), ("br;q=2", []),
    ] as [(String, [ContentCoding])]
  )
  func codings(field: String, expected: [ContentCoding]) { #expect(ContentCoding.acceptable(field) == expected) }

  @Test("Fields are found in any case, and several lines of a list are one list")
  func fields() {
    let fields = RequestFields([
      "HOST": "a", "host": "b", "rAnGe": "bytes=0-1", "Range": "2-3", "If-None-Match": "\"a\"",
    ])
    #expect(fields.hostCount == 2 && fields.range == "bytes=0-1, 2-3" && fields.ifNoneMatch == "\"a\"")
  }

  @Test(
    "A folder's form is the one asked for, or the one accepted",
    arguments: [
      ("json", "text/html", nil, .json), ("", "text/html,*/*", nil, .html), ("", "application/json", nil, .json),
      ("", "text/plain", nil, .plain), ("", "*/*", "curl/8.0", .plain), ("", "*/*", "Wget/1.21", .html),
      ("", nil, nil, .html), ("plain", nil, nil, .plain), ("html", "text/plain", nil, .html),
    ] as [(String, String?, String?, ListingForm)]
  )
  func forms(query: String, accept: String?, agent: String?, form: ListingForm) {
    #expect(ListingForm(query: query, accept: accept, userAgent: agent) == form)
  }

  @Test("Text is nothing but text in HTML")
  func escaping() {
    #expect(HTMLListing.escaped("<a href='x'>&\"\n") == "&lt;a href=&#39;x&#39;&gt;&amp;&quot;\u{fffd}")
  }

  @Test("Sizes are for people", arguments: [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1_048_576, "1.0 MiB")])
  func sizes(bytes: Int64, text: String) { #expect(HTMLListing.size(bytes) == text) }

  @Test("A log's line cannot be ended, nor a terminal moved, by what a client sends")
  func logLines() {
    var record = AccessRecord(
      client: "192.0.2.1",
      user: "a\"b",
      method: "GET",
      target: "/\n\u{1b}[2J",
      version: "HTTP/1.1",
      isEncrypted: false,
      status: 200,
      bytes: 5,
      referer: nil,
      userAgent: "\u{9b}31m",
      duration: .milliseconds(7)
    )
    #expect(
      record.combinedLine(at: 784_111_777)
        == "192.0.2.1 - a\\\"b [06/Nov/1994:08:49:37 +0000] \"GET /\\x0a\\x1b[2J HTTP/1.1\" 200 5 \"-\" \"\\x9b31m\" 7"
    )
    record.user = nil
    let line = record.jsonLine(at: 784_111_777)
    #expect(line.hasPrefix("{\"v\":1,\"event\":\"request\",\"time\":\"1994-11-06T08:49:37Z\""))
    #expect(!line.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x9b })
  }
}
