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
    if let listed = listedSize, listed != size { throw unlisted(size, listed) }
    if let sentence = try await difference(of: size, digest, in: part, toldByServer: session.file.digest) {
      throw Failure(.integrity, sentence)
    }
    var file = "-"
    if let part, case .file(let folder, _) = destination {
      let existing = existing
      let keepsTime = options.keepsTimes
      let stamp = FileStamp(
        size: size,
        modified: stamp?.modified ?? session.file.lastModified.flatMap { HTTPDate.parse($0) }
      )
      var version: VersionNote?
      if keepsVersion, let tag = session.file.entityTag {
        version = VersionNote(size: size, url: url, tag: tag)
      }
      let note = version
      let name = try await downloader.threads.disk.run { () throws(Failure) in
        try part.publish(
          size: size,
          state: state,
          digest: digest,
          stamp: stamp,
          keepsTime: keepsTime,
          version: note,
          existing: existing
        )
      }
      file = folder.location(name)
    }
    return report(file, size, digest, received: session.store.received, since: start)
  }

  /// Holds a whole file against the digest that it must have, or else against the one that its server told.
  ///
  /// - Parameters:
  ///   - size: The file's size in bytes.
  ///   - digest: Its SHA-256.
  ///   - part: Where it is, to be read once more for a digest of another kind.
  /// - Returns: What is wrong, if anything is.
  func difference(
    of size: UInt64,
    _ digest: SHA256Sum,
    in part: PartFile?,
    toldByServer told: SHA256Sum?
  ) async throws(Failure) -> DownloadSentence? {
    guard let checksum else {
      guard let told, told != digest else { return nil }
      return .otherThanServers(url, "\(digest)", "\(told)")
    }
    var found: FileChecksum? = FileChecksum(digest)
    if checksum.sha256 == nil {
      guard let part else { return .checksumNeedsFile(checksum.algorithm.name) }
      let algorithm = checksum.algorithm
      found = try await downloader.threads.disk.run { () throws(Failure) in
        var hash = FileHash(algorithm)
        try part.read(0..<size) { hash.update($0) }
        return hash.finalize()
      }
    }
    guard let found, found != checksum else { return nil }
    return .otherThanAskedFor(url, found, checksum)
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
      assurance: checksum != nil
        ? .checksum : file?.digest != nil ? .serverDigest : file?.size != nil ? .length : .none,
      checksum: checksum,
      received: received,
      duration: .nanoseconds((downloader.surroundings.now - start).nanoseconds)
    )
  }
}
