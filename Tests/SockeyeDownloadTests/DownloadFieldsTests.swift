import NIOHTTP1
import SockeyeText
import SockeyeTransport
import Testing

@testable import SockeyeDownload

@Suite("Download: what servers say")
struct DownloadFieldsTests {
  @Test(
    "A Content-Range is read",
    arguments: [
      ("bytes 0-0/1", 0..<1, 1), ("bytes 5-9/10", 5..<10, 10), ("Bytes  0-99/*", 0..<100, nil),
      ("bytes */7", nil, 7),
    ] as [(String, Range<UInt64>?, UInt64?)]
  )
  func contentRange(text: String, bytes: Range<UInt64>?, size: UInt64?) throws {
    let range = try #require(ReceivedRange(text))
    #expect(range.bytes == bytes && range.size == size)
  }

  @Test(
    "A Content-Range that makes no sense is none",
    arguments: [
      "", "bytes", "bytes 5-4/10", "bytes 5-10/10", "bytes -1-5/10", "bytes 0-5", "bytes */*", "rows 0-1/2",
      "bytes 0x0-1/2",
      "bytes 0-99999999999999999999/*", "bytes 0-9223372036854775807/*", "bytes +0-1/2", "bytes 0-1/2/3",
      "bytes 0 - 1/2",
    ]
  )
  func badContentRange(text: String) { #expect(ReceivedRange(text) == nil) }

  private func head(_ fields: HTTPHeaders, status: HTTPResponseStatus = .ok) -> HTTPResponseHead {
    HTTPResponseHead(version: .http1_1, status: status, headers: fields)
  }

  @Test("A weak tag is no sign of sameness, a strong one is")
  func tags() {
    #expect(FileIdentity(head(["ETag": "W/\"a\""]), size: 1).validator == nil)
    #expect(FileIdentity(head(["ETag": "\"a\"", "Last-Modified": "x"]), size: 1).validator == "\"a\"")
    #expect(FileIdentity(head(["ETag": "a", "Last-Modified": "x"]), size: 1).validator == "x")
  }

  @Test("Responses contradict each other where both say something")
  func contradictions() {
    let first = FileIdentity(head(["ETag": "\"a\"", "Last-Modified": "x"]), size: 5)
    #expect(!first.contradicts(FileIdentity(head(["ETag": "\"a\""]), size: 5)))
    #expect(first.contradicts(FileIdentity(head(["ETag": "\"b\""]), size: 5)))
    #expect(first.contradicts(FileIdentity(head(["ETag": "\"a\""]), size: 6)))
    #expect(first.contradicts(FileIdentity(head(["Last-Modified": "y"]), size: 5)))
  }

  @Test("One sign that is the same proves nothing while another one differs")
  func proof() {
    let first = FileIdentity(head(["ETag": "\"a\"", "Last-Modified": "x"]), size: 5)
    #expect(first.isProved(by: FileIdentity(head(["ETag": "\"a\""]), size: 5)))
    #expect(first.isProved(by: FileIdentity(head(["Last-Modified": "x"]), size: nil)))
    #expect(!first.isProved(by: FileIdentity(head(["ETag": "\"b\"", "Last-Modified": "x"]), size: 5)))
    #expect(!first.isProved(by: FileIdentity(head(["ETag": "\"a\"", "Last-Modified": "y"]), size: 5)))
    #expect(!first.isProved(by: FileIdentity(head(["ETag": "\"a\""]), size: 6)))
    #expect(!first.isProved(by: FileIdentity(head([:]), size: 5)))
  }

  @Test("A number is digits alone, below 2^63, and no more of them than that has")
  func numbers() {
    #expect(DecimalNumber.parse("0") == 0 && DecimalNumber.parse("0000000000000000007") == 7)
    #expect(DecimalNumber.parse("9223372036854775806") == 9_223_372_036_854_775_806)
    for text in ["", "00000000000000000007", "9223372036854775807", "+1", "-1", " 1", "1 ", "0x1", "１"] {
      #expect(DecimalNumber.parse(text) == nil, "\(text)")
    }
  }

  @Test("A type and a coding are known by their names alone")
  func kinds() {
    let file = FileIdentity(head(["Content-Type": "Text/HTML; charset=x", "Content-Encoding": "GZIP"]), size: 1)
    #expect(file.mediaType == "text/html" && file.coding == "gzip")
    #expect(FileIdentity(head(["Content-Encoding": "identity"]), size: 1).coding == nil)
    let long = FileIdentity(head(["Content-Type": String(repeating: "x", count: 60_000)]), size: 1)
    #expect(long.mediaType?.utf8.count == 255)
  }

  @Test("SHA-256 is found in Repr-Digest (RFC 9530)")
  func reprDigest() throws {
    let zeros = "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:"
    let digest = try #require(SHA256Sum(bytes: [UInt8](repeating: 0, count: 32)))
    for fields: HTTPHeaders in [
      ["Repr-Digest": zeros], ["Repr-Digest": "md5=:AA==:, \(zeros)"], ["repr-digest": "\(zeros);q=1"],
    ] {
      #expect(FileIdentity(head(fields), size: nil).digest == digest)
    }
    for value in [
      "", "sha-256=:AA==:", "sha-256=", "sha-512=:AA==:", "sha-256=:!!!:",
      "sha-256=:" + String(repeating: "A", count: 1000),
    ] {
      #expect(FileIdentity(head(["Repr-Digest": value]), size: nil).digest == nil)
    }
  }

  @Test(
    "A suggested name is read, and nothing is made of it (RFC 6266)",
    arguments: [
      ("attachment; filename=a.txt", "a.txt"), ("attachment; filename=\"a; b\\\"c\"", "a; b\"c"),
      ("attachment; filename=x; filename*=UTF-8''%e4%bd%a0", "你"), ("attachment; FILENAME=\"../x\"", "../x"),
      ("filename*=iso-8859-1'en'%A3; filename=y", "y"), ("attachment", nil), ("", nil), ("filename=\"open", "open"),
    ] as [(String, String?)]
  )
  func disposition(value: String, name: String?) {
    #expect(ContentDisposition.fileName(in: value) == name.map { Array($0.utf8) })
  }

  @Test("Credentials are for the machines that they name")
  func credentials() throws {
    let text = "# mine\nmachine A.example login a password b\nmachine c\n login d\n password e f\n"
    #expect(throws: Failure.self) { try Credentials.parse(text, of: "f") }
    let entries = try Credentials.parse("machine A.example login a password b default login x password y", of: "f")
    let credentials = Credentials(entries: entries)
    #expect(credentials.entry(for: "a.example")?.basicAuthorization == "Basic YTpi")
    #expect(credentials.entry(for: "other")?.basicAuthorization == "Basic eDp5")
    let single = Credentials(entries: try Credentials.parse("name:pass:word\n", of: "f"))
    #expect(single.entry(for: "h")?.basicAuthorization == "Basic bmFtZTpwYXNzOndvcmQ=")
    for text in ["", "nothing", "a:b\nc:d", "machine", "machine h login"] {
      #expect(throws: Failure.self) { try Credentials.parse(text, of: "f") }
    }
  }

  @Test("Names go out in the encoding that is asked for")
  func encodings() throws {
    #expect(try NameEncoding.encode(Array("接收".utf8), as: "gbk") == [0xBD, 0xD3, 0xCA, 0xD5])
    #expect(try NameEncoding.encode(Array("é".utf8), as: "UTF-8") == [0xC3, 0xA9])
    #expect(throws: Failure.self) { try NameEncoding.encode(Array("😀".utf8), as: "gbk") }
    #expect(throws: Failure.self) { try NameEncoding.encode([0x41], as: "no such") }
  }
}
