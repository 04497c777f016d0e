import NIOCore
import NIOSSL
import SockeyeText
import SockeyeTransport
import Synchronization

/// What all workers of a service have in common.
final class ServiceShared: Sendable {
  let configuration: FileServiceConfiguration
  let directory: ServedDirectory
  /// What all paths begin with, if there is anything.
  let pathPrefix: ResourcePath?
  /// The page that stands for those that aren't there.
  let fallback: ResourcePath?
  let digests: DigestCache
  let encodings: TextEncodingCache
  /// Who may compress; nobody where it isn't wanted, or zlib isn't there.
  let compression: CompressionSlots?
  let metrics = ServiceMetrics()
  let clients = ClientCounts()
  let uploads: UploadArea?
  /// Threads that may wait for a disk.
  let filePool: BlockingThreads
  /// Threads that compute for long: digests and passwords.
  let computePool: BlockingThreads
  /// A thread that copies and removes whole folders, one after the other: nobody else waits for it.
  let treeThread: BlockingThreads
  /// Who may write what, where clients can lock it.
  let locks: LockTable?

  /// The clocks and the chance that go with the network.
  let surroundings: Surroundings

  private struct Replaceable {
    var tls: NIOSSLContext?
    var authority: PasswordAuthority?
  }

  private let replaceable: Mutex<Replaceable>
  private let draining = Atomic<Bool>(false)

  init(
    _ configuration: FileServiceConfiguration,
    in surroundings: Surroundings = .machine
  ) throws(Failure) {
    self.configuration = configuration
    self.surroundings = surroundings
    directory =
      switch configuration.content {
      case .directory(let path): try ServedDirectory(path: path)
      case .selection(let paths): ServedDirectory(try ServedSelection(paths: paths))
      }
    pathPrefix = try Self.prefix(configuration.pathPrefix)
    fallback = try configuration.fallback.map { [directory] path throws(Failure) in try Self.page(path, in: directory) }
    filePool = surroundings.threads(4)
    computePool = surroundings.threads(2)
    treeThread = surroundings.threads(1)
    digests = DigestCache(pool: computePool)
    encodings = TextEncodingCache(pool: filePool)
    // There is no folder that an upload beside a selection's files could go to.
    uploads = directory.selection == nil ? configuration.uploads.map { UploadArea(quota: $0.quota) } : nil
    compression = configuration.compresses ? CompressionSlots() : nil
    locks = configuration.webDAV && uploads != nil ? LockTable() : nil
    replaceable = Mutex(
      Replaceable(
        tls: try Self.context(configuration.tls),
        authority: configuration.passwords.map { [pool = computePool] in PasswordAuthority($0, pool: pool) }
      )
    )
    if uploads != nil {
      filePool.submit { [directory] isRunning in
        if isRunning { UploadSweep.run(in: directory) }
      }
    }
  }

  private static func prefix(_ text: String) throws(Failure) -> ResourcePath? {
    guard let path = ResourcePath(ArgumentText.bytes(of: text)), text.isEmpty || text.hasPrefix("/") else {
      throw Failure(.usage, .badPathPrefix(text))
    }
    return path.bytes.isEmpty ? nil : path
  }

  private static func page(_ text: String, in directory: ServedDirectory) throws(Failure) -> ResourcePath {
    guard let path = ResourcePath(ArgumentText.bytes(of: text)), (try? directory.open(path))?.metadata.kind == .file
    else {
      throw Failure(.localFile, .noFallback(text))
    }
    return path
  }

  /// Ends the threads.
  func shutDown() {
    filePool.beginShutDown()
    computePool.beginShutDown()
    treeThread.beginShutDown()
  }

  /// What is needed to speak TLS, if the service does.
  var tls: NIOSSLContext? { replaceable.withLock { $0.tls } }

  /// Who knows the passwords, if any are needed.
  var authority: PasswordAuthority? { replaceable.withLock { $0.authority } }

  /// Replaces the certificate and the passwords; connections that exist keep what they began with.
  func reload(tls: TLSConfiguration?, passwords: PasswordFile?) throws(Failure) {
    let context = try Self.context(tls)
    let authority = passwords.map { PasswordAuthority($0, pool: computePool) }
    replaceable.withLock { $0 = Replaceable(tls: context, authority: authority) }
  }

  /// Whether no connection is to outlive the response that it waits for.
  var isDraining: Bool { draining.load(ordering: .relaxed) }

  func startDraining() { draining.store(true, ordering: .relaxed) }

  private static func context(_ configuration: TLSConfiguration?) throws(Failure) -> NIOSSLContext? {
    guard let configuration else { return nil }
    do {
      return try NIOSSLContext(configuration: configuration)
    } catch {
      throw Failure(.tls, .badIdentity("\(error)"))
    }
  }
}
