internal import SockeyeText
internal import SockeyeTransport

/// A file that can be had at several places: the next one is asked when one fails.
///
/// That two servers have the same file nothing shows before the end but its digest: entity tags and dates are each server's own.
/// So what one has sent is not gone on with from another, and a file that hasn't the digest is begun anew elsewhere.
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
    while let url = places.popFirst() {
      do throws(Failure) {
        return try await download(url, by: downloader)
      } catch {
        guard let next = places.first, Self.mayFareBetter(error), !Task.isCancelled else { throw error }
        downloader.onEvent(.notice(DownloadSentence.nextPlace(error.phrase, next).phrase))
      }
    }
    return nil
  }

  private func download(_ url: DownloadURL, by downloader: Downloader) async throws(Failure) -> DownloadReport? {
    let file = FileDownload(
      url,
      into: destination,
      by: downloader,
      checksum: checksum,
      size: size,
      requester: requester
    )
    return try await file.run()
  }

  /// Whether a failure is a server's, or the way's to it.
  private static func mayFareBetter(_ failure: Failure) -> Bool {
    switch failure.kind {
    case .network, .tls, .authentication, .peerProtocol, .serverReported, .integrity, .timedOut: true
    case .other, .usage, .localFile, .refusedLocally, .expectationUnmet: false
    }
  }
}
