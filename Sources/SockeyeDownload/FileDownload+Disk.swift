internal import Glibc
internal import NIOCore
internal import NIOHTTP1
internal import SockeyeText
internal import SockeyeTransport

extension FileDownload {
  /// What there is to do, by what is on the disk.
  enum Situation {
    case fetch
    case isThere(DownloadReport)
    case skip
  }

  /// Takes up what an earlier run left, as far as it can be relied on.
  func lookAtDisk(
    _ folder: Folder,
    _ name: String,
    since start: NIODeadline
  ) async throws(Failure) -> Situation {
    let stamp = stamp
    let (part, wasFinished, status) = try await downloader.threads.disk.run {
      () throws(Failure) -> (PartFile?, Bool, stat?) in
      let status = try folder.status(name)
      do throws(Failure) {
        let part = try PartFile.takeUp(name, in: folder)
        return (part, try part?.wasFinished() ?? false, status)
      } catch {
        // A folder may have files whose names are those of a journal: beside what has come already they are in no way.
        guard case .same? = status.flatMap({ stamp?.compare(with: $0) }) else { throw error }
        return (nil, false, status)
      }
    }
    if wasFinished, let part, let whole = part.content.whole, part.content.identity?.url == url.description,
      checksum == nil || checksum == FileChecksum(whole.digest)
    {
      part.removeJournal()
      self.part = part
      return .isThere(report(folder.location(name), whole.size, whole.digest, received: 0, since: start))
    }
    if let status, try await leaves(status, name, in: folder) { return .skip }
    self.part = part
    guard let part, let identity = part.content.identity, let checkpoint = part.content.checkpoint else {
      return .fetch
    }
    if let reason = try await obstacle(part, identity, checkpoint) {
      downloader.onEvent(.restarted(reason: reason))
      return .fetch
    }
    let session = Session(
      url: url,
      file: identity.file,
      store: makeStore(.part(part), size: identity.file.size, state: checkpoint.state, held: checkpoint.held),
      stride: stride(identity.file.size)
    )
    knowledge = .session(session)
    // Nobody knows any more where it came from.
    isHelped = !mirrors.isEmpty
    askForDigest()
    return .fetch
  }

  /// Whether what stands at the final name is left as it is.
  private func leaves(_ status: stat, _ name: String, in folder: Folder) async throws(Failure) -> Bool {
    let path = folder.location(name)
    switch existing {
    case .rename, .overwrite: return false
    case .fail:
      // A folder's listing tells what an earlier run has finished.
      if stamp != nil, case .same = try await comparison(with: status, nil) { return true }
      throw Failure(.refusedLocally, .exists(path))
    case .skip:
      let note = keepsVersion ? folder.version(of: name) : nil
      guard case .different = try await comparison(with: status, note) else { return true }
      downloader.onEvent(.notice(DownloadSentence.isReplaced(path).phrase))
      existing = .overwrite
      return false
    }
  }

  /// Whether the version is to be known next time: what a listing tells comes without a tag.
  var keepsVersion: Bool { options.keepsVersions && stamp == nil }

  /// Holds what is there against the server's file.
  ///
  /// - Parameter note: Which version it is. A server that has another says so, though its size and time be the same.
  private func comparison(with status: stat, _ note: VersionNote?) async throws(Failure) -> FileStamp.Comparison {
    // Pages don't tell how long files are.
    if let stamp, stamp.size != nil { return stamp.compare(with: status) }
    guard url.scheme != .tcp else { return .unknown }
    let tag = note.flatMap { $0.isOf(url) ? $0.tag : nil }
    do throws(TransferFailure) {
      let head = try await requester.askHead(of: url, unlessTagged: tag).head
      if head.status == .notModified { return .same }
      let there = FileIdentity(whole: head).entityTag
      if let tag, let there, !FileIdentity.isSame(tag, there) { return .different }
      return FileStamp(head).compare(with: status)
    } catch {
      throw error.failure
    }
  }

  /// Why what is there can't be gone on with.
  private func obstacle(
    _ part: PartFile,
    _ identity: DownloadJournal.Identity,
    _ checkpoint: DownloadJournal.Checkpoint
  ) async throws(Failure) -> Phrase? {
    guard identity.url == url.description else { return DownloadSentence.begunElsewhere.phrase }
    guard try await downloader.threads.disk.run({ () throws(Failure) in try part.verifyTail() }) else {
      return DownloadSentence.diskDiffers.phrase
    }
    let isComplete = checkpoint.held.isEmpty && checkpoint.state.count == identity.file.size
    if isComplete, let digest = SHA256Sum(bytes: ResumableSHA256(checkpoint.state).finalize()),
      try await difference(of: checkpoint.state.count, digest, in: part, toldByServer: identity.file.digest) != nil
    {
      return DownloadSentence.otherDigest.phrase
    }
    // Without any of these there is no telling whether the server still has the same file.
    guard isComplete || identity.file.digest != nil || identity.file.validator != nil else {
      return DownloadSentence.noSignOfSame.phrase
    }
    return nil
  }

  func makeStore(
    _ target: DownloadStore.Target,
    size: UInt64?,
    state: ResumableSHA256.State = .initial,
    held: [Range<UInt64>] = []
  ) -> DownloadStore {
    let there = state.count + held.reduce(0) { $0 + UInt64($1.count) }
    downloader.progress.begin(file: fileName, completed: there, total: size)
    return DownloadStore(
      target,
      size: size,
      state: state,
      held: held,
      checkpointInterval: options.checkpointInterval,
      progress: downloader.progress,
      threads: downloader.threads
    )
  }

  func stride(_ size: UInt64?) -> UInt64 {
    max(options.leastStride, min(16 << 20, (size ?? .max) / 32))
  }
}
