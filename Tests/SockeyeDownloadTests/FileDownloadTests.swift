import Glibc
import NIOCore
import SockeyeText
import SockeyeTransport
import Synchronization
import Testing

@testable import SockeyeDownload

@Suite("Download: one file, against what its server first says", .timeLimit(.minutes(1)))
struct FileDownloadTests {
  private typealias Reply = ScriptedOrigin.Reply

  private static let body = ScriptedDownload.version(1, count: 200_000)
  private static let tagged = ["ETag: \"v1\"", "Accept-Ranges: bytes"]

  @Test("A first answer that isn't the whole file is not taken for it", arguments: ["206 Partial Content", "416 No"])
  func firstAnswer(status: String) async throws {
    let download = try await ScriptedDownload { _ in
      Reply(status: status, fields: Self.tagged + ["Content-Range: bytes 0-4/5"], body: Array("whole".utf8))
    }
    #expect(await download.run().problem == .peerProtocol)
    #expect(download.names.isEmpty)
  }

  @Test("A file that isn't as long as its listing says is not begun, or not given its name where its length isn't said")
  func listedLength() async throws {
    let said = try await ScriptedDownload { Reply.file(Self.body, $0, Self.tagged) }
    #expect(await said.run(stamp: FileStamp(size: 5, modified: nil)).problem == .integrity)
    #expect(said.names.isEmpty && said.beginnings == 0)
    let unsaid = try await ScriptedDownload { _ in
      Reply(fields: ["Transfer-Encoding: chunked"], body: Array("3\r\nabc\r\n0\r\n\r\n".utf8), saysLength: false)
    }
    #expect(await unsaid.run(stamp: FileStamp(size: 5, modified: nil)).problem == .integrity)
    #expect(unsaid.contents() == nil)
    #expect(await unsaid.run("/x", stamp: FileStamp(size: 3, modified: nil)).problem == nil)
    #expect(unsaid.contents() == Array("abc".utf8))
  }

  @Test(
    "A file without any sign is asked for as a whole again, over one connection, and taken as whatever it is next time"
  )
  func noSign() async throws {
    let size = Mutex(Self.body.count)
    let download = try await ScriptedDownload { request in
      let body = Array(Self.body.prefix(size.withLock { $0 }))
      return Reply(fields: ["Accept-Ranges: bytes"], body: body, cut: request.connection < 2 ? 10_000 : nil)
    }
    #expect(await download.run { $0.retries = 1 }.problem == .integrity)
    #expect(download.contents() == nil)
    // By the next time it may be another file: nothing of what is there is held against it.
    size.withLock { $0 = 150_000 }
    #expect(await download.run().problem == nil)
    #expect(download.contents() == Array(Self.body.prefix(150_000)))
    #expect(download.origin.requests.allSatisfy { $0.field("Range") == nil })
  }

  @Test("Connections share only a file that has a sign by which its parts are known")
  func sharing() async throws {
    let body = ScriptedDownload.version(1, count: 4 << 20)
    for fields in [["Accept-Ranges: bytes"], ["ETag: W/\"v1\"", "Accept-Ranges: bytes"], ["ETag: \"v1\""]] {
      let download = try await ScriptedDownload { Reply.file(body, $0, fields) }
      let result = await download.run {
        $0.connections = .fixed(4)
        $0.leastStride = 4 << 10
      }
      #expect(result.problem == nil && download.contents() == body)
      #expect(download.origin.requests.count == 1, "\(fields)")
    }
  }

  @Test("A file has the digest that its server names and the one that was asked for, or no name")
  func digests() async throws {
    let other = ScriptedDownload.version(2, count: 100)
    for field in [ScriptedDownload.digestField(Self.body), ScriptedDownload.digestField(other)] {
      let isRight = field == ScriptedDownload.digestField(Self.body)
      let download = try await ScriptedDownload { Reply.file(Self.body, $0, Self.tagged + [field]) }
      #expect(await download.run().problem == (isRight ? nil : .integrity))
      #expect((download.contents() != nil) == isRight)
    }
    for (wanted, problem) in [(Self.body, nil), (other, .integrity)] as [([UInt8], Failure.Kind?)] {
      let download = try await ScriptedDownload { Reply.file(Self.body, $0, Self.tagged) }
      #expect(
        await download.run { $0.checksum = ScriptedDownload.digest(wanted).map { FileChecksum($0) } }.problem == problem
      )
      #expect((download.contents() != nil) == (problem == nil))
    }
  }

  @Test("A digest that the server tells of another version of the file is not held against this one")
  func digestOfAnother() async throws {
    let body = ScriptedDownload.version(1, count: 33 << 20)
    let other = ScriptedDownload.version(2, count: 10)
    let download = try await ScriptedDownload { request in
      guard request.method == "HEAD" else { return Reply(fields: Self.tagged, body: body) }
      return Reply(
        fields: ["ETag: \"v2\"", "Content-Length: \(body.count)", ScriptedDownload.digestField(other)],
        saysLength: false
      )
    }
    let report = try await download.run().get()
    #expect(report?.assurance == .length && report?.size == UInt64(body.count))
    #expect(download.origin.requests.contains { $0.method == "HEAD" })
  }

  @Test("A file whose bytes aren't all there is not given its name, whatever is taken to be finished")
  func incomplete() async throws {
    let download = try await ScriptedDownload { Reply.file(Self.body, $0) }
    let result = await download.with { downloader throws(Failure) in
      let url = try DownloadURL(download.origin.url + "/x")
      let file = FileDownload(url, into: .file(try Folder(path: download.path), "x"), by: downloader)
      try await file.pretend(toHave: ScriptedDownload.version(1, count: 10), of: 20)
      return try await file.finish(since: .now())
    }
    #expect(result.problem == .integrity && download.names.isEmpty)
  }

  @Test("A file that is another one each time is given up, however much of it comes each time")
  func restless() async throws {
    let download = try await ScriptedDownload { request in
      let body = ScriptedDownload.version(request.connection, count: 200_000)
      return Reply(fields: ["ETag: \"v\(request.connection)\""], body: body, cut: 150_000)
    }
    #expect(await download.run { $0.retries = 100 }.problem == .integrity)
    #expect(download.origin.requests.count < 20)
    #expect(download.contents() == nil)
  }

  @Test("What has been written to a pipe is never followed by bytes of another version")
  func pipe() async throws {
    let download = try await ScriptedDownload { request in
      let version = request.connection + 1
      let body = ScriptedDownload.version(version, count: 30_000)
      return Reply(fields: ["ETag: \"v\(version)\""], body: body, cut: version == 1 ? 10_000 : nil)
    }
    try download.write([], to: "out")
    let descriptor = download.openForWriting("out")
    let result = await download.run {
      $0.output = .descriptor(descriptor)
      $0.retries = 3
    }
    close(descriptor)
    #expect(result.problem == .integrity && result.message.contains("can't be taken back"))
    #expect(download.contents("out") == Array(ScriptedDownload.version(1, count: 30_000).prefix(10_000)))
  }
}

extension FileDownload {
  /// Has it believe that it received the first bytes of a file.
  fileprivate func pretend(toHave bytes: [UInt8], of size: UInt64) throws(Failure) {
    var hash = ResumableSHA256()
    bytes.withUnsafeBytes { hash.update($0) }
    let file = FileIdentity(size: size, entityTag: nil, lastModified: nil, digest: nil)
    let store = makeStore(.descriptor(-1), size: size, state: hash.state)
    knowledge = .session(Session(url: url, file: file, store: store, stride: 1))
  }
}
