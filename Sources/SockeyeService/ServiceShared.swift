import NIOCore
import NIOSSL
import SockeyeTransport
import Synchronization

/// What all workers of a service have in common.
final class ServiceShared: Sendable {
  let configuration: FileServiceConfiguration
  let directory: ServedDirectory
  let digests: DigestCache
  let encodings: TextEncodingCache
  let metrics = ServiceMetrics()
  let clients = ClientCounts()
  let uploads: UploadArea?
  /// Threads that may wait for a disk.
  let filePool: BlockingThreads
  /// Threads that compute for long: digests and passwords.
  let computePool: BlockingThreads

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
    directory = try ServedDirectory(path: configuration.directory)
    filePool = surroundings.threads(4)
    computePool = surroundings.threads(2)
    digests = DigestCache(pool: computePool)
    encodings = TextEncodingCache(pool: filePool)
    uploads = configuration.uploads.map { UploadArea(quota: $0.quota) }
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

  /// Ends the threads.
  func shutDown() {
    filePool.beginShutDown()
    computePool.beginShutDown()
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
