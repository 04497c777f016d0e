import NIOCore
import SockeyeText
import SockeyeTransport
import Testing

@testable import SockeyeDownload

@Suite("Download: asking by HTTP", .timeLimit(.minutes(1)))
struct HTTPRequesterTests {
  private typealias Reply = ScriptedOrigin.Reply

  @Test("A coding of the transfer that wasn't offered is refused (RFC 9112, section 7.4)")
  func transferCodings() async throws {
    for coding in ["gzip, chunked", "gzip"] {
      let download = try await ScriptedDownload { _ in
        Reply(
          fields: ["Transfer-Encoding: \(coding)"],
          body: Array("3\r\nabc\r\n0\r\n\r\n".utf8),
          saysLength: false,
          cut: 20
        )
      }
      #expect(await download.run().problem == .peerProtocol, "\(coding)")
      #expect(download.names.isEmpty)
    }
  }

  @Test("Redirects lead to HTTP, never from an encrypted connection to one that isn't, and nowhere else")
  func directions() throws {
    let (plain, secure) = (try DownloadURL("http://h/x"), try DownloadURL("https://h/x"))
    let bare = try DownloadURL("tcp://h:1/x")
    #expect(plain.mayLead(to: plain) && plain.mayLead(to: secure) && secure.mayLead(to: secure))
    #expect(!secure.mayLead(to: plain) && !plain.mayLead(to: bare) && !secure.mayLead(to: bare))
  }

  @Test("A redirect to what isn't HTTP is not followed")
  func redirectToBareName() async throws {
    let download = try await ScriptedDownload { _ in
      Reply(status: "302 Found", fields: ["Location: tcp://127.0.0.1:9/x"])
    }
    #expect(await download.run().problem == .refusedLocally)
  }

  @Test("Redirects in circles end after as many as there may be")
  func circles() async throws {
    let download = try await ScriptedDownload { Reply(status: "301 Moved", fields: ["Location: \($0.target)?"]) }
    #expect(await download.run { $0.redirects = 3 }.problem == .peerProtocol)
    #expect(download.origin.requests.count == 4)
  }

  @Test("Credentials are shown to whom they are meant for, and not to whom that one points")
  func credentials() async throws {
    let elsewhere = try await ScriptedDownload { _ in Reply(body: Array("x".utf8)) }
    let there = elsewhere.origin.url
    let download = try await ScriptedDownload { _ in Reply(status: "302 Found", fields: ["Location: \(there)/y"]) }
    let entries = try Credentials.parse("default login a password b", of: "f")
    #expect(await download.run { $0.credentials = Credentials(entries: entries) }.problem == nil)
    #expect(download.contents() == Array("x".utf8))
    #expect(download.origin.requests.map { $0.field("Authorization") } == ["Basic YTpi"])
    #expect(elsewhere.origin.requests.map { $0.field("Authorization") } == [nil])
  }

  @Test("A connection that its server closes in the moment of the next request hasn't refused that")
  func staleConnection() async throws {
    let download = try await ScriptedDownload { $0.number == 0 ? Reply(body: Array("x".utf8)) : nil }
    let result = await download.with { downloader throws(Failure) in
      for name in ["a", "b"] { try await downloader.download(try DownloadURL("\(download.origin.url)/\(name)")) }
    }
    #expect(result.problem == nil && download.names == ["a", "b"])
    #expect(download.origin.requests.map(\.connection) == [0, 0, 1])
  }

  @Test(
    "What HEAD doesn't tell, or refuses to, GET tells",
    arguments: [
      Reply(saysLength: false), Reply(status: "206 Partial Content", fields: ["Content-Range: bytes 0-4/5"]),
      Reply(status: "401 Unauthorized"), Reply(status: "403 Forbidden"), Reply(status: "405 No"),
      Reply(status: "503 Busy"), Reply(status: "302 Found"), nil,
    ] as [Reply?]
  )
  private func silentHead(reply: Reply?) async throws {
    let download = try await ScriptedDownload { request in
      request.method == "HEAD" ? reply : Reply(body: Array("body".utf8))
    }
    try download.write(Array("bodyy".utf8), to: "x")
    #expect(await download.run { $0.existingFile = .skip }.problem == nil)
    #expect(download.contents() == Array("body".utf8))
  }

  @Test("A certificate is the one whose fingerprint was named, or it isn't")
  func fingerprints() throws {
    let certificate = Array("certificate".utf8)
    let fingerprint = try #require(ScriptedDownload.digest(certificate))
    #expect(TLSClient.has(fingerprint, certificate))
    #expect(!TLSClient.has(fingerprint, Array("another".utf8)) && !TLSClient.has(fingerprint, nil))
  }
}
