internal import Glibc
internal import SockeyeText
public import SockeyeTransport

extension Downloader {
  /// Downloads the files of a Metalink (RFC 5854), each from the first of its places that has it, and each with the digest that
  /// it must have. One that fails doesn't keep the others from being downloaded.
  ///
  /// The document chooses names beneath the folder and places to ask; none of the places is told who asks, unless it is of the
  /// scheme, host and port that the document itself came from.
  ///
  /// - Parameter place: A file, or a URL.
  /// - Throws: The first failure, once everything has been tried.
  @discardableResult
  public func downloadMetalink(_ place: String) async throws(Failure) -> FolderReport {
    let (document, origin) = try await metalink(from: place)
    var report = FolderReport()
    var first: Failure?
    for file in document.files {
      do throws(Failure) {
        guard let done = try await download(file, trusting: origin) else {
          report.skipped += 1
          continue
        }
        report.downloaded += 1
        report.bytes += done.size
      } catch {
        if Task.isCancelled { throw error }
        report.failed += 1
        first = first ?? error
        onEvent(.notice(error.phrase))
      }
    }
    if let first { throw Failure(first.kind, .someOfMetalinkFailed(place, report.failed, first.phrase)) }
    return report
  }

  private func metalink(from place: String) async throws(Failure) -> (Metalink, DownloadURL.Origin?) {
    guard place.contains("://") else {
      guard let bytes = ArgumentFile.contents(of: place) else {
        throw Failure(.localFile, .cannotRead(place, Folder.reason(errno)))
      }
      return (try Metalink(bytes, from: place), nil)
    }
    let url = try DownloadURL(place)
    let bytes = try await contents(of: url, accept: "application/metalink4+xml, */*", limit: Metalink.longest)
    return (try Metalink(bytes, from: url.description), url.origin)
  }

  private func download(
    _ file: Metalink.File,
    trusting origin: DownloadURL.Origin?
  ) async throws(Failure) -> DownloadReport? {
    let names = try file.components()
    guard let checksum = file.checksum else { throw Failure(.integrity, .noDigestInMetalink(file.name)) }
    guard let name = names.last, !file.urls.isEmpty else { throw Failure(.usage, .noPlaceInMetalink(file.name)) }
    let path = options.folder
    let folder = try await threads.disk.run { () throws(Failure) in
      var folder = try Folder(path: path, creates: true)
      for inner in names.dropLast() { folder = try Folder(inner, in: folder) }
      return folder
    }
    let download = MirroredDownload(
      urls: file.urls,
      destination: .file(folder, name.text),
      checksum: checksum,
      size: file.size,
      requester: requester(trusting: origin)
    )
    return try await download.run(by: self)
  }
}
