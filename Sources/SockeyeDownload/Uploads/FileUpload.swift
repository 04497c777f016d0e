internal import NIOCore
internal import SockeyeText
internal import SockeyeTransport
internal import Synchronization

/// One file on its way to a server, from the first look at what is there to the proof that it arrived.
actor FileUpload {
  private let source: UploadSource
  private let url: DownloadURL
  private let uploader: Uploader
  private let requester: UploadRequester
  private var digest: [UInt8]?
  private let taken = Atomic<UInt64>(0)
  /// The most of the file that the server was found to have kept: what it took and threw away is no progress.
  private var kept: UInt64 = 0
  /// Whether something of ours may have reached the server's name already, though its answer did not reach us.
  private var mayBeStored = false

  init(_ source: UploadSource, to url: DownloadURL, by uploader: Uploader) {
    self.source = source
    self.url = url
    self.uploader = uploader
    requester = UploadRequester(pool: uploader.pool, options: uploader.options, url: url)
  }

  /// Uploads the file.
  ///
  /// - Returns: Nothing if what is there was left as it is.
  func run() async throws(Failure) -> UploadReport? {
    let start = uploader.surroundings.now
    let source = self.source
    do throws(Failure) {
      if source.size != nil {
        digest = try await uploader.threads.hash.run { () throws(Failure) in try source.digest() }
      }
      guard let assurance = try await transferWithRetries() else { return nil }
      let report = try report(assurance, since: start)
      uploader.onEvent(.finished(report))
      return report
    } catch {
      if Task.isCancelled { throw Failure(.other, .uploadStopped(source.name, canGoOn: source.size != nil)) }
      throw error
    }
  }

  /// Bytes that connections have taken.
  private var sent: UInt64 { taken.load(ordering: .relaxed) }

  private func report(_ assurance: DownloadReport.Assurance, since start: NIODeadline) throws(Failure) -> UploadReport {
    guard let digest, let sum = SHA256Sum(bytes: digest) else {
      throw Failure(.other, .uploadStopped(source.name, canGoOn: false))
    }
    return UploadReport(
      file: source.name,
      url: url,
      size: source.size ?? sent,
      sha256: sum,
      assurance: assurance,
      sent: sent,
      duration: .nanoseconds((uploader.surroundings.now - start).nanoseconds)
    )
  }

  // MARK: Trying

  /// - Returns: How sure it is that the file is there; nothing if it was left as it is.
  private func transferWithRetries() async throws(Failure) -> DownloadReport.Assurance? {
    var schedule = RetrySchedule(retries: uploader.options.retries, backOff: uploader.options.backOff)
    var keptBefore: UInt64 = 0
    while true {
      let problem: TransferFailure
      do throws(TransferFailure) {
        return try await transfer()
      } catch {
        problem = error
      }
      guard !Task.isCancelled, case .retry(let wait) = problem.remedy else { throw problem.failure }
      // What has been read from a pipe is gone.
      guard source.size != nil || sent == 0 else { throw problem.failure }
      if kept >= keptBefore + Self.leastProgress {
        schedule.progressed()
        keptBefore = kept
      }
      guard let delay = schedule.next(requested: wait, spread: uploader.surroundings.randomFraction()) else {
        throw problem.failure
      }
      let pause = Duration.nanoseconds(delay.nanoseconds)
      uploader.onEvent(.retrying(after: problem.failure, attempt: schedule.attempt, delay: pause))
      guard (try? await uploader.surroundings.sleep(for: delay)) != nil else { throw problem.failure }
    }
  }

  /// A server that keeps fewer bytes than these of each attempt is no better than one that keeps nothing.
  private static let leastProgress: UInt64 = 64 << 10

  /// Sends what is missing, as far as one attempt gets.
  private func transfer() async throws(TransferFailure) -> DownloadReport.Assurance? {
    var offset: UInt64 = 0
    switch try await requester.look() {
    case .file(let size, let there):
      if let digest, there?.bytes == digest {
        if !mayBeStored { uploader.onEvent(.skipped(file: source.name, url: url, isSame: true)) }
        return mayBeStored ? .serverDigest : nil
      }
      switch uploader.options.existingFile {
      case .overwrite: break
      case .skip:
        uploader.onEvent(.skipped(file: source.name, url: url, isSame: false))
        return nil
      case .fail, .rename:
        // An answer that was lost may have been that of our own bytes, of which the server can't tell the digest.
        if mayBeStored, there == nil, size == source.size { return .length }
        throw TransferFailure(Failure(.refusedLocally, .existsThere(url)))
      }
    case .partial(let there):
      // What is there in full has nothing left that could be sent, and would never get its name.
      if let size = source.size, there < size { offset = there }
    case .unknown: break
    }
    return try await send(from: offset)
  }

  private func send(from first: UInt64) async throws(TransferFailure) -> DownloadReport.Assurance? {
    var offset = first
    // A part of somebody else's may have grown or gone between the two requests.
    for _ in 0..<3 {
      uploader.onEvent(.started(file: source.name, url: url, offset: offset, size: source.size))
      mayBeStored = true
      let request = UploadRequester.Sending(
        first: offset,
        size: source.size,
        digest: digest,
        replaces: uploader.options.existingFile == .overwrite
      )
      kept = max(kept, request.first)
      let outcome = try await requester.send(request) { [uploader, source, first = request.first] in
        uploader.body(source, from: first) { self.taken.add(UInt64($0), ordering: .relaxed) }
      }
      switch outcome {
      case .again: return try await transfer()
      case .stored(let digest): return try await verify(digest)
      case .wrongOffset(let there):
        mayBeStored = false
        offset = source.size.map { there < $0 ? there : 0 } ?? 0
      case .exists: throw try await conflict()
      }
    }
    throw TransferFailure(Failure(.serverReported, .inUseThere("\(url)")))
  }

  /// Why a server refused the name: for what stands there, or for what is missing around it.
  private func conflict() async throws(TransferFailure) -> TransferFailure {
    mayBeStored = false
    switch try await requester.look() {
    case .file: return TransferFailure(Failure(.refusedLocally, .existsThere(url)))
    case .partial, .unknown: return TransferFailure(Failure(.serverReported, .notFoundThere("\(url): 409")))
    }
  }

  // MARK: Proof

  /// Holds what the server has against what was sent.
  private func verify(_ told: SHA256Sum?) async throws(TransferFailure) -> DownloadReport.Assurance {
    guard !source.hasChanged else {
      throw TransferFailure(Failure(.integrity, .changedMeanwhile(source.name)), remedy: .none)
    }
    do throws(Failure) {
      if digest == nil { digest = try source.digest() }
    } catch {
      throw TransferFailure(error)
    }
    if let told { return try judge(told) }
    // What can't be looked at any more was stored all the same.
    guard case .file(let size, let there)? = try? await requester.look() else { return .none }
    if let there { return try judge(there) }
    guard let size else { return .none }
    guard size == source.size ?? sent else {
      throw TransferFailure(Failure(.integrity, .otherSizeThere(url, size, source.size ?? sent)), remedy: .none)
    }
    return .length
  }

  private func judge(_ there: SHA256Sum) throws(TransferFailure) -> DownloadReport.Assurance {
    guard there.bytes == digest else {
      throw TransferFailure(Failure(.integrity, .otherDigestThere(url)), remedy: .none)
    }
    return .serverDigest
  }
}
