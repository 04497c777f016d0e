internal import Glibc
internal import SockeyeText
public import SockeyeTransport

extension Uploader {
  /// Uploads a folder with all that is in it, but for names that begin with a dot and for what symbolic links lead to.
  ///
  /// Small files are sent side by side. Files that the server has already, with the same digest, are left; so the same call goes
  /// on where one was stopped.
  ///
  /// - Parameters:
  ///   - path: The folder.
  ///   - url: Where it goes: into this folder under its own name, where the URL ends in a slash.
  /// - Throws: The first failure, after all files have been tried; one that says nothing about a file at once.
  public func uploadFolder(_ path: String, to url: DownloadURL) async throws(Failure) -> FolderUploadReport {
    guard url.scheme != .tcp else { throw Failure(.usage, .noBareName(url)) }
    let name = Self.lastName(of: path)
    let isOwnName = name != Array(".".utf8) && name != Array("..".utf8) && !name.isEmpty
    let top = url.path.hasSuffix("/") && isOwnName ? url.appending(name, isFolder: true) : url.asFolder
    return try await FolderUpload(path, by: self).run(to: top)
  }
}

/// A folder on its way: it is walked depth first, and its files are sent as they are met.
private struct FolderUpload: Sendable {
  /// Folders below which nothing is looked at.
  private static let deepestFolder = 64
  /// How many small files are sent at once: what each costs is waiting for answers.
  private static let workers = 8

  private struct Entry: Sendable {
    enum Kind: Sendable {
      case file(size: UInt64)
      case folder
      case other
    }

    let name: String
    let kind: Kind
  }

  private struct Level {
    var path: String
    var url: DownloadURL
    var left: ArraySlice<Entry>
  }

  /// What has come of it so far.
  private struct Tally {
    var report = FolderUploadReport()
    var first: Failure?
    var failed = 0
    /// What says that nothing else would fare better.
    var end: Failure?
  }

  private struct Outcome: Sendable {
    var path: String
    /// What a file came to; nothing if it was left.
    var result: Result<UploadReport?, Failure>
  }

  private let uploader: Uploader
  private let path: String

  init(_ path: String, by uploader: Uploader) {
    self.path = path
    self.uploader = uploader
  }

  func run(to top: DownloadURL) async throws(Failure) -> FolderUploadReport {
    try await makeFolder(top)
    let first = Level(path: path, url: top, left: try await entries(of: path)[...])
    let tally = await withTaskGroup(of: Outcome.self) { group in await walk(first, &group) }
    if let end = tally.end { throw end }
    if let first = tally.first { throw Failure(first.kind, .someFailed(path, tally.failed, first.phrase)) }
    return tally.report
  }

  /// Walks the folder, one file ahead of those that are being sent. Each level is a list of what is yet to do.
  private func walk(_ first: Level, _ group: inout TaskGroup<Outcome>) async -> Tally {
    var tally = Tally()
    var levels = [first]
    var running = 0
    while tally.end == nil, var level = levels.popLast() {
      guard let entry = level.left.popFirst() else { continue }
      levels.append(level)
      let below = "\(level.path)/\(entry.name)"
      switch entry.kind {
      case .other: uploader.onEvent(.notice(UploadSentence.leftOut(below).phrase))
      case .folder:
        do throws(Failure) {
          guard levels.count < Self.deepestFolder else {
            throw Failure(.refusedLocally, .tooDeep(below, Self.deepestFolder))
          }
          levels.append(try await enter(below, level.url.appending(ArgumentText.bytes(of: entry.name), isFolder: true)))
        } catch {
          note(Outcome(path: below, result: .failure(error)), in: &tally)
        }
      case .file(let size):
        // A large one has the whole way to itself.
        let isSmall = size <= SmallFile.largest
        while running > (isSmall ? Self.workers - 1 : 0), let outcome = await group.next() {
          running -= 1
          note(outcome, in: &tally)
        }
        let target = level.url.appending(ArgumentText.bytes(of: entry.name), isFolder: false)
        if isSmall {
          group.addTask { await send(below, to: target) }
          running += 1
        } else {
          note(await send(below, to: target), in: &tally)
        }
      }
    }
    if tally.end != nil { group.cancelAll() }
    while let outcome = await group.next() { note(outcome, in: &tally) }
    return tally
  }

  private func enter(_ path: String, _ url: DownloadURL) async throws(Failure) -> Level {
    try await makeFolder(url)
    return Level(path: path, url: url, left: try await entries(of: path)[...])
  }

  private func send(_ path: String, to url: DownloadURL) async -> Outcome {
    do throws(Failure) {
      return Outcome(path: path, result: .success(try await uploader.upload(path, to: url)))
    } catch {
      return Outcome(path: path, result: .failure(error))
    }
  }

  private func note(_ outcome: Outcome, in tally: inout Tally) {
    switch outcome.result {
    case .success(let report?):
      tally.report.uploaded += 1
      tally.report.bytes += report.size
    case .success(nil): tally.report.skipped += 1
    // What was stopped for another's end isn't worth a word.
    case .failure where tally.end != nil: break
    case .failure(let failure):
      guard Self.isAboutOneFile(failure), !Task.isCancelled else {
        tally.end = failure
        return
      }
      uploader.onEvent(.failed(file: outcome.path, failure: failure))
      tally.first = tally.first ?? failure
      tally.failed += 1
    }
  }

  /// Whether the next file may fare better.
  private static func isAboutOneFile(_ failure: Failure) -> Bool {
    switch failure.kind {
    case .localFile, .serverReported, .integrity, .refusedLocally: true
    default: false
    }
  }

  private func makeFolder(_ url: DownloadURL) async throws(Failure) {
    // The server's own top is there.
    guard url.path != "/" else { return }
    do throws(TransferFailure) {
      try await UploadRequester(pool: uploader.pool, options: uploader.options, url: url).makeFolder()
    } catch {
      throw error.failure
    }
  }

  private func entries(of path: String) async throws(Failure) -> [Entry] {
    try await uploader.threads.disk.run { () throws(Failure) in
      guard let stream = ArgumentText.withPath(path, { opendir($0) }) else {
        throw Failure(.localFile, .cannotOpenFolder(path, Folder.reason(errno)))
      }
      defer { closedir(stream) }
      var entries: [Entry] = []
      while let entry = readdir(stream) {
        let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { $0.prefix { $0 != 0 }.map { $0 } }
        guard bytes.first != UInt8(ascii: ".") else { continue }
        var status = stat()
        let kind: Entry.Kind
        if fstatat(dirfd(stream), bytes.map { CChar(bitPattern: $0) } + [0], &status, AT_SYMLINK_NOFOLLOW) != 0 {
          kind = .other
        } else {
          switch status.st_mode & S_IFMT {
          case S_IFREG: kind = .file(size: UInt64(max(0, status.st_size)))
          case S_IFDIR: kind = .folder
          default: kind = .other
          }
        }
        entries.append(Entry(name: ArgumentText.text(of: bytes), kind: kind))
      }
      return entries.sorted { $0.name < $1.name }
    }
  }
}
