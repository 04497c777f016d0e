import FoundationEssentials
import NIOCore
import SockeyeSimulator
import SockeyeTransport
import Synchronization
import Testing

@testable import SockeyeDownload

/// Several servers of one file, each of which answers anything: what has the digest is right, whoever of them sent it.
@Suite("Download: hostile mirrors", .serialized)
struct HostileMirrorTests {
  private let transport = Transport.kernel()

  @Test("Random answers of several mirrors never make a wrong file, and one that is honest is enough")
  func randomAnswers() async throws {
    for seed in HostileSeeds.range(40) { try await run(seed) }
  }

  private func run(_ seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    let size = random.within(1...120_000)
    let bytes = (0..<size).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    // As long as the right one, or not, and under the same tag.
    let other = (0..<(random.chance(0.7) ? size : random.within(1...120_000))).map { _ in
      UInt8(truncatingIfNeeded: random.next())
    }
    let checksum = try #require(ScriptedDownload.digest(bytes).flatMap { FileChecksum($0) })
    let count = random.within(2...4)
    let honest = random.chance(0.5) ? random.within(0...(count - 1)) : nil
    var mirrors: [(origin: Listener, url: DownloadURL)] = []
    for index in 0..<count {
      var plan = HostilePlan(
        seed: seed &* 31 &+ UInt64(index),
        versions: [HostileVersion(tag: "v\(index)", bytes: random.chance(0.3) && index != honest ? other : bytes)]
      )
      plan.isHonest = index == honest
      mirrors.append(try await serve(plan))
    }
    let folder = FileManager.default.temporaryDirectory.appending(path: "sockeye-mirrors-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var options = DownloadOptions()
    options.folder = folder.path
    options.existingFile = .overwrite
    options.connections = .fixed(random.within(1...4))
    options.retries = random.within(0...3)
    options.backOff = .microseconds(10)...(.milliseconds(1))
    options.leastStride = 4 << 10

    let file = folder.appending(path: "x")
    let downloader = Downloader(transport: transport, options: options)
    do {
      try await downloader.download(from: mirrors.map(\.url), checksum: checksum)
      #expect(try [UInt8](Data(contentsOf: file)) == bytes, "seed \(seed): a wrong file")
    } catch {
      #expect(!FileManager.default.fileExists(atPath: file.path), "seed \(seed): a file in spite of the failure")
      #expect(honest == nil, "seed \(seed): one mirror is honest, and yet: \(error)")
    }
    await downloader.shutdown()
    for mirror in mirrors { await mirror.origin.close() }
  }

  private func serve(_ plan: HostilePlan) async throws -> (origin: Listener, url: DownloadURL) {
    let connections = Atomic(0)
    let listener = try await transport.listen(
      on: Endpoint(location: .network(host: "127.0.0.1", port: 0)),
      initializer: { channel in
        let connection = connections.add(1, ordering: .relaxed).oldValue
        try channel.pipeline.syncOperations.addHandler(HostileOrigin(plan, connection: connection))
      }
    )
    let port = try #require(listener.addresses.first?.port)
    return (listener, try DownloadURL("http://127.0.0.1:\(port)/x"))
  }

  // MARK: Who is slow

  @Test("A connection is dropped when another that has nothing left to do is four times as fast, and that one goes on")
  func slowness() throws {
    let place = DownloadPlace(
      url: try DownloadURL("http://h/x"),
      requester: Downloader(transport: transport, options: DownloadOptions()).requester(trusting: nil)
    )
    let known = FileIdentity(size: 100, entityTag: nil, lastModified: nil, digest: nil)
    let lanes = [1000, 249, 251].map { bytes in
      let lane = DownloadLane(to: place, known, isMirror: true, start: .uptimeNanoseconds(0))
      lane.add(bytes)
      return lane
    }
    let now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    var crew = DownloadCrew(lanes[0])
    crew.add(lanes[1])
    crew.add(lanes[2])
    #expect(crew.tooSlow(now).isEmpty)
    crew.ended(lanes[0], now, isWell: true)
    #expect(crew.tooSlow(now).map { ObjectIdentifier($0) } == [ObjectIdentifier(lanes[1])])
    #expect(lanes[1].begin(5..<9) && lanes[1].drop() == 5..<9 && lanes[1].isDropped && !lanes[1].begin(0..<1))
    #expect(crew.tooSlow(now).isEmpty)
    #expect(crew.takeBest() === lanes[0] && crew.takeBest() == nil)
    crew.ended(lanes[2], now, isWell: false)
    #expect(crew.takeBest() == nil)
  }
}
