internal import Glibc
internal import NIOCore
internal import NIOHTTP1
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
    var representation: Representation
    var store: DownloadStore
    /// Whether the server said how long the file is.
    var hasLength: Bool

    /// By how much claims grow: small enough that connections share a file, large enough that a request is nothing.
    var stride: UInt64 { max(1 << 20, min(16 << 20, (self.representation.size ?? .max) / 32)) }
  }

  /// How often a file may change while it is being downloaded.
  private static let mostRestarts = 5

  /// A server that breaks off after fewer bytes than these, again and again, is no better than one that sends nothing.
  private static let leastProgress: UInt64 = 64 << 10

  let url: DownloadURL
  private let destination: Destination
  let downloader: Downloader
  let requester: HTTPRequester
  private var part: PartFile?
  var session: Session?
  private var restarts = 0
  /// The question after a digest that the server did not tell unasked.
  var digestInquiry: Task<Representation?, Never>?

  init(_ url: DownloadURL, into destination: Destination, by downloader: Downloader) {
    self.url = url
    self.destination = destination
    self.downloader = downloader
    requester = downloader.requester(for: url)
  }

  var options: DownloadOptions { self.downloader.options }

  /// Downloads it.
  ///
  /// - Returns: Nothing if the final name was taken and that means to skip it.
  func run() async throws(Failure) -> DownloadReport? {
    let start = ContinuousClock.now
    if case .file(let folder, let name) = self.destination {
      switch try await lookAtDisk(folder, name, since: start) {
      case .fetch: break
      case .isThere(let report):
        self.downloader.onEvent(.finished(report))
        return report
      case .skip:
        self.downloader.onEvent(.skipped(url: self.url, file: folder.location(name)))
        return nil
      }
    }
    do throws(Failure) {
      try await transferWithRetries()
      let report = try await finish(since: start)
      self.downloader.onEvent(.finished(report))
      return report
    } catch {
      digestInquiry?.cancel()
      try? await self.session?.store.recordNow()
      if Task.isCancelled { throw Failure(.other, "\(self.url): stopped; the same command goes on from here") }
      throw error
    }
  }

  // MARK: - What is there

  private enum Situation {
    case fetch
    case isThere(DownloadReport)
    case skip
  }

  private func lookAtDisk(
    _ folder: Folder,
    _ name: String,
    since start: ContinuousClock.Instant
  ) async throws(Failure) -> Situation {
    let existing = options.existingFile
    let disk = self.downloader.threads.disk
    let (part, wasFinished, isTaken) = try await disk.run { () throws(Failure) -> (PartFile?, Bool, Bool) in
      let part = try PartFile.takeUp(name, in: folder)
      return (part, try part?.wasFinished() ?? false, try folder.status(name) != nil)
    }
    if wasFinished, let part, let whole = part.content.whole, part.content.identity?.url == self.url.description {
      part.removeJournal()
      return .isThere(self.report(folder.location(name), whole.size, whole.digest, received: 0, since: start))
    }
    if isTaken {
      switch existing {
      case .skip: return .skip
      case .rename, .overwrite: break
      case .fail:
        let file = folder.location(name)
        throw Failure(.refusedLocally, "'\(file)' exists; --on-exists rename, overwrite or skip says what to do")
      }
    }
    self.part = part
    guard let part, let identity = part.content.identity, let checkpoint = part.content.checkpoint else {
      return .fetch
    }
    guard identity.url == self.url.description else {
      self.downloader.onEvent(.restarted(reason: "what is there was begun from another URL"))
      return .fetch
    }
    guard try await disk.run({ () throws(Failure) in try part.verifyTail() }) else {
      self.downloader.onEvent(.restarted(reason: "what is on the disk is not what was written there"))
      return .fetch
    }
    let size = identity.representation.size
    let isComplete = checkpoint.held.isEmpty && checkpoint.state.count == size
    let expected = options.checksum ?? identity.representation.digest
    if isComplete, let expected, SHA256Sum(bytes: ResumableSHA256(checkpoint.state).finalize()) != expected {
      self.downloader.onEvent(.restarted(reason: "what is there doesn't have the digest that is wanted"))
      return .fetch
    }
    // Without any of these there is no telling whether the server still has the same file.
    guard isComplete || expected != nil || identity.representation.validator != nil else {
      self.downloader.onEvent(.restarted(reason: "the server gave no sign by which to know the same file again"))
      return .fetch
    }
    self.session = Session(
      url: self.url,
      representation: identity.representation,
      store: makeStore(.part(part), size: size, state: checkpoint.state, held: checkpoint.held),
      hasLength: true
    )
    askForDigest()
    return .fetch
  }

  private func makeStore(
    _ target: DownloadStore.Target,
    size: UInt64?,
    state: ResumableSHA256.State = .initial,
    held: [Range<UInt64>] = []
  ) -> DownloadStore {
    let there = state.count + held.reduce(0) { $0 + UInt64($1.count) }
    self.downloader.progress.begin(file: fileName, completed: there, total: size)
    return DownloadStore(
      target,
      size: size,
      state: state,
      held: held,
      checkpointInterval: options.checkpointInterval,
      progress: self.downloader.progress,
      threads: self.downloader.threads
    )
  }

  private var fileName: String {
    switch self.destination {
    case .file(let folder, let name): folder.location(name)
    case .descriptor: "-"
    }
  }

  // MARK: - Trying

  private func transferWithRetries() async throws(Failure) {
    var schedule = RetrySchedule(retries: options.retries, backOff: options.backOff)
    var receivedBefore: UInt64 = 0
    while true {
      let problem: TransferFailure
      do throws(TransferFailure) {
        try await transfer()
        if self.session?.store.pieces.isComplete == true { return }
        problem = TransferFailure(Failure(.integrity, "\(self.url): the connections ended before the file did"))
      } catch {
        problem = error
      }
      if Task.isCancelled { throw problem.failure }
      // A write that failed says more than the connection that was closed for it.
      if let session = self.session {
        _ = try await session.store.drain()
        if session.store.received >= receivedBefore + Self.leastProgress {
          schedule.progressed()
          receivedBefore = session.store.received
        }
      }
      if let reason = problem.restartReason {
        restarts += 1
        guard restarts <= Self.mostRestarts else {
          throw Failure(.integrity, "\(self.url): the file changes faster than it can be downloaded (\(reason))")
        }
        try startAgain(reason)
        receivedBefore = 0
        continue
      }
      guard problem.isRetriable,
        let delay = schedule.next(requested: problem.wait, spread: Double.random(in: 0...1))
      else { throw problem.failure }
      self.downloader.onEvent(
        .retrying(after: problem.failure, attempt: schedule.attempt, delay: .nanoseconds(delay.nanoseconds))
      )
      do {
        try await Task.sleep(for: .nanoseconds(delay.nanoseconds))
      } catch {
        throw problem.failure
      }
    }
  }

  private func startAgain(_ reason: String) throws(Failure) {
    if case .descriptor = self.destination, let session = self.session, session.store.received > 0 {
      throw Failure(.integrity, "\(self.url): \(reason), and what has been written to the output can't be taken back")
    }
    self.downloader.onEvent(.restarted(reason: reason))
    self.session = nil
    digestInquiry?.cancel()
    digestInquiry = nil
  }

  // MARK: - One attempt

  private func transfer() async throws(TransferFailure) {
    guard let session = self.session, !session.store.pieces.written.isEmpty else {
      return try await transferFromStart()
    }
    let pieces = session.store.pieces
    guard let claim = pieces.claim(session.stride) else { return }
    let question = HTTPRequester.Question(
      range: (claim.lowerBound, pieces.written.first { $0.lowerBound > claim.lowerBound }?.lowerBound),
      validator: session.representation.validator
    )
    let answer: HTTPRequester.Answer
    do throws(TransferFailure) {
      guard
        session.representation.validator != nil || options.checksum != nil || session.representation.digest != nil
      else { throw .restart(self.url, "the server gave no sign by which to know the same file again") }
      answer = try await requester.ask(question, of: self.url)
    } catch {
      pieces.release(claim)
      throw error
    }
    self.session?.url = answer.url
    if answer.head.status == .ok {
      pieces.release(claim)
      return try await take(whole: answer, insteadOf: session)
    }
    let end: UInt64
    do throws(TransferFailure) {
      end = try Self.check(partial: answer, offset: claim.lowerBound, end: question.range?.end, session: session)
    } catch {
      pieces.release(claim)
      answer.connection.close()
      throw error
    }
    self.downloader.onEvent(
      .started(url: self.url, file: fileName, offset: claim.lowerBound, size: session.representation.size)
    )
    let plan = StorePlan(claim: claim, end: end, stride: session.stride, limiter: self.downloader.limiter)
    try await fetchAll(answer, plan)
  }

  private func transferFromStart() async throws(TransferFailure) {
    let answer = try await requester.ask(.init(wantsDigest: true), of: self.url)
    guard answer.head.status == .ok else {
      answer.connection.close()
      throw TransferFailure(
        Failure(
          .peerProtocol,
          "\(self.url): the server answers \(answer.head.status.code) to a request for the whole file"
        )
      )
    }
    try await take(whole: answer, insteadOf: nil)
  }

  /// Takes a response with the whole file, also one that came where a part was asked for: then the file is another by
  /// now, or the server doesn't do ranges, and what is there is of no use.
  private func take(whole answer: HTTPRequester.Answer, insteadOf old: Session?) async throws(TransferFailure) {
    let size = answer.head.headers.first(name: "Content-Length").flatMap { DecimalNumber.parse($0) }
    let representation = Representation(answer.head, size: size)
    do throws(Failure) {
      if let old {
        restarts += 1
        guard restarts <= Self.mostRestarts else {
          throw Failure(
            .integrity,
            "\(self.url): the file changes, or can't be had in parts, and the connection keeps failing"
          )
        }
        _ = try await old.store.drain()
        let isSame = old.representation.isSame(as: representation)
        try startAgain(isSame ? "the server can't send parts of the file" : "the file on the server has changed")
      }
      try await begin(answer.url, representation)
    } catch {
      answer.connection.close()
      throw TransferFailure(error, isRetriable: false)
    }
    guard let session = self.session else { return }
    self.downloader.onEvent(.started(url: self.url, file: fileName, offset: 0, size: size))
    if let coding = answer.head.headers.first(name: "Content-Encoding"), coding.lowercased() != "identity" {
      self.downloader.onEvent(
        .notice("\(self.url): the server sends the file packed (\(coding.prefix(20))); it is kept so")
      )
    }
    let claim = session.store.pieces.claim(session.stride) ?? 0..<0
    let plan = StorePlan(claim: claim, end: size, stride: session.stride, limiter: self.downloader.limiter)
    try await fetchAll(answer, plan)
  }

  private func begin(_ url: DownloadURL, _ representation: Representation) async throws(Failure) {
    let target: DownloadStore.Target
    switch self.destination {
    case .descriptor(let descriptor): target = .descriptor(descriptor)
    case .file(let folder, let name):
      let identity = DownloadJournal.Identity(url: self.url.description, representation: representation)
      let earlier = self.part
      let part = try await self.downloader.threads.disk.run { () throws(Failure) in
        let part = if let earlier { earlier } else { try PartFile(name, in: folder) }
        try part.begin(identity)
        return part
      }
      self.part = part
      target = .part(part)
    }
    let store = makeStore(target, size: representation.size)
    self.session = Session(
      url: url,
      representation: representation,
      store: store,
      hasLength: representation.size != nil
    )
    askForDigest()
  }

  /// Checks that a 206 holds what was asked for, of the same file.
  ///
  /// - Returns: The end of the range that it holds.
  static func check(
    partial answer: HTTPRequester.Answer,
    offset: UInt64,
    end: UInt64?,
    session: Session
  ) throws(TransferFailure) -> UInt64 {
    let headers = answer.head.headers
    guard answer.head.status == .partialContent else {
      throw .restart(answer.url, "the server has no such part of the file any more")
    }
    guard let field = headers.first(name: "Content-Range"), let range = ReceivedRange(field), let bytes = range.bytes,
      bytes.lowerBound == offset, bytes.upperBound <= end ?? .max
    else {
      throw TransferFailure(
        Failure(.peerProtocol, "\(answer.url): the server sends another part of the file than it was asked for")
      )
    }
    guard session.representation.isSame(as: Representation(answer.head, size: range.size)) else {
      throw .restart(answer.url, "the file on the server has changed")
    }
    return bytes.upperBound
  }

  // MARK: - The end

  private func finish(since start: ContinuousClock.Instant) async throws(Failure) -> DownloadReport {
    await learnDigest()
    guard let session = self.session else { throw Failure(.other, "\(self.url): nothing was downloaded") }
    let state = try await session.store.drain()
    let size = session.store.pieces.size ?? state.count
    guard state.count == size, let digest = SHA256Sum(bytes: ResumableSHA256(state).finalize()) else {
      throw Failure(.integrity, "\(self.url): only \(state.count) of \(size) bytes came")
    }
    if let expected = options.checksum ?? session.representation.digest, expected != digest {
      let origin = options.checksum == nil ? "the server names" : "was asked for"
      throw Failure(
        .integrity,
        "\(self.url): the SHA-256 is \(digest), but \(origin) \(expected); the file is not kept"
      )
    }
    var file = "-"
    if let part = self.part, case .file(let folder, _) = self.destination {
      let existing = options.existingFile
      let name = try await self.downloader.threads.disk.run { () throws(Failure) in
        try part.publish(size: size, state: state, digest: digest, existing: existing)
      }
      file = folder.location(name)
    }
    return self.report(file, size, digest, received: session.store.received, since: start)
  }

  private func report(
    _ file: String,
    _ size: UInt64,
    _ digest: SHA256Sum,
    received: UInt64,
    since start: ContinuousClock.Instant
  ) -> DownloadReport {
    let assurance: DownloadReport.Assurance
    if options.checksum != nil {
      assurance = .checksum
    } else if let session = self.session {
      assurance = session.representation.digest != nil ? .serverDigest : session.hasLength ? .length : .none
    } else {
      assurance = self.part?.content.identity?.representation.digest != nil ? .serverDigest : .length
    }
    return DownloadReport(
      url: self.url,
      file: file,
      size: size,
      sha256: digest,
      assurance: assurance,
      received: received,
      duration: start.duration(to: .now)
    )
  }
}
