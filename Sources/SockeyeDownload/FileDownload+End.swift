internal import NIOCore
internal import SockeyeText
internal import SockeyeTransport

extension FileDownload {
  /// Checks the file and gives it its name.
  func finish(since start: NIODeadline) async throws(Failure) -> DownloadReport {
    await learnDigest()
    guard let session else { throw Failure(.other, .nothingDownloaded(url)) }
    let state = try await session.store.drain()
    let size = session.store.pieces.size ?? state.count
    guard state.count == size, let digest = SHA256Sum(bytes: ResumableSHA256(state).finalize()) else {
      throw Failure(.integrity, .tooShort(url, state.count, size))
    }
    if let listed = stamp?.size, listed != size { throw unlisted(size, listed) }
    if let expected = options.checksum ?? session.file.digest, expected != digest {
      let sentence: DownloadSentence =
        options.checksum == nil
        ? .otherThanServers(url, "\(digest)", "\(expected)") : .otherThanAskedFor(url, "\(digest)", "\(expected)")
      throw Failure(.integrity, sentence)
    }
    var file = "-"
    if let part, case .file(let folder, _) = destination {
      let existing = existing
      let stamp = FileStamp(
        size: size,
        modified: stamp?.modified ?? session.file.lastModified.flatMap { HTTPDate.parse($0) }
      )
      let name = try await downloader.threads.disk.run { () throws(Failure) in
        try part.publish(size: size, state: state, digest: digest, stamp: stamp, existing: existing)
      }
      file = folder.location(name)
    }
    return report(file, size, digest, received: session.store.received, since: start)
  }

  func report(
    _ path: String,
    _ size: UInt64,
    _ digest: SHA256Sum,
    received: UInt64,
    since start: NIODeadline
  ) -> DownloadReport {
    let file = identity ?? part?.content.identity?.file
    return DownloadReport(
      url: url,
      file: path,
      size: size,
      sha256: digest,
      assurance: options.checksum != nil
        ? .checksum : file?.digest != nil ? .serverDigest : file?.size != nil ? .length : .none,
      received: received,
      duration: .nanoseconds((downloader.surroundings.now - start).nanoseconds)
    )
  }
}
