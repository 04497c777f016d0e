import NIOCore
import NIOEmbedded
import Testing

@testable import SockeyeService

/// What WebDAV's requests are answered where nothing but the directory has to be asked.
@Suite("Service: WebDAV's requests")
struct WebDAVRequestsTests {
  private static let rules = "read /inbox=read,add /open=all /open/kept=read /secret=none"

  private func served(_ rules: String? = rules, webDAV: Bool = true, uploads: Bool = true) throws -> ServedLoop {
    let password = try PasswordFile.line(user: "u", password: "p", iterations: 1)
    let served = try ServedLoop {
      $0.webDAV = webDAV
      if let rules { $0.passwords = try? PasswordFile("\(password):\(rules)", name: "users") }
      if uploads { $0.uploads = .init(existing: .overwrite) }
    }
    for folder in ["inbox", "open", "open/kept", "secret"] { served.directory.makeDirectory(folder) }
    try served.directory.write("old", to: "open/a")
    return served
  }

  private func ask(_ served: ServedLoop, _ request: String, _ fields: String..., body: String = "") throws -> String {
    let credentials = "Basic dTpw"
    if let authority = served.worker.shared.authority { authority.remember("u", by: authority.mark(of: credentials)) }
    let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
    return try served.connect().send(
      "\(request) HTTP/1.1\r\nHost: x\r\nAuthorization: \(credentials)\r\n"
        + fields.map { "\($0)\r\n" }.joined() + length + "\r\n" + body
    )
  }

  private static let methods = ["PROPFIND", "PROPPATCH", "COPY", "MOVE", "LOCK", "UNLOCK"]

  @Test("Nobody who didn't ask for WebDAV speaks it", arguments: methods)
  func off(method: String) throws {
    let served = try served(webDAV: false)
    #expect(try ask(served, "\(method) /open/a").statuses == ["405"])
    #expect(try !ask(served, "OPTIONS /").contains("DAV"))
  }

  @Test("Without uploads there is nothing but looking", arguments: methods.dropFirst())
  func readOnly(method: String) throws {
    let served = try served(uploads: false)
    #expect(try ask(served, "\(method) /open/a").statuses == ["405"])
    let options = try ask(served, "OPTIONS /")
    #expect(options.contains("DAV: 1\r\n") && options.contains("Allow: GET, HEAD, OPTIONS, PROPFIND\r\n"))
  }

