public import SockeyeText
public import SockeyeTransport
internal import Synchronization

/// What a person or a program may want to know of a download, as it happens.
public enum DownloadEvent: Sendable {
  /// A response has begun to arrive.
  ///
  /// `offset` is where it takes up, 0 for a fresh start; `size` is that of the whole where it is known.
  case started(url: DownloadURL, file: String, offset: UInt64, size: UInt64?)
  /// The server sent us elsewhere.
  case redirected(from: DownloadURL, to: DownloadURL)
  /// The name was made safe.
  case renamed(from: String, to: String)
  /// Another connection joined; how many there are now.
  case connectionAdded(count: Int)
  /// An attempt failed; another one begins after the delay.
  case retrying(after: Failure, attempt: Int, delay: Duration)
  /// What had been downloaded is of no use, and it starts again.
  case restarted(reason: Phrase)
  /// Something that a careful person should know.
  case notice(Phrase)
  /// A file is whole, checked and in its place.
  case finished(DownloadReport)
  /// The final name was taken, and the download was left out as asked.
  case skipped(url: DownloadURL, file: String)
  /// One of many downloads failed, and the others go on.
  case failed(url: DownloadURL, failure: Failure)
}

/// What came of a download.
public struct DownloadReport: Hashable, Sendable {
  /// How sure it is that these are the server's bytes, from the surest to the least.
  public enum Assurance: String, Hashable, Sendable {
    /// They have the digest that the user named.
    case checksum
    /// They have the digest that the server named.
    case serverDigest = "server-digest"
    /// There are as many as the server said.
    case length
    /// The server said neither a digest nor a length: a cut connection looks the same.
    case none
  }

  /// Where it came from, as asked for.
  public var url: DownloadURL
  /// The path of the file, `-` for a descriptor.
  public var file: String
  /// How many bytes the file has.
  public var size: UInt64
  /// The digest of all of them.
  public var sha256: SHA256Sum
  /// How sure it is.
  public var assurance: Assurance
  /// The digest that was asked for, where one was; the file has it.
  public var checksum: FileChecksum?
  /// Bytes that arrived in this run; the others were there from an earlier one.
  public var received: UInt64
  /// How long it took.
  public var duration: Duration
}

/// How far a download is, to be looked at from anywhere at any time.
public final class DownloadProgress: Sendable {
  /// How far a download was at one time.
  public struct Snapshot: Hashable, Sendable {
    /// Bytes that are there, from earlier runs too.
    public var completed: UInt64
    /// Bytes that arrived in this run.
    public var received: UInt64
    /// Bytes there will be, where it is known.
    public var total: UInt64?
    /// The name of the file that is on its way.
    public var file: String
    /// Connections that share it.
    public var connections: Int
  }

  private let completed = Atomic<UInt64>(0)
  private let received = Atomic<UInt64>(0)
  private let rest = Mutex<(total: UInt64?, file: String, connections: Int)>((nil, "", 1))

  /// The progress of a download that has not begun.
  public init() {}

  /// How far it is now.
  public var snapshot: Snapshot {
    let rest = self.rest.withLock { $0 }
    return Snapshot(
      completed: completed.load(ordering: .relaxed),
      received: received.load(ordering: .relaxed),
      total: rest.total,
      file: rest.file,
      connections: rest.connections
    )
  }

  func begin(file: String, completed: UInt64, total: UInt64?) {
    rest.withLock { $0 = (total, file, $0.connections) }
    self.completed.store(completed, ordering: .relaxed)
  }

  func add(_ count: Int) {
    completed.add(UInt64(count), ordering: .relaxed)
    received.add(UInt64(count), ordering: .relaxed)
  }

  func setConnections(_ count: Int) {
    rest.withLock { $0.connections = count }
  }
}
