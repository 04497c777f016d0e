internal import CSockeyeLinux
internal import Glibc
internal import NIOCore
internal import NIOHTTP1
internal import SockeyeText
internal import SockeyeTransport

/// A file that is fetched in one go: to begin it anew costs less than to keep a journal of it.
enum SmallFile {
  /// The most bytes that a small file has.
  static let largest: UInt64 = 256 << 10
}

extension FolderDownload {
  /// Fetches a small file into memory, and hands it over to be given its name.
  ///
  /// - Returns: Whether it is on its way or needn't be. Whatever is out of the ordinary, the ordinary download does,
  ///   with its retries and its judgement.
  func fetchSmall(_ entry: FolderListing.Entry, _ parent: DownloadURL, _ folder: Folder) async -> Bool {
    let start = downloader.surroundings.now
    let url = parent.appending(entry.bytes, isFolder: false)
    guard let name = try? LocalName(entry.bytes), !name.isChanged else { return false }
    let disk = downloader.threads.disk
    let keepsTime = downloader.options.keepsTimes
    do throws(Failure) {
      let isFree = try await disk.run { () throws(Failure) in
        for name in [name.text, DownloadFileNames.journal(name.text), DownloadFileNames.part(name.text)] {
          if try folder.status(name) != nil { return false }
        }
        return true
      }
      guard isFree, let descriptor = await openUnnamed(folder) else { return false }
      var isHandedOver = false
      defer { if !isHandedOver { close(descriptor) } }
      guard let (body, file) = try await fetch(url, size: entry.size) else { return false }
      var hash = ResumableSHA256()
      body.withUnsafeReadableBytes { hash.update($0) }
      guard let digest = SHA256Sum(bytes: hash.finalize()), file.digest == nil || file.digest == digest else {
        return false
      }
      try await disk.run { () throws(Failure) in
        try folder.write(body, to: descriptor)
        entry.stamp.keep(in: descriptor, isExact: keepsTime)
      }
      let report = DownloadReport(
        url: url,
        file: folder.location(name.text),
        size: UInt64(body.readableBytes),
        sha256: digest,
        assurance: file.digest != nil ? .serverDigest : .length,
        checksum: nil,
        received: UInt64(body.readableBytes),
        duration: .nanoseconds((downloader.surroundings.now - start).nanoseconds)
      )
      isHandedOver = true
      await publisher.publish(.init(folder: folder, name: name.text, descriptor: descriptor)) { failure in
        if let failure { return self.failed(url, failure) }
        self.finished(report)
        self.downloader.onEvent(.finished(report))
      }
      return true
    } catch {
      return false
    }
  }

  /// Nothing where the file system has no files without names.
  private func openUnnamed(_ folder: Folder) async -> CInt? {
    try? await downloader.threads.disk.run { () throws(Failure) in folder.openUnnamed() }
  }

  /// The whole file, if the answer is as plain as it should be and as long as the listing said.
  private func fetch(_ url: DownloadURL, size: UInt64?) async throws(Failure) -> (ByteBuffer, FileIdentity)? {
    let answer: HTTPRequester.Answer
    do throws(TransferFailure) {
      answer = try await downloader.requester(trusting: url.origin).ask(.init(wantsDigest: true), of: url)
    } catch {
      return nil
    }
    let file = FileIdentity(whole: answer.head)
    guard answer.head.status == .ok, let length = file.size, length == size, file.coding == nil else {
      answer.connection.close()
      return nil
    }
    let body = try await answer.connection.receive(.collect(limit: Int(SmallFile.largest))).body
    await downloader.pool.giveBack(answer.connection)
    guard UInt64(body.readableBytes) == length else { return nil }
    downloader.progress.begin(file: url.description, completed: length, total: length)
    return (body, file)
  }
}

extension Folder {
  /// Opens a file that has no name yet: if we are killed, nothing is left of it.
  ///
  /// - Returns: Nothing where the file system has no such files.
  func openUnnamed() -> CInt? {
    let file = openat(descriptor, ".", SOCKEYE_O_TMPFILE | O_RDWR | O_CLOEXEC, 0o666)
    return file >= 0 ? file : nil
  }

  /// Writes all bytes.
  func write(_ body: ByteBuffer, to file: CInt) throws(Failure) {
    try body.withUnsafeReadableBytes { bytes throws(Failure) in
      var rest = bytes[...]
      while !rest.isEmpty {
        let written = Glibc.write(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if written < 0, errno == EINTR { continue }
        guard written > 0 else { throw failure(.write, ".") }
        rest = rest.dropFirst(written)
      }
    }
  }

  /// Gives a file without a name one that nothing else has.
  ///
  /// - Throws: A failure of kind `refusedLocally` when something stands there by now.
  func name(_ file: CInt, _ name: String) throws(Failure) {
    guard linkat(AT_FDCWD, "/proc/self/fd/\(file)", descriptor, name, AT_SYMLINK_FOLLOW) != 0 else { return }
    guard errno == EEXIST else { throw failure(.create, name) }
    throw Failure(.refusedLocally, .appeared(location(name)))
  }
}
