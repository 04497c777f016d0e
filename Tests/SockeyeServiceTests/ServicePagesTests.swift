import SockeyeTransport
import Testing

@testable import SockeyeService

@Suite("Service: prefixes, fallbacks, and pages of other origins")
struct ServicePagesTests {
  private func answer(
    _ request: String,
    _ configure: (inout FileServiceConfiguration) -> Void
  ) throws -> String {
    let served = try ServedLoop(configure)
    served.directory.makeDirectory("sub")
    try served.directory.write("deep\n", to: "sub/file")
    return try served.connect().send(request)
  }

  // MARK: Prefixes

  @Test(
    "Below a prefix lies what is served, and nothing lies beside it",
    arguments: [
      ("/files/v1/a", "200", nil), ("/files/v1/sub/file", "200", nil), ("/files/v1", "301", "v1/"),
      ("/files/v1?html", "301", "v1/?html"), ("/files/v1/sub", "301", "sub/"), ("/a", "404", nil), ("/", "404", nil),
      ("/files", "404", nil), ("/files/v1x/a", "404", nil), ("/files/v1/files/v1/a", "404", nil),
      ("/files/v1/../a", "404", nil), ("//files//v1//a", "200", nil), ("/%66iles/v1/a", "200", nil),
      ("http://x/files/v1/a", "200", nil), ("/files/v1/%2e%2e/v1/a", "404", nil),
    ] as [(String, Substring, String?)]
  )
  func prefixes(target: String, status: Substring, location: String?) throws {
    let reply = try answer("GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n") { $0.pathPrefix = "/files/v1/" }
    #expect(reply.statuses == [status])
    if let location { #expect(reply.contains("Location: \(location)\r\n")) }
  }

  @Test("Files are put below the prefix alone")
  func prefixedUploads() throws {
    func put(_ target: String) throws -> [Substring] {
      try answer("PUT \(target) HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n") {
        $0.pathPrefix = "/p"
        $0.uploads = .init()
      }.statuses
    }
    // Refused before a file is begun, which a sweep of what an earlier service left could hold for a moment.
    #expect(try put("/p/.new") == ["403"] && put("/.new") == ["404"] && put("/p") == ["400"])
  }

  @Test("What is no prefix is refused", arguments: ["files", "a\0b"])
  func badPrefixes(text: String) {
    #expect(throws: Failure.self) { try ServedLoop { $0.pathPrefix = text } }
  }

  // MARK: Fallbacks

  @Test("A browser gets the fallback for a page that is not there, and a script learns that there is none")
  func fallbacks() throws {
    func get(_ target: String, _ fields: String) throws -> String {
      try answer("GET \(target) HTTP/1.1\r\nHost: x\r\n\(fields)\r\n") { $0.fallback = "b" }
    }
    let page = try get("/some/route", "Accept: text/html\r\n")
    #expect(page.statuses == ["200"] && page.hasSuffix("other\n") && page.contains("Vary: Accept\r\n"))
    #expect(try get("/some/script.js", "Accept: */*\r\n").statuses == ["404"])
    #expect(try get("/a", "Accept: text/html\r\n").hasSuffix("hello\n"))
    #expect(try get("/../x", "Accept: text/html\r\n").statuses == ["200"])
    #expect(try get("/%zz", "Accept: text/html\r\n").statuses == ["400"])
  }

  @Test("A fallback that can't be served is refused at once", arguments: ["none", "../a", ".hidden", "", "sub"])
  func badFallbacks(path: String) {
    #expect(throws: Failure.self) {
      _ = try ServedLoop { $0.fallback = path }
    }
  }

  // MARK: Other origins

  @Test(
    "An origin is a scheme and a host, perhaps with a port (RFC 6454, section 6.2)",
    arguments: [
      ("https://a.example", true), ("http://localhost:3000,https://[::1]:8443", true), ("app+x://a", true),
      (" https://A.example , http://b", true), ("", false), ("a.example", false), ("https://", false),
      ("https://a/", false), ("https://a,", false), ("null", false), ("*,https://a", false), ("https://*.a", false),
      ("https://a\r\nX: y", false), ("://a", false), ("https://u@a", false), ("9://a", false),
    ]
  )
  func origins(text: String, isRight: Bool) { #expect(((try? CrossOriginPolicy(text)) != nil) == isRight) }

  private func crossOrigin(_ request: String, origin: String?, _ policy: String, users: String? = nil) throws -> String
  {
    let field = origin.map { "Origin: \($0)\r\n" } ?? ""
    return try answer("\(request) HTTP/1.1\r\nHost: x\r\n\(field)\r\n") {
      $0.crossOrigin = (try? CrossOriginPolicy(policy)) ?? .none
      $0.passwords = users.flatMap { try? PasswordFile($0, name: "users") }
    }
  }

  @Test("Pages of a listed origin may read all answers, errors too, and those of another may not")
  func listedOrigins() throws {
    for target in ["/a", "/none", "/sub"] {
      let granted = try crossOrigin("GET \(target)", origin: "https://a.example", "https://a.example,http://b")
      #expect(granted.contains("Access-Control-Allow-Origin: https://a.example\r\n"), "\(target)")
      #expect(granted.contains("Vary: Origin\r\n") && !granted.contains("Allow-Credentials"))
      for origin in ["https://a.example.evil", "https://a.example:444", "null", nil] {
        let refused = try crossOrigin("GET \(target)", origin: origin, "https://a.example,http://b")
        #expect(!refused.contains("Access-Control") && refused.contains("Vary: Origin\r\n"))
      }
    }
    #expect(try !crossOrigin("GET /a", origin: "https://a.example", "").contains("Origin"))
  }

  @Test("All origins may read without a password, and none of them with one")
  func allOrigins() throws {
    let line = "u:pbkdf2-sha256$1$AAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    let open = try crossOrigin("GET /a", origin: "https://a.example", "*", users: line)
    #expect(open.contains("Access-Control-Allow-Origin: *\r\n") && !open.contains("Allow-Credentials"))
    let listed = try crossOrigin("GET /a", origin: "https://a.example", "https://a.example", users: line)
    #expect(listed.contains("Access-Control-Allow-Credentials: true\r\n"))
  }

  @Test("A preflight is answered without a password, and says what may be asked (Fetch, section 3.2.2)")
  func preflights() throws {
    let ask = "OPTIONS /a HTTP/1.1\r\nHost: x\r\nOrigin: http://b\r\nAccess-Control-Request-Method: GET\r\n\r\n"
    let reply = try answer(ask) { $0.crossOrigin = .listed(["http://b"]) }
    #expect(reply.statuses == ["204"] && reply.contains("Access-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n"))
    #expect(reply.contains("Access-Control-Allow-Headers: Authorization, ") && reply.contains("Allow-Origin: http://b"))
    #expect(try !answer(ask) { $0.crossOrigin = .listed(["http://c"]) }.contains("Access-Control"))
    #expect(try !answer(ask) { _ in }.contains("Access-Control"))
  }
}
