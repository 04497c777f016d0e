import FoundationEssentials
import Glibc
import NIOCore
import SockeyeTransport
import Synchronization
import Testing

@testable import SockeyeDownload

@Suite("Download: small files", .timeLimit(.minutes(1)))
struct SmallFilePublisherTests {
  @Test("Each file gets its name, once, and none that is taken")
  func names() async throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "sockeye-small-\(UUID().uuidString)").path
    let folder = try Folder(path: path, creates: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let threads = BlockingThreads(count: 1)
    let publisher = SmallFilePublisher(threads: threads)
    let ends = Mutex<[String: Failure?]>([:])
    // The last has the name of the first.
    for number in Array(0..<600) + [0] {
      let file = try #require(folder.openUnnamed())
      try folder.write(ByteBuffer(string: "\(number)"), to: file)
      await publisher.publish(.init(folder: folder, name: "f\(number)", descriptor: file)) { failure in
        ends.withLock { $0["\($0.count)"] = failure }
      }
    }
    await publisher.finish()
    let failures = ends.withLock { $0.values.compactMap { $0 } }
    #expect(ends.withLock { $0.count } == 601)
    #expect(failures.map(\.kind) == [.refusedLocally])
    #expect(Set(try FileManager.default.contentsOfDirectory(atPath: path)) == Set((0..<600).map { "f\($0)" }))
    #expect(try String(contentsOfFile: path + "/f599", encoding: .utf8) == "599")
    await publisher.finish()
    await threads.shutDown()
  }
}