  @Test("With uploads both classes are spoken, and what removes is left to whom a file gives the right to")
  func options() throws {
    let named = try ask(served(), "OPTIONS /")
    let anonymous = try ask(served(nil), "OPTIONS /")
    for options in [named, anonymous] { #expect(options.contains("DAV: 1, 2\r\n") && options.contains("LOCK, UNLOCK")) }
    #expect(named.contains("DELETE, MOVE") && !anonymous.contains("DELETE") && !anonymous.contains("MOVE"))
  }

  @Test(
    "A whole tree isn't listed, nor what may not be read, nor for a question that is none",
    arguments: [
      ("/", "infinity", "", "403", "propfind-finite-depth"), ("/", nil, "", "403", "propfind-finite-depth"),
      ("/", "2", "", "400", ""), ("/secret/", "1", "", "403", ""), ("/none", "0", "", "404", ""),
      ("/a/", "0", "", "404", ""), ("/.hidden", "0", "", "404", ""), ("/../", "1", "", "404", ""),
      ("/", "0", "<x/>", "400", ""), ("/", "0", WebDAVValuesTests.hostile[7], "400", ""),
      ("/", "0", String(repeating: "x", count: 70_000), "413", ""),
    ] as [(String, String?, String, Substring, String)]
  )
  func properties(target: String, depth: String?, body: String, status: Substring, text: String) throws {
    let fields = depth.map { "Depth: \($0)" } ?? "X: y"
    let answer = try ask(served(), "PROPFIND \(target)", fields, body: body)
    #expect(answer.statuses == [status] && answer.contains(text))
  }

  @Test(
    "Where something is to go is within the directory, and who asks may put it there",
    arguments: [
      ("COPY /open/a", "", "400"), ("COPY /open/a", "http://x/", "403"), ("COPY /open/a", "/../b", "403"),
      ("COPY /open/a", "http://other/open/b", "502"), ("COPY /open/a", "http://x:99/open/b", "502"),
      ("COPY /open/a", "/open/%2e%2e/%2e%2e/b", "403"), ("COPY /open/a", "/.b", "403"),
      ("COPY /open/a", "/b%00", "400"),
      ("COPY /open/a", "/b%2fc", "400"), ("COPY /open/a", "b", "400"), ("COPY /open/a", "/b", "403"),
      ("COPY /open/a", "/secret/b", "403"), ("COPY /secret", "/open/b", "403"), ("COPY /open/a", "/open/a", "403"),
      ("COPY /open", "/open/b", "403"), ("MOVE /open/a", "/open/a/b", "403"), ("MOVE /open", "/inbox/b", "403"),
      ("MOVE /inbox", "/open/b", "403"), ("MOVE /", "/open/b", "403"), ("COPY /", "/open/b", "403"),
      ("COPY /open/a", "/open/\(String(repeating: "n", count: 256))", "400"), ("MOVE /open/kept", "/inbox/b", "403"),
      ("COPY /inbox", "/open/kept", "403"), ("COPY /open/a?x", "/open/b", "403"), ("COPY /open/a", "/open/b?x", "400"),
    ] as [(String, String, Substring)]
  )
  func destinations(request: String, destination: String, status: Substring) throws {
    let served = try served()
    let fields = destination.isEmpty ? "X: y" : "Destination: \(destination)"
    #expect(try ask(served, request, fields).statuses == [status])
    #expect(served.directory.read("open/a") == "old")
  }

  @Test("Nobody moves anything where nobody has to say who he is, and fields that mean nothing are refused")
  func moves() throws {
    #expect(try ask(served(nil), "MOVE /a", "Destination: /b").statuses == ["403"])
    for fields in ["Depth: 0", "Depth: x", "Overwrite: maybe"] {
      #expect(try ask(served(), "MOVE /open/a", "Destination: /open/b", fields).statuses == ["400"])
    }
  }

  // MARK: Locks

  private static let exclusive =
    "<lockinfo xmlns='DAV:'><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>"

  private func token(_ answer: String) throws -> String {
    let start = try #require(answer.firstRange(of: "Lock-Token: <"))
    return String(answer[start.upperBound...].prefix { $0 != ">" })
  }

  @Test("What is locked is written by who has its token, until it is unlocked or its time is over")
  func locks() throws {
    let served = try served()
    let locked = try ask(served, "LOCK /open/a", "Timeout: Second-30", body: Self.exclusive)
    let token = try token(locked)
    #expect(locked.statuses == ["200"] && locked.contains("<D:timeout>Second-30</D:timeout>"))
    #expect(try ask(served, "LOCK /open/a", body: Self.exclusive).statuses == ["423"])
    let put = ["Content-Length: 3", "Expect: 100-continue"].joined(separator: "\r\n")
    #expect(try ask(served, "PUT /open/a", put).statuses == ["423"])
    #expect(try ask(served, "DELETE /open/a").statuses == ["423"])
    #expect(try ask(served, "MOVE /open/a", "Destination: /open/b").statuses == ["423"])
    #expect(try ask(served, "COPY /a", "Destination: /open/a").statuses == ["423"])
    #expect(try ask(served, "PROPPATCH /open/a", body: Self.update).statuses == ["423"])
    #expect(try ask(served, "DELETE /open/a", "If: (<urn:uuid:other>)").statuses == ["412"])
    #expect(try ask(served, "DELETE /open/a", "If: (<urn:uuid:other>) (Not <DAV:no-lock>)").statuses == ["423"])
    #expect(try ask(served, "DELETE /open/a", "If: nonsense").statuses == ["400"])
    #expect(try ask(served, "PUT /open/a", put, "If: (<\(token)>)").statuses == ["100"])
    #expect(try ask(served, "LOCK /open/a", "If: (<\(token)>)").contains("Second-600"))
    #expect(try ask(served, "UNLOCK /open/a", "Lock-Token: <urn:uuid:other>").statuses == ["409"])
    #expect(try ask(served, "UNLOCK /open/a", "Lock-Token: \(token)").statuses == ["400"])
    #expect(try ask(served, "UNLOCK /open/a", "Lock-Token: <\(token)>").statuses == ["204"])
    _ = try ask(served, "LOCK /open/a", "Timeout: Second-30", body: Self.exclusive)
    served.worker.stop()
    #expect(try ask(served, "DELETE /open/a").statuses == ["423"])
    served.eventLoop.advanceTime(by: .seconds(31))
    #expect(try ask(served, "DELETE /open/a").statuses == ["204"])
  }

  @Test("A name that nothing has is locked by an empty file, which whoever locked it may replace, and nobody else")
  func newNames() throws {
    let served = try served()
    let locked = try ask(served, "LOCK /inbox/new", body: Self.exclusive)
    #expect(locked.statuses == ["201"] && served.directory.read("inbox/new") == "")
    let put = "Content-Length: 3\r\nExpect: 100-continue"
    #expect(try ask(served, "PUT /inbox/new", put).statuses == ["423"])
    let token = try token(locked)
    #expect(try ask(served, "PUT /inbox/new", put, "If: (<\(token)>)").statuses == ["100"])
    try served.directory.write("full", to: "inbox/new")
    #expect(try ask(served, "PUT /inbox/new", put, "If: (<\(token)>)").statuses == ["409"])
  }

  @Test(
    "What can't be locked isn't",
    arguments: [
      ("/secret/x", exclusive, "403"), ("/open/none/x", exclusive, "409"), ("/open/x/", exclusive, "409"),
      ("/open/.x", exclusive, "403"), ("/open/x%01", exclusive, "400"), ("/open/a", "<x/>", "400"),
      ("/open/a", "", "412"), ("/inbox", exclusive, "200"), ("/", exclusive, "403"),
      ("/open/a", exclusive.replacing("<write/>", with: "<read/>"), "400"),
    ] as [(String, String, Substring)]
  )
  func refusedLocks(target: String, body: String, status: Substring) throws {
    let served = try served()
    #expect(try ask(served, "LOCK \(target)", body: body).statuses == [status])
    #expect(served.directory.names == ["a", "b", "inbox", "open", "secret"])
  }

  // MARK: PROPPATCH

  private static let update =
    "<propertyupdate xmlns='DAV:'><set><prop><x xmlns='urn:x'>1</x><displayname>n</displayname></prop></set></propertyupdate>"

  @Test("No property is kept, and each is told so")
  func patches() throws {
    let answer = try ask(served(), "PROPPATCH /open/a", body: Self.update)
    #expect(answer.statuses.first == "207" && answer.contains("<D:href>/open/a</D:href>"))
    #expect(answer.contains("<x:x xmlns:x=\"urn:x\"/><x:displayname xmlns:x=\"DAV:\"/>"))
    #expect(answer.contains("HTTP/1.1 403 Forbidden"))
    #expect(try ask(served(), "PROPPATCH /a", body: Self.update).statuses == ["403"])
    #expect(try ask(served(), "PROPPATCH /open/a", body: "<x/>").statuses == ["400"])
  }
}
