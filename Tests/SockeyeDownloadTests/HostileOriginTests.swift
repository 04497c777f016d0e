import FoundationEssentials
import NIOCore
import SockeyeSimulator
import SockeyeText
import SockeyeTransport
import Synchronization
import Testing

@testable import SockeyeDownload

/// Servers that answer anything on any connection: the file is right or absent, every time.
@Suite("Download: hostile servers", .serialized)
struct HostileOriginTests {
  /// Where to wait for a disk costs nothing.
  private static let memory =
    FileManager.default.fileExists(atPath: "/dev/shm")
    ? URL(filePath: "/dev/shm") : FileManager.default.temporaryDirectory

  private let transport = Transport.kernel()

  @Test("Random answers on random connections never make a wrong file, and what they leave is gone on with")
  func randomAnswers() async throws {
    for seed in HostileSeeds.range(300) { try await run(seed) }
  }

  private func run(_ seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    let size = random.within(1...120_000)
    let saysDigest = random.chance(0.3)
    let versions = [("v1", size), ("v2", random.chance(0.5) ? size : random.within(1...120_000))].map { tag, size in
      let bytes = (0..<size).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      return HostileVersion(tag: tag, bytes: bytes, digest: saysDigest ? Self.digest(bytes) : nil)
    }
    let folder = Self.memory.appending(path: "sockeye-hostile-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }

    let plan = Mutex(HostilePlan(seed: seed, versions: versions))
    let connections = Atomic(0)
    let server = try await serve { channel in
      let connection = connections.add(1, ordering: .relaxed).oldValue
      try channel.pipeline.syncOperations.addHandler(HostileOrigin(plan.withLock { $0 }, connection: connection))
    }
    let url = try DownloadURL("http://127.0.0.1:\(server.port)/x")
    var options = DownloadOptions()
    options.folder = folder.path
    options.connections = .fixed(random.within(1...4))
    options.retries = random.within(0...6)
    options.backOff = .microseconds(10)...(.milliseconds(1))
    options.leastStride = 4 << 10
    options.checkpointInterval = .milliseconds(random.within(0...20))

    let file = folder.appending(path: "x")
    do {
      try await download(url, options)
      let got = [UInt8](try Data(contentsOf: file))
      #expect(versions.contains { $0.bytes == got }, "seed \(seed): a wrong file")
      try FileManager.default.removeItem(at: file)
    } catch is Failure {
      #expect(!FileManager.default.fileExists(atPath: file.path), "seed \(seed): a file in spite of the failure")
    }
    // The server recovers: what it left doesn't stand in the way.
    plan.withLock { $0.isHonest = true }
    do {
      try await download(url, options)
      let got = [UInt8](try Data(contentsOf: file))
      #expect(got == versions[0].bytes, "seed \(seed): a wrong file after the server recovered")
    } catch {
      Issue.record("seed \(seed): what is there is not gone on with: \(error)")
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(names == ["x"], "seed \(seed): left behind \(names)")
    await server.listener.close()
  }

  private func download(_ url: DownloadURL, _ options: DownloadOptions) async throws {
    let downloader = Downloader(transport: transport, options: options)
    let result: Result<Void, any Error>
    do {
      try await downloader.download(url)
      result = .success(())
    } catch {
      result = .failure(error)
    }
    await downloader.shutdown()
    try result.get()
  }

  private func serve(_ initializer: @escaping Transport.Initializer) async throws -> (listener: Listener, port: Int) {
    let listener = try await transport.listen(
      on: Endpoint(location: .network(host: "127.0.0.1", port: 0)),
      initializer: initializer
    )
    return (listener, try #require(listener.addresses.first?.port))
  }

  private static func digest(_ bytes: [UInt8]) -> String {
    var hash = ResumableSHA256()
    bytes.withUnsafeBytes { hash.update($0) }
    return Data(hash.finalize()).base64EncodedString()
  }
}
