internal import NIOCore
internal import SockeyeText
internal import SockeyeTransport

/// One file on its way, from the first look at the disk to its final name.
actor FileDownload {
  /// Where the file is to be.
  enum Destination: Sendable {
    /// In a folder, under a name that is safe.
    case file(Folder, String)
    /// Written in order to whoever reads.
    case descriptor(CInt)
  }

  /// What is known once a server has begun to send.
  struct Session: Sendable {
    /// Where the server sent us in the end.
    var url: DownloadURL
    var file: FileIdentity
    var store: DownloadStore
    /// By how much claims grow: small enough that connections share a file, large enough that a request is nothing.
    var stride: UInt64
  }

  /// How much is known of the file.
  enum Knowledge: Sendable {
    /// Nothing: the next response fixes what it is.
    case none
    /// What it is, and nothing of it is there.
    case identity(FileIdentity)
    /// What it is, and some of it is there.
    case session(Session)
  }

  /// How often a file may change while it is being downloaded.
  private static let mostRestarts = 5

  /// A server that breaks off after fewer bytes than these, again and again, is no better than one that sends nothing.
  private static let leastProgress: UInt64 = 64 << 10

  let url: DownloadURL
  let destination: Destination
  let downloader: Downloader
  let requester: HTTPRequester
  /// Other places that are said to have the file, and help.
  let mirrors: [DownloadPlace]
  /// Whether anything came from one of those.
  var isHelped = false
  /// What a listing says of the file.
  let stamp: FileStamp?
  /// The size that a listing, or a Metalink, says that it has.
  let listedSize: UInt64?
  /// The digest that the file must have.
  let checksum: FileChecksum?
  /// What to do when the final name is taken; what was found there may have decided it.
  var existing: DownloadOptions.ExistingFile
  var part: PartFile?
  var knowledge = Knowledge.none
  private var restarts = 0
  /// The question after a digest that the server did not tell unasked.
  var digestInquiry: Task<FileIdentity?, Never>?

  init(
    _ url: DownloadURL,
    into destination: Destination,
    by downloader: Downloader,
    stamp: FileStamp? = nil,
    checksum: FileChecksum? = nil,
    size: UInt64? = nil,
    requester: HTTPRequester? = nil,
    mirrors: [DownloadPlace] = []
  ) {
    self.url = url
    self.mirrors = mirrors
    self.checksum = checksum ?? downloader.options.checksum
    self.stamp = stamp
    existing = downloader.options.existingFile
    self.destination = destination
    self.downloader = downloader
    self.requester = requester ?? downloader.requester(trusting: url.origin)
    listedSize = size ?? stamp?.size
  }

  var options: DownloadOptions { downloader.options }

  var session: Session? {
    if case .session(let session) = knowledge { session } else { nil }
  }

  /// What the first response fixed.
  var identity: FileIdentity? {
    switch knowledge {
    case .none: nil
    case .identity(let file): file
    case .session(let session): session.file
    }
  }

  var fileName: String {
    switch destination {
    case .file(let folder, let name): folder.location(name)
    case .descriptor: "-"
    }
  }

  /// Downloads the file.
  ///
  /// - Returns: Nothing if the final name was taken and that means to skip it.
  func run() async throws(Failure) -> DownloadReport? {
    let start = downloader.surroundings.now
    defer { part?.unlock() }
    // Only SHA-256 is made of what is passed on without being kept.
    if case .descriptor = destination, let checksum, checksum.sha256 == nil {
      throw Failure(.usage, .checksumNeedsFile(checksum.algorithm.name))
    }
    if case .file(let folder, let name) = destination {
      switch try await lookAtDisk(folder, name, since: start) {
      case .fetch: break
      case .isThere(let report):
        downloader.onEvent(.finished(report))
        return report
      case .skip:
        downloader.onEvent(.skipped(url: url, file: folder.location(name)))
        return nil
      }
    }
    do throws(Failure) {
      try await transferWithRetries()
      let report = try await finish(since: start)
      downloader.onEvent(.finished(report))
      return report
    } catch {
      digestInquiry?.cancel()
      try? await session?.store.recordNow()
      if Task.isCancelled { throw Failure(.other, .stopped(url)) }
      throw advised(error)
    }
  }

  /// Adds how to be rid of what is there, where trying again might meet it again.
  private func advised(_ failure: Failure) -> Failure {
    guard failure.kind == .integrity || failure.kind == .peerProtocol, case .file(let folder, let name) = destination,
      part?.hasPart == true
    else { return failure }
    let part = folder.location(DownloadFileNames.part(name))
    return Failure(failure.kind, .beginAnew(failure.phrase, part))
  }

  // MARK: Trying

  private func transferWithRetries() async throws(Failure) {
    var schedule = RetrySchedule(retries: options.retries, backOff: options.backOff)
    var receivedBefore: UInt64 = 0
    while true {
      let problem: TransferFailure
      do throws(TransferFailure) {
        try await transfer()
        if session?.store.pieces.isComplete == true { return }
        problem = TransferFailure(Failure(.integrity, .endedEarly(url)))
      } catch {
        problem = error
      }
      if Task.isCancelled { throw problem.failure }
      // A write that failed says more than the connection that was closed for it.
      if let session {
        _ = try await session.store.drain()
        if session.store.received >= receivedBefore + Self.leastProgress {
          schedule.progressed()
          receivedBefore = session.store.received
        }
      }
      switch problem.remedy {
      case .none: throw problem.failure
      case .startOver(let reason):
        try startOver(reason)
        receivedBefore = 0
      case .retry(let wait):
        guard let delay = schedule.next(requested: wait, spread: downloader.surroundings.randomFraction()) else {
          throw problem.failure
        }
        downloader.onEvent(
          .retrying(after: problem.failure, attempt: schedule.attempt, delay: .nanoseconds(delay.nanoseconds))
        )
        do {
          try await downloader.surroundings.sleep(for: delay)
        } catch {
          throw problem.failure
        }
      }
    }
  }

  /// Forgets what is there, but not what the file is: the next response is held against it too.
  func startOver(_ reason: Phrase) throws(Failure) {
    if case .descriptor = destination, let session, session.store.received > 0 {
      throw Failure(.integrity, .cannotTakeBack(url, reason))
    }
    restarts += 1
    guard restarts <= Self.mostRestarts else {
      throw Failure(.integrity, .restartedTooOften(url, reason))
    }
    downloader.onEvent(.restarted(reason: reason))
    knowledge = identity.map { .identity($0) } ?? .none
    digestInquiry?.cancel()
    digestInquiry = nil
  }
}
