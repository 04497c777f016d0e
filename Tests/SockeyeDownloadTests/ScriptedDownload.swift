import FoundationEssentials
import Glibc
import NIOCore
import SockeyeText
import SockeyeTransport
import Synchronization

@testable import SockeyeDownload

/// A server that a test scripts, and an empty folder into which things are downloaded from it, again and again.
final class ScriptedDownload: Sendable {
  let path: String
  let origin: ScriptedOrigin
  private let transport = Transport.kernel()
  private let happened = Mutex<[DownloadEvent]>([])

  /// - Parameter respond: What the server does; nothing closes the connection.
  init(respond: @escaping ScriptedOrigin.Answer) async throws {
    path = FileManager.default.temporaryDirectory.appending(path: "sockeye-scripted-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    origin = try await ScriptedOrigin(transport, respond: respond)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
    Task { [origin] in await origin.close() }
  }

  /// Options that lose no time and have no time limit: no waiting before another attempt, checkpoints at the end alone,
  /// and no failure that is the machine's for having much else to do.
  var options: DownloadOptions {
    var options = DownloadOptions()
    options.folder = path
    options.connections = .fixed(1)
    options.retries = 0
    options.backOff = .nanoseconds(1) ... .nanoseconds(1)
    options.checkpointInterval = .seconds(3600)
    options.idle = .hours(1)
    options.connect.timeout = .hours(1)
    return options
  }

  /// Downloads a target, perhaps as a file of a listing.
  func run(
    _ target: String = "/x",
    stamp: FileStamp? = nil,
    _ change: (inout DownloadOptions) -> Void = { _ in }
  ) async -> Result<DownloadReport?, Failure> {
    await with(change) { downloader throws(Failure) in
      let url = try DownloadURL(self.origin.url + target)
      guard let stamp else { return try await downloader.download(url) }
      let folder = try Folder(path: self.path)
      return try await FileDownload(url, into: .file(folder, "x"), by: downloader, stamp: stamp).run()
    }
  }

  /// Lends a downloader.
  func with<Value: Sendable>(
    _ change: (inout DownloadOptions) -> Void = { _ in },
    _ body: (Downloader) async throws(Failure) -> Value
  ) async -> Result<Value, Failure> {
    var options = options
    change(&options)
    let downloader = Downloader(transport: transport, options: options) { event in
      self.happened.withLock { $0.append(event) }
    }
    let result: Result<Value, Failure>
    do throws(Failure) {
      result = .success(try await body(downloader))
    } catch {
      result = .failure(error)
    }
    await downloader.shutdown()
    return result
  }

  /// What has happened in all runs.
  var events: [DownloadEvent] { happened.withLock { $0 } }

  /// How often a response has begun to be taken for the file.
  var beginnings: Int {
    events.count { if case .started = $0 { true } else { false } }
  }

  /// The names in the folder.
  var names: Set<String> { Set((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []) }

  func contents(_ name: String = "x") -> [UInt8]? {
    (try? Data(contentsOf: URL(filePath: "\(path)/\(name)"))).map { [UInt8]($0) }
  }

  func write(_ bytes: [UInt8], to name: String) throws {
    try Data(bytes).write(to: URL(filePath: "\(path)/\(name)"))
  }

  /// Opens a file that is there; whoever asked closes it.
  func openForWriting(_ name: String) -> CInt { open("\(path)/\(name)", O_WRONLY | O_CLOEXEC) }

  /// Bytes that differ from version to version, and along the file.
  static func version(_ number: Int, count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8 &+ number &* 101) }
  }

  static func digest(_ bytes: [UInt8]) -> SHA256Sum? {
    var hash = ResumableSHA256()
    bytes.withUnsafeBytes { hash.update($0) }
    return SHA256Sum(bytes: hash.finalize())
  }

  /// The digest as a field of a response.
  static func digestField(_ bytes: [UInt8]) -> String {
    "Repr-Digest: sha-256=:\(Data(digest(bytes)?.bytes ?? []).base64EncodedString()):"
  }
}

extension Result where Failure == SockeyeTransport.Failure {
  /// What kind of failure it is, if it is one.
  var problem: SockeyeTransport.Failure.Kind? {
    if case .failure(let failure) = self { failure.kind } else { nil }
  }

  /// What the failure says.
  var message: String {
    if case .failure(let failure) = self { failure.message } else { "" }
  }
}
