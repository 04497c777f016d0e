internal import NIOHTTP1
internal import SockeyeText
internal import SockeyeTransport

extension FileDownload {
  /// Fetches what is missing, as far as one attempt gets.
  func transfer() async throws(TransferFailure) {
    guard let session, !session.store.pieces.written.isEmpty else { return try await transferFromStart() }
    guard session.file.validator != nil || session.file.digest != nil else {
      throw .startOver(url, DownloadSentence.noSignOfSame.phrase)
    }
    let pieces = session.store.pieces
    guard let claim = pieces.claim(session.stride) else { return }
    let request = LaterResponse.Request.range(
      from: claim.lowerBound,
      to: pieces.written.first { $0.lowerBound > claim.lowerBound }?.lowerBound
    )
    do throws(TransferFailure) {
      // From where the file was asked for, and not where its server sent us last time: that may have ceased to be.
      let answer = try await requester.ask(.init(request: request, validator: session.file.validator), of: url)
      switch answer.response.judge(by: session.file, request: request) {
      case .accept(let bytes, let size): try await goOn(answer, claim, bytes, size, session)
      case .replace(let reason):
        pieces.release(claim)
        try await replace(answer, reason)
      case .drop(let failure): throw dismissal(answer, failure, .retry(after: nil))
      case .startOver(let reason):
        throw dismissal(answer, TransferFailure.startOver(url, reason).failure, .startOver(reason: reason))
      case .giveUp(let failure): throw dismissal(answer, failure, .none)
      }
    } catch {
      pieces.release(claim)
      throw error
    }
  }

  private func goOn(
    _ answer: HTTPRequester.Answer,
    _ claim: Range<UInt64>,
    _ bytes: Range<UInt64>,
    _ size: UInt64,
    _ earlier: Session
  ) async throws(TransferFailure) {
    var session = earlier
    session.url = answer.url
    if session.file.size == nil {
      session.file.size = size
      session.store.pieces.setSize(size)
    }
    knowledge = .session(session)
    downloader.onEvent(.started(url: url, file: fileName, offset: bytes.lowerBound, size: size))
    let plan = StorePlan(claim: claim, end: bytes.upperBound, stride: session.stride, limiter: downloader.limiter)
    try await fetchAll(answer, plan)
  }

  private func transferFromStart() async throws(TransferFailure) {
    let answer = try await requester.ask(.init(wantsDigest: true), of: url)
    guard let identity else {
      guard answer.head.status == .ok else {
        let failure = Failure(.peerProtocol, .answersWhole(url, answer.head.status.code))
        throw dismissal(answer, failure, .none)
      }
      if let size = FileIdentity(whole: answer.head).size, let listed = listedSize, size != listed {
        throw dismissal(answer, unlisted(size, listed), .retry(after: nil))
      }
      return try await take(whole: answer)
    }
    switch answer.response.judge(by: identity, request: .whole) {
    case .replace(let reason): session == nil ? try await take(whole: answer) : try await replace(answer, reason)
    case .drop(let failure): throw dismissal(answer, failure, .retry(after: nil))
    case .giveUp(let failure): throw dismissal(answer, failure, .none)
    case .startOver(let reason):
      throw dismissal(answer, TransferFailure.startOver(url, reason).failure, .startOver(reason: reason))
    case .accept: throw dismissal(answer, Failure(.peerProtocol, .partUnasked(url)), .none)
    }
  }

  /// A file that a listing describes and a response that doesn't fit contradict each other like two responses.
  func unlisted(_ size: UInt64, _ listed: UInt64) -> Failure {
    Failure(.integrity, .otherSizeThanListed(url, size, listed))
  }

  /// Takes the whole file where some of it is there that is of no use.
  private func replace(_ answer: HTTPRequester.Answer, _ reason: Phrase) async throws(TransferFailure) {
    do throws(Failure) {
      _ = try await session?.store.drain()
      if session?.store.pieces.written.isEmpty == false { try startOver(reason) }
    } catch {
      throw dismissal(answer, error, .none)
    }
    try await take(whole: answer)
  }

  /// Takes a response with the whole file: it fixes what the file is.
  private func take(whole answer: HTTPRequester.Answer) async throws(TransferFailure) {
    let file = FileIdentity(whole: answer.head)
    let session: Session
    do throws(Failure) {
      session = try await begin(answer.url, file)
    } catch {
      throw dismissal(answer, error, .none)
    }
    downloader.onEvent(.started(url: url, file: fileName, offset: 0, size: file.size))
    if let coding = file.coding {
      downloader.onEvent(.notice(DownloadSentence.keptPacked(url, "\(coding.prefix(20))").phrase))
    }
    let claim = session.store.pieces.claim(session.stride) ?? 0..<0
    let plan = StorePlan(claim: claim, end: file.size, stride: session.stride, limiter: downloader.limiter)
    try await fetchAll(answer, plan)
  }

  private func begin(_ url: DownloadURL, _ file: FileIdentity) async throws(Failure) -> Session {
    let target: DownloadStore.Target
    switch destination {
    case .descriptor(let descriptor): target = .descriptor(descriptor)
    case .file(let folder, let name):
      let identity = DownloadJournal.Identity(url: self.url.description, file: file)
      let earlier = part
      let part = try await downloader.threads.disk.run { () throws(Failure) in
        let part = if let earlier { earlier } else { try PartFile(name, in: folder) }
        try part.begin(identity)
        return part
      }
      self.part = part
      target = .part(part)
    }
    let store = makeStore(target, size: file.size)
    let session = Session(url: url, file: file, store: store, stride: stride(file.size))
    knowledge = .session(session)
    askForDigest()
    return session
  }

  /// Lets go of an answer that doesn't do.
  private func dismissal(
    _ answer: HTTPRequester.Answer,
    _ failure: Failure,
    _ remedy: TransferFailure.Remedy
  ) -> TransferFailure {
    answer.connection.close()
    return TransferFailure(failure, remedy: remedy)
  }
}
