import FoundationEssentials
import SockeyeText
import SockeyeTransport
import Testing

@testable import SockeyeDownload

@Suite("Download: small files of a folder", .timeLimit(.minutes(1)))
struct SmallFileTests {
  private typealias Reply = ScriptedOrigin.Reply

  /// A folder with files that the listing says to be of some size, and changed at some time.
  private func folder(
    _ names: String...,
    size: Int,
    modified: String = "2001-09-09T01:46:40Z",
    _ reply: Reply
  ) async throws -> ScriptedDownload {
    let names = names.isEmpty ? ["f"] : names
    return try await ScriptedDownload { request in
      guard request.target == "/?json" else { return reply }
      let entries = names.map { #"{"name":"\#($0)","type":"file","size":\#(size),"modified":"\#(modified)"}"# }
      return Reply(body: Array(#"{"v":1,"entries":[\#(entries.joined(separator: ","))]}"#.utf8))
    }
  }

  private func fetch(_ download: ScriptedDownload) async -> Result<FolderReport, Failure> {
    await download.with { downloader throws(Failure) in
      try await downloader.downloadFolder(try DownloadURL(download.origin.url + "/"))
    }
  }

  @Test("A file that isn't as long as the listing says gets no name")
  func lengths() async throws {
    for count in [4, 6] {
      let download = try await folder(size: 5, Reply(body: [UInt8](repeating: 1, count: count)))
      #expect(await fetch(download).problem == .integrity && download.contents("f") == nil)
    }
    let right = try await folder(size: 5, Reply(body: [UInt8](repeating: 1, count: 5)))
    #expect(try await fetch(right).get().downloaded == 1 && right.contents("f")?.count == 5)
  }

  @Test("A file that hasn't the digest that its server names gets no name")
  func digests() async throws {
    let body = Array("hello".utf8)
    for (named, isRight) in [(body, true), (Array("other".utf8), false)] {
      let download = try await folder(size: 5, Reply(fields: [ScriptedDownload.digestField(named)], body: body))
      #expect(await fetch(download).problem == (isRight ? nil : .integrity))
      #expect((download.contents("f") != nil) == isRight)
    }
  }

  @Test("A file that comes packed is said to be")
  func packed() async throws {
    let download = try await folder(size: 5, Reply(fields: ["Content-Encoding: gzip"], body: Array("hello".utf8)))
    #expect(try await fetch(download).get().downloaded == 1)
    #expect(
      download.events.contains { if case .notice(let text) = $0 { text.english.contains("packed") } else { false } }
    )
  }

  @Test(
    "A folder that has come before is left as it is, also by a clock that is ahead: of its files none is asked for again",
    arguments: ["2001-09-09T01:46:40Z", "2099-01-01T00:00:00Z"]
  )
  func again(modified: String) async throws {
    let download = try await folder(size: 5, modified: modified, Reply(body: Array("hello".utf8)))
    #expect(try await fetch(download).get().downloaded == 1)
    let second = try await fetch(download).get()
    #expect(second.downloaded == 0 && second.skipped == 1)
    #expect(download.origin.targets == ["/?json", "/f", "/?json"])
  }

  @Test("A folder with files that are called as journals are has come before like any other")
  func foreignJournals() async throws {
    let names = ["x", "x.part", "x.part.journal"]
    let download = try await folder(names[0], names[1], names[2], size: 5, Reply(body: Array("hello".utf8)))
    for name in names { try download.write(Array("hello".utf8), to: name) }
    #expect(try await fetch(download).get().skipped == 3)
    #expect(download.origin.targets == ["/?json"] && names.allSatisfy { download.contents($0)?.count == 5 })
  }
}
