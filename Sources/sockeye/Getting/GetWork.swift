import SockeyeDownload
import SockeyeTransport

/// What `get` was asked to fetch, one after the other.
struct GetWork: Sendable {
  var urls: [DownloadURL]
  /// Whether each is a folder.
  var isRecursive: Bool
  /// Whether all are places of one file.
  var areMirrors: Bool
  /// Where the files' digests are.
  var checksums: String?
  var metalink: String?
  let downloader: Downloader
  let console: GetConsole

  /// Fetches everything that can be fetched.
  ///
  /// - Returns: What the program's end tells of, if something failed.
  func run() async -> Failure? {
    var failures: [Failure] = []
    var list: ChecksumList?
    do throws(Failure) {
      if let checksums { list = try await downloader.checksums(from: checksums) }
      if let metalink { console.say(try await downloader.downloadMetalink(metalink), of: metalink) }
    } catch {
      return error
    }
    let groups = areMirrors ? [urls] : urls.map { [$0] }
    for group in groups {
      guard let url = group.first else { continue }
      do throws(Failure) {
        try await fetch(group, url, list)
      } catch {
        if Task.isCancelled { return error }
        console.say(error, of: url, isLast: groups.count == 1)
        failures.append(error)
      }
    }
    guard let first = failures.first, groups.count > 1 else { return failures.first }
    return Failure(first.kind, ProgramSentence.notAllDownloaded)
  }

  private func fetch(_ places: [DownloadURL], _ url: DownloadURL, _ list: ChecksumList?) async throws(Failure) {
    guard isRecursive else {
      try await downloader.download(from: places, checksum: try list?.checksum(for: url))
      return
    }
    console.say(try await downloader.downloadFolder(url), of: url.description)
  }
}
