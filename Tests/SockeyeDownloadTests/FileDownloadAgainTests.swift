import FoundationEssentials
import Glibc
import NIOCore
import SockeyeTransport
import Synchronization
import Testing

@testable import SockeyeDownload

@Suite("Download: a file that an earlier run began", .timeLimit(.minutes(1)))
struct FileDownloadAgainTests {
  private typealias Reply = ScriptedOrigin.Reply

  private static let body = ScriptedDownload.version(1, count: 200_000)
  private static let tagged = ["ETag: \"v1\"", "Accept-Ranges: bytes"]

  /// A download whose first connection is cut after 70,000 bytes, and has been.
  private func begun(_ respond: @escaping ScriptedOrigin.Answer) async throws -> ScriptedDownload {
    let download = try await ScriptedDownload { request in
      guard request.connection == 0 else { return respond(request) }
      var reply = Reply.file(Self.body, request, Self.tagged)
      reply.cut = 70_000
      return reply
    }
    #expect(await download.run { $0.output = .file("\(download.path)/x") }.problem == .integrity)
    #expect(download.names == ["x.part", "x.part.journal"])
    return download
  }

  @Test("It is gone on with from where it ended, if it is still the same: the server is asked so (RFC 9110, 13.1.5)")
  func goneOn() async throws {
    let download = try await begun { Reply.file(Self.body, $0, Self.tagged) }
    #expect(await download.run().problem == nil)
    #expect(download.contents() == Self.body && download.names == ["x"])
    let again = try #require(download.origin.requests.last)
    #expect(again.field("Range") == "bytes=70000-" && again.field("If-Range") == "\"v1\"")
  }

  @Test("It is not gone on with from another URL, though that has the same signs")
  func otherURL() async throws {
    let other = ScriptedDownload.version(2, count: 200_000)
    let download = try await begun { Reply.file(other, $0, Self.tagged) }
    #expect(await download.run("/y") { $0.output = .file("\(download.path)/x") }.problem == nil)
    #expect(download.contents() == other)
    #expect(download.origin.requests.last?.field("Range") == nil)
  }

  @Test("Bytes that were changed on the disk are not gone on with, nor missing ones")
  func damaged() async throws {
    for isShortened in [false, true] {
      let download = try await begun { Reply.file(Self.body, $0, Self.tagged) }
      var there = try #require(download.contents("x.part"))
      if isShortened { there.removeLast(1) } else { there[30_000] ^= 1 }
      try download.write(there, to: "x.part")
      #expect(await download.run().problem == nil)
      #expect(download.contents() == Self.body)
    }
  }

  @Test("A whole that hasn't the digest that is wanted makes room for one that has")
  func wholeWithOtherDigest() async throws {
    let other = ScriptedDownload.version(2, count: 200_000)
    let isOther = Mutex(false)
    let download = try await ScriptedDownload { request in
      isOther.withLock { $0 }
        ? Reply.file(other, request, ["ETag: \"v2\""]) : Reply.file(Self.body, request, Self.tagged)
    }
    let wanted = ScriptedDownload.digest(other)
    #expect(await download.run { $0.checksum = wanted.map { FileChecksum($0) } }.problem == .integrity)
    isOther.withLock { $0 = true }
    #expect(await download.run { $0.checksum = wanted.map { FileChecksum($0) } }.problem == nil)
    #expect(download.contents() == other)
  }

  /// A folder as a kill between the last two steps leaves it: the file has its name, and the journal is there.
  private func killed(_ url: String, in download: ScriptedDownload) throws {
    try download.write(Self.body, to: "x")
    var status = stat()
    #expect(stat("\(download.path)/x", &status) == 0)
    let size = UInt64(Self.body.count)
    let file = FileIdentity(size: size, entityTag: "\"v1\"", lastModified: nil, digest: nil)
    let digest = try #require(ScriptedDownload.digest(Self.body))
    var journal = DownloadJournal()
    var bytes = Array(buffer: journal.append(.begin(.init(url: url, file: file))))
    bytes += Array(
      buffer: journal.append(.whole(.init(digest: digest, size: size, inode: UInt64(status.st_ino))))
    )
    try download.write(bytes, to: "x.part.journal")
  }

  @Test("A file whose server's clock is ahead is the same the next time", arguments: [true, false])
  func clockAhead(isListed: Bool) async throws {
    let date = "Last-Modified: Thu, 01 Jan 2099 00:00:00 GMT"
    let download = try await ScriptedDownload { Reply.file(Self.body, $0, Self.tagged + [date]) }
    let stamp = isListed ? FileStamp(size: UInt64(Self.body.count), modified: 4_070_908_800) : nil
    for count in 1...2 {
      let report = try await download.run(stamp: stamp) { $0.existingFile = isListed ? .fail : .skip }.get()
      #expect((report == nil) == (count == 2))
    }
  }

  @Test("A file that had its name when the program was killed is there, and nobody is asked for it")
  func wasFinished() async throws {
    let download = try await ScriptedDownload { Reply.file(Self.body, $0, Self.tagged) }
    try killed(download.origin.url + "/x", in: download)
    let report = try await download.run().get()
    #expect(report?.received == 0 && report?.sha256 == ScriptedDownload.digest(Self.body))
    #expect(download.names == ["x"] && download.origin.requests.isEmpty)
  }

  @Test("A file that another URL's download finished is in the way like any other")
  func otherWasFinished() async throws {
    let download = try await ScriptedDownload { Reply.file(Self.body, $0, Self.tagged) }
    try killed(download.origin.url + "/y", in: download)
    #expect(await download.run().problem == .refusedLocally)
    #expect(download.contents() == Self.body && download.origin.requests.isEmpty)
  }
}
