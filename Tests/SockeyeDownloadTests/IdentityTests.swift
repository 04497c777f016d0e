import FoundationEssentials
import Glibc
import NIOHTTP1
import SockeyeText
import SockeyeTransport
import Synchronization
import Testing

@testable import SockeyeDownload

@Suite("Download: who we are to a server", .timeLimit(.minutes(1)))
struct IdentityTests {
  private typealias Reply = ScriptedOrigin.Reply

  private static let everybody = [
    Credentials.Entry(machine: "h", login: "a", password: "b"), Credentials.Entry(login: "c", password: "d"),
  ]

  /// All that an origin could be told, each in options of its own.
  private static func identities() throws -> [DownloadOptions] {
    var password = DownloadOptions()
    password.credentials = Credentials(entries: everybody)
    var token = DownloadOptions()
    token.bearerToken = try BearerToken("t0ken", of: "f")
    var fields = DownloadOptions()
    try withPrivateFile("Authorization: Custom x\nCookie: id=1\nX-Key: secret\nHost: virtual.example\n") {
      try fields.fields.add("@\($0)")
    }
    return [password, token, fields]
  }

  private static func withPrivateFile(
    _ text: String,
    mode: mode_t = 0o600,
    _ body: (String) throws -> Void
  ) throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "sockeye-identity-\(UUID().uuidString)").path
    try Data(text.utf8).write(to: URL(filePath: path))
    chmod(path, mode)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }

  private static func requester(_ options: DownloadOptions, trusted: String) throws -> HTTPRequester {
    let transport = Transport.kernel()
    let pool = HTTPConnectionPool(transport: transport, options: options, readSize: 1024)
    return HTTPRequester(pool: pool, options: options, trusted: try DownloadURL(trusted).origin) { _ in }
  }

  private static func told(_ requester: HTTPRequester, _ url: String) throws -> [String] {
    let url = try DownloadURL(url)
    var request = HTTPRequestHead(version: .http1_1, method: .GET, uri: url.target, headers: ["Host": url.authority])
    requester.identity.identify(&request, to: url)
    let told = request.headers.filter { $0.name != "Host" || $0.value != url.authority }
    return told.map { "\($0.name): \($0.value)" }
  }

  // MARK: To whom

  @Test("Whatever says who asks is for the scheme, host and port that the user named, and for no other")
  func onlyTheOrigin() throws {
    for options in try Self.identities() {
      let requester = try Self.requester(options, trusted: "http://h:80/x")
      #expect(try !Self.told(requester, "http://h/elsewhere?y").isEmpty)
      for other in ["https://h/x", "https://h:80/x", "http://h:81/x", "http://g/x", "http://h.g/x", "http://[::1]/x"] {
        #expect(try Self.told(requester, other).isEmpty, "\(other)")
      }
    }
  }

  @Test("A redirect takes none of it elsewhere, and a redirect back is told it again")
  func redirects() async throws {
    for identity in try Self.identities() {
      let home = Mutex("")
      let elsewhere = try await ScriptedDownload { _ in
        Reply(status: "302 Found", fields: ["Location: \(home.withLock { $0 })/back"])
      }
      let there = elsewhere.origin.url
      let download = try await ScriptedDownload { request in
        request.target == "/x"
          ? Reply(status: "302 Found", fields: ["Location: \(there)/y"]) : Reply(body: Array("back".utf8))
      }
      home.withLock { $0 = download.origin.url }
      let result = await download.run {
        $0.credentials = identity.credentials
        $0.bearerToken = identity.bearerToken
        $0.fields = identity.fields
      }
      #expect(result.problem == nil && download.contents() == Array("back".utf8))
      let secrets = ["Authorization", "Cookie", "X-Key"]
      for request in download.origin.requests { #expect(secrets.contains { request.field($0) != nil }) }
      #expect(download.origin.requests.count == 2 && elsewhere.origin.requests.count == 1)
      for request in elsewhere.origin.requests { #expect(secrets.allSatisfy { request.field($0) == nil }) }
      #expect(elsewhere.origin.requests.first?.field("Host") == String(there.dropFirst("http://".count)))
    }
  }

  @Test("Connections that help with a file from elsewhere tell nothing there either")
  func helpers() async throws {
    let body = ScriptedDownload.version(1, count: 4 << 20)
    let fields = ["ETag: \"1\"", "Accept-Ranges: bytes"]
    let elsewhere = try await ScriptedDownload { request in
      guard let first = request.first else { return Reply(fields: fields, body: body) }
      let last = request.field("Range").flatMap { Int($0.split(separator: "-").last ?? "") } ?? body.count - 1
      let range = "Content-Range: bytes \(first)-\(last)/\(body.count)"
      return Reply(status: "206 Partial Content", fields: fields + [range], body: Array(body[first...last]))
    }
    let there = elsewhere.origin.url
    let download = try await ScriptedDownload { _ in Reply(status: "302 Found", fields: ["Location: \(there)/y"]) }
    let result = await download.run {
      $0.credentials = Credentials(entries: Self.everybody)
      $0.connections = .fixed(4)
      $0.leastStride = 64 << 10
    }
    #expect(result.problem == nil && download.contents() == body)
    #expect(elsewhere.origin.requests.allSatisfy { $0.field("Authorization") == nil })
  }

  // MARK: Fields

  @Test("A field is added as it is written, in place of one of ours, or left out")
  func fields() throws {
    var fields = RequestFields()
    let lines = ["X-A:  1 ", "X-A: 2", "user-agent: other", "Accept:", "X-Umlaut: ü", "X-Tab: a\tb"]
    for line in lines { try fields.add(line) }
    var headers: HTTPHeaders = ["User-Agent": "sockeye", "Accept": "*/*", "Host": "h"]
    fields.apply(to: &headers)
    #expect(headers["X-A"] == ["1", "2"] && headers["User-Agent"] == ["other"] && headers["Accept"].isEmpty)
    #expect(headers["Host"] == ["h"] && headers["X-Umlaut"] == ["ü"] && headers["X-Tab"] == ["a\tb"])
  }

  @Test(
    "A field that would end the field or the request, that the download needs, or that tells a secret, is refused",
    arguments: [
      "X: a\r\nY: b", "X: a\nb", "X: a\rb", "X: \0", "X: \u{7f}", "X: \u{1b}[31m", "X\r\nY: b", "X Y: a", ": a", "X",
      "",
      "X\u{e9}: a", "Range: bytes=0-1", "content-length: 5", "Transfer-Encoding: chunked", "Connection: close",
      "If-Range: \"x\"", "Proxy-Authorization: Basic x", "Host:", "Authorization: Bearer x", "Cookie: a=b",
    ]
  )
  func refusedFields(line: String) {
    var fields = RequestFields()
    #expect(throws: Failure.self) { try fields.add(line) }
    #expect(fields.fields.isEmpty)
  }

  @Test("A file of fields may tell secrets, has lines of either kind, and no line with more than one field")
  func fieldFiles() throws {
    try Self.withPrivateFile("Cookie: a=b\r\n\r\nX-A: 1\n") { path in
      var fields = RequestFields()
      try fields.add("@\(path)")
      #expect(fields.fields.map(\.value) == ["a=b", "1"])
    }
    for text in ["X: a\rY: b\n", "X: a\u{85}b\u{0}\n", "Host: a\nHost: b\n", "Range: bytes=0-\n"] {
      try Self.withPrivateFile(text) { path in
        var fields = RequestFields()
        #expect(throws: Failure.self) { try fields.add("@\(path)") }
      }
    }
  }

  @Test("A file that others may read, and one without end, is refused")
  func exposedFiles() throws {
    for mode: mode_t in [0o644, 0o640, 0o604, 0o620] {
      try Self.withPrivateFile("machine h login a password b", mode: mode) { path in
        #expect(throws: Failure(.refusedLocally, .passwordsExposed(path))) { _ = try Credentials(file: path) }
        #expect(throws: Failure(.refusedLocally, .passwordsExposed(path))) { _ = try Credentials(netrc: path) }
        #expect(throws: Failure(.refusedLocally, .passwordsExposed(path))) { _ = try BearerToken(file: path) }
      }
    }
    #expect(throws: Failure.self) { _ = try BearerToken(file: "/dev/zero") }
  }

  @Test("A token is one word that can be seen", arguments: ["", "a b", "a\nb", "t\u{0}", "ü"])
  func tokens(text: String) throws {
    #expect(try BearerToken(" abc-._~+/==\r\n", of: "f").text == "abc-._~+/==")
    #expect(throws: Failure.self) { _ = try BearerToken(text, of: "f") }
  }

  // MARK: .netrc

  @Test("A .netrc may have comments, macros, accounts, quotes, and entries over several lines")
  func netrc() throws {
    let text = """
      # machine commented login x password y
      machine A.example
        login alice account 1 password "two \\"words\\\\"
      macdef init
      cd /pub
      machine not login an password entry

      machine b.example login bob password p#q
      default login anonymous password x
      """
    #expect(
      try Netrc(text, of: "f").entries == [
        .init(machine: "a.example", login: "alice", password: "two \"words\\"),
        .init(machine: "b.example", login: "bob", password: "p#q"),
        .init(machine: nil, login: "anonymous", password: "x"),
      ]
    )
    for bad in ["machine", "login a", "machine h port 80", "machine h password \"open"] {
      #expect(throws: Failure.self) { _ = try Netrc(bad, of: "f") }
    }
    #expect(try Netrc("", of: "f").entries.isEmpty && Netrc("macdef x", of: "f").entries.isEmpty)
  }

  @Test("A name with the end of a line in it is refused: it would stand in a field as it is")
  func namesWithControls() throws {
    try Self.withPrivateFile("machine h login \"a\\r\\nX: b\" password c") { path in
      #expect(throws: Failure.self) { _ = try Credentials(netrc: path) }
      #expect(throws: Failure.self) { _ = try Credentials(file: path) }
    }
  }
}
