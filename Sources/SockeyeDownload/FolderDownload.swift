internal import SockeyeText
public import SockeyeTransport
internal import Synchronization

/// What came of a folder.
public struct FolderReport: Hashable, Sendable {
  /// Files that are there now because of this run.
  public var downloaded = 0
  /// Files that were there already.
  public var skipped = 0
  /// Files and folders that failed.
  public var failed = 0
  /// Bytes of the files downloaded.
  public var bytes: UInt64 = 0
}

extension Downloader {
  /// Downloads everything in a folder of a file service, and in those inside it; also of servers that list folders on pages of their
  /// own (nginx, Apache, lighttpd, caddy) or by WebDAV.
  ///
  /// A file that is there with the size and a time that the listing has, for instance from a run that was interrupted,
  /// is left as it is. One file that fails doesn't keep the others from being downloaded.
  ///
  /// - Throws: The first failure, once everything has been tried.
  @discardableResult
  public func downloadFolder(_ url: DownloadURL) async throws(Failure) -> FolderReport {
    guard url.scheme != .tcp else {
      throw Failure(.usage, .noListings(url))
    }
    return try await FolderDownload(by: self).run(url)
  }
}

/// A folder on its way: the listings are walked, and what they name is fetched, many small files at a time.
final class FolderDownload: Sendable {
  /// What a server can't go beyond, who may invent folders and files without end.
  struct Limits: Sendable {
    /// How deep folders may lie.
    var depth = 64
    /// The length in bytes that no listing may exceed.
    var listing = 64 << 20
    /// How many files and folders there may be.
    var entries = 1_000_000
  }

  /// How many small files are fetched at once, unless the user says how many connections there are to be.
  private static let workers = 8

  private struct Place {
    var url: DownloadURL
    var folder: Folder
    var depth: Int
  }

  /// Files that several workers share.
  private final class Queue: Sendable {
    let entries: [FolderListing.Entry]
    private let taken = Atomic(0)

    init(_ entries: [FolderListing.Entry]) { self.entries = entries }

    func next() -> FolderListing.Entry? {
      let index = taken.add(1, ordering: .relaxed).oldValue
      return index < entries.count ? entries[index] : nil
    }
  }

  private struct Outcome {
    var report = FolderReport()
    var first: Failure?
  }

  let downloader: Downloader
  let publisher: SmallFilePublisher
  let limits: Limits
  private let outcome = Mutex(Outcome())

  init(by downloader: Downloader, limits: Limits = Limits()) {
    self.downloader = downloader
    self.limits = limits
    publisher = SmallFilePublisher(threads: downloader.threads.sync)
  }

  func run(_ url: DownloadURL) async throws(Failure) -> FolderReport {
    let path = downloader.options.folder
    let base = try await downloader.threads.disk.run { () throws(Failure) in try Folder(path: path, creates: true) }
    var root = base
    var rootURL = url
    let name = url.path.split(separator: "/").last.map { DownloadURL.percentDecode($0) }
    if let name { root = try await makeFolder(name, in: base) }
    if !url.path.hasSuffix("/") { rootURL = try url.resolving(url.path + "/") }
    let walk: Result<Void, Failure>
    do throws(Failure) {
      try await self.walk(Place(url: rootURL, folder: root, depth: 0))
      walk = .success(())
    } catch {
      walk = .failure(error)
    }
    // What has been fetched gets its name, whatever happened to the rest.
    await publisher.finish()
    try walk.get()
    let outcome = outcome.withLock { $0 }
    if let first = outcome.first {
      throw Failure(first.kind, DownloadSentence.someFailed(url, outcome.report.failed, first.phrase))
    }
    return outcome.report
  }

  private func walk(_ root: Place) async throws(Failure) {
    var waiting = [root]
    var entries = 0
    while let place = waiting.popLast() {
      do throws(Failure) {
        let listing = try await list(place.url)
        entries += listing.entries.count
        guard entries <= limits.entries else {
          throw Failure(.peerProtocol, .tooManyFiles(place.url, limits.entries))
        }
        var files: [FolderListing.Entry] = []
        for entry in listing.entries {
          switch entry.type {
          case .directory: if let inner = try await enter(entry, place) { waiting.append(inner) }
          case .file: files.append(entry)
          }
        }
        try await fetch(files, place)
      } catch {
        if Task.isCancelled || place.depth == 0 { throw error }
        failed(place.url, error)
      }
    }
  }

  private func enter(_ entry: FolderListing.Entry, _ place: Place) async throws(Failure) -> Place? {
    let url = place.url.appending(entry.bytes, isFolder: true)
    do throws(Failure) {
      guard place.depth < limits.depth else {
        throw Failure(.peerProtocol, .tooDeep(url, limits.depth))
      }
      return Place(url: url, folder: try await makeFolder(entry.bytes, in: place.folder), depth: place.depth + 1)
    } catch {
      if Task.isCancelled { throw error }
      failed(url, error)
      return nil
    }
  }

  // MARK: Files

  /// Fetches the small files of one folder side by side, and then the others, which have connections of their own.
  private func fetch(_ files: [FolderListing.Entry], _ place: Place) async throws(Failure) {
    // A rate is kept by the ordinary download.
    let largest = downloader.limiter == nil ? SmallFile.largest : 0
    let small = Queue(files.filter { $0.size ?? .max <= largest })
    var others = files.filter { $0.size ?? .max > largest }
    let workers: Int
    switch downloader.options.connections {
    case .fixed(let count): workers = count
    case .automatic: workers = Self.workers
    }
    others += await withTaskGroup(of: [FolderListing.Entry].self) { group in
      for _ in 0..<min(max(1, workers), small.entries.count) {
        group.addTask {
          var left: [FolderListing.Entry] = []
          while !Task.isCancelled, let entry = small.next() {
            if await !self.fetchSmall(entry, place.url, place.folder) { left.append(entry) }
          }
          return left
        }
      }
      return await group.reduce(into: []) { $0 += $1 }
    }
    for entry in others {
      let url = place.url.appending(entry.bytes, isFolder: false)
      do throws(Failure) {
        let name = try safeName(entry.bytes)
        let file = FileDownload(url, into: .file(place.folder, name.text), by: downloader, stamp: entry.stamp)
        if let report = try await file.run() { finished(report) } else { skipped() }
      } catch {
        if Task.isCancelled { throw error }
        failed(url, error)
      }
    }
    if Task.isCancelled { throw Failure(.other, .stopped(place.url)) }
  }

  // MARK: What came of it

  func finished(_ report: DownloadReport) {
    outcome.withLock {
      $0.report.downloaded += 1
      $0.report.bytes += report.size
    }
  }

  func skipped() { outcome.withLock { $0.report.skipped += 1 } }

  func failed(_ url: DownloadURL, _ failure: Failure) {
    outcome.withLock {
      $0.first = $0.first ?? failure
      $0.report.failed += 1
    }
    downloader.onEvent(.failed(url: url, failure: failure))
  }

  // MARK: Names

  private func safeName(_ bytes: [UInt8]) throws(Failure) -> LocalName {
    let name = try LocalName(bytes)
    if name.isChanged {
      downloader.onEvent(.renamed(from: String(decoding: bytes, as: UTF8.self), to: name.text))
    }
    return name
  }

  private func makeFolder(_ bytes: [UInt8], in parent: Folder) async throws(Failure) -> Folder {
    let name = try safeName(bytes)
    return try await downloader.threads.disk.run { () throws(Failure) in try Folder(name, in: parent) }
  }
}
