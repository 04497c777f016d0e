import SockeyeText
import SockeyeTransport
import Testing

@testable import SockeyeDownload

@Suite("Download: Digest authentication (RFC 7616)", .timeLimit(.minutes(1)))
struct DigestAuthenticationTests {
  private typealias Reply = ScriptedOrigin.Reply

  private static let mufasa = Credentials.Entry(login: "Mufasa", password: "Circle of Life")

  private static func challenge(_ more: String) -> String {
    "Digest realm=\"http-auth@example.org\", nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
      + "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"\(more)"
  }

  private static func parameters(_ value: String?) -> [String: String] {
    value.flatMap { AuthenticationChallenge.parse($0).first }?.parameters ?? [:]
  }

  @Test("The RFC's example is answered as it is there, the stronger algorithm being chosen (section 3.9.1)")
  func example() throws {
    let weak = Self.challenge(", qop=\"auth, auth-int\", algorithm=MD5")
    let strong = Self.challenge(", qop=\"auth, auth-int\", algorithm=SHA-256")
    let nonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    let strongResponse = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
    for (offers, response) in [
      ([weak], "8ca523f5e9506fed4657c9700eebdbec"), ([weak, strong], strongResponse),
      (["Basic realm=\"x, y\", \(strong), \(weak)"], strongResponse),
    ] {
      let best = try #require(DigestChallenge.best(in: offers))
      let answer = best.answer(Self.mufasa, method: "GET", target: "/dir/index.html", count: 1, clientNonce: nonce)
      let parameters = Self.parameters(answer)
      #expect(parameters["response"] == response && parameters["nc"] == "00000001" && parameters["qop"] == "auth")
      #expect(parameters["opaque"] == "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS")
    }
  }

  @Test("A challenge of before RFC 2617, without a quality of protection, is answered as RFC 2069 has it")
  func old() throws {
    let best = try #require(DigestChallenge.best(in: ["Digest realm=\"r\", nonce=\"n\""]))
    let answer = best.answer(.init(login: "a", password: "b"), method: "GET", target: "/", count: 1, clientNonce: "c")
    let parameters = Self.parameters(answer)
    let hash = DigestChallenge.Algorithm.md5.hash
    #expect(parameters["response"] == hash("\(hash("a:r:b")):n:\(hash("GET:/"))") && parameters["nc"] == nil)
  }

  @Test(
    "What can't be read, or can't be answered, is no challenge",
    arguments: [
      "", "Digest", "Digest realm=\"r\"", "Digest nonce=\"n\"", "Digest realm=\"open, nonce=\"n\"", "Basic realm=\"r\"",
      "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-1", "Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"",
      "Negotiate YWJj==", "realm=\"r\", nonce=\"n\"", ",,,", "\"",
    ]
  )
  func noChallenge(value: String) { #expect(DigestChallenge.best(in: [value]) == nil) }

  @Test("What the server says stands in an answer as a quoted string again, whatever is in it")
  func quotes() throws {
    let best = try #require(DigestChallenge.best(in: ["Digest realm=\"a\\\"b\\\\, c\", nonce=\"n\", realm=\"second\""]))
    #expect(best.realm == "a\"b\\, c")
    let answer = best.answer(.init(login: "x\"y", password: ""), method: "GET", target: "/", count: 1, clientNonce: "c")
    #expect(Self.parameters(answer)["realm"] == "a\"b\\, c" && Self.parameters(answer)["username"] == "x\"y")
  }

  // MARK: With a server

  private static func run(
    wrongPassword: Bool = false,
    _ respond: @escaping @Sendable (ScriptedOrigin.Request) -> Reply?
  ) async throws -> (ScriptedDownload, Result<DownloadReport?, Failure>) {
    let download = try await ScriptedDownload(respond: respond)
    let result = await download.run {
      $0.credentials = Credentials(entries: [mufasa])
      $0.digestOnly = true
    }
    return (download, result)
  }

  @Test("A challenge is answered, the password is never told, and the answer counts on")
  func answered() async throws {
    let (download, result) = try await Self.run { request in
      guard request.field("Authorization") != nil else {
        return Reply(status: "401 No", fields: ["WWW-Authenticate: \(Self.challenge(", qop=auth"))"])
      }
      return Reply(body: Array("secret".utf8))
    }
    #expect(result.problem == nil && download.contents() == Array("secret".utf8))
    let told = download.origin.requests.map { $0.field("Authorization") }
    #expect(told.count == 2 && told[0] == nil && told[1]?.hasPrefix("Digest ") == true)
    #expect(Self.parameters(told[1])["uri"] == "/x")
  }

  @Test("A server that refuses the answer is not asked again; one that calls each too old, only once more")
  func refused() async throws {
    for (more, requests) in [(", qop=auth", 2), (", qop=auth, stale=true", 3)] {
      let (download, result) = try await Self.run { _ in
        Reply(status: "401 No", fields: ["WWW-Authenticate: \(Self.challenge(more))"])
      }
      #expect(result.problem == .authentication && download.origin.requests.count == requests)
    }
  }

  @Test("A server that only wants to be told the password is told nothing")
  func basicOnly() async throws {
    let (download, result) = try await Self.run { _ in
      Reply(status: "401 No", fields: ["WWW-Authenticate: Basic realm=\"r\""])
    }
    #expect(result.problem == .authentication && result.message.contains("--digest"))
    #expect(download.origin.requests.map { $0.field("Authorization") } == [nil])
  }

  @Test("A challenge of a server that another points to isn't answered")
  func elsewhere() async throws {
    let elsewhere = try await ScriptedDownload { _ in
      Reply(status: "401 No", fields: ["WWW-Authenticate: \(Self.challenge(", qop=auth"))"])
    }
    let there = elsewhere.origin.url
    let (_, result) = try await Self.run { _ in Reply(status: "302 Found", fields: ["Location: \(there)/y"]) }
    #expect(result.problem == .authentication)
    #expect(elsewhere.origin.requests.map { $0.field("Authorization") } == [nil])
  }
}
