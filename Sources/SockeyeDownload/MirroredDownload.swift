internal import SockeyeText
internal import SockeyeTransport

/// A file that can be had at several places: parts of it from several at once, and from the next one where one fails.
///
/// That two servers have the same file nothing shows before the end but its digest: entity tags and dates are each server's own.
/// So the others help no more once the whole hasn't the digest, whoever of them it was, and each is asked for the whole alone.
struct MirroredDownload: Sendable {
  var urls: [DownloadURL]
  var destination: FileDownload.Destination
  var checksum: FileChecksum?
  /// The size that it must have, in bytes.
  var size: UInt64?
  /// Who asks; nothing for one that shows who we are to each of the places.
  var requester: HTTPRequester?

  func run(by downloader: Downloader) async throws(Failure) -> DownloadReport? {
    var places = urls[...]
    var mayHelp = true
    while let url = places.popFirst() {
      let file = download(url, by: downloader, helpedBy: mayHelp ? places : [])
      do throws(Failure) {
        return try await file.run()
      } catch {
        guard Self.mayFareBetter(error), !Task.isCancelled else { throw error }
        if error.kind == .integrity, await file.isHelped {
          mayHelp = false
          places = [url] + places
        }
        guard let next = places.first else { throw error }
        downloader.onEvent(.notice(DownloadSentence.nextPlace(error.phrase, next).phrase))
      }
    }
    return nil
  }

  private func download(
    _ url: DownloadURL,
    by downloader: Downloader,
    helpedBy others: ArraySlice<DownloadURL>
  ) -> FileDownload {
    // What is passed on as it comes can't be taken back, and no digest proves what a bare name stands for.
    var mirrors: [DownloadPlace] = []
    if case .file = destination, url.scheme != .tcp {
      mirrors = others.filter { $0.scheme != .tcp }.map { place in
        DownloadPlace(url: place, requester: requester ?? downloader.requester(trusting: place.origin))
      }
    }
    return FileDownload(
      url,
      into: destination,
      by: downloader,
      checksum: checksum,
      size: size,
      requester: requester,
      mirrors: mirrors
    )
  }

  /// Whether a failure is a server's, or the way's to it.
  private static func mayFareBetter(_ failure: Failure) -> Bool {
    switch failure.kind {
    case .network, .tls, .authentication, .peerProtocol, .serverReported, .integrity, .timedOut: true
    case .other, .usage, .localFile, .refusedLocally, .expectationUnmet: false
    }
  }
}
