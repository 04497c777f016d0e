internal import NIOHTTP1
internal import SockeyeText
internal import SockeyeTransport

extension FileDownload {
  /// Asks for the digest of a large file while the file is on its way, so that hashing on the server's side costs no
  /// time. A server that knows nothing of digests, or fails to answer, is no worse than before.
  func askForDigest() {
    guard let session = self.session, digestInquiry == nil, options.checksum == nil, self.url.scheme != .tcp,
      session.representation.digest == nil, let size = session.representation.size,
      size > ReprDigest.largestBeforeContents
    else { return }
    let requester = self.requester
    let url = self.url
    digestInquiry = Task {
      do throws(TransferFailure) {
        let answer = try await requester.ask(.init(method: .HEAD, wantsDigest: true), of: url)
        await requester.dismiss(answer)
        let size = answer.head.headers.first(name: "Content-Length").flatMap { DecimalNumber.parse($0) }
        return Representation(answer.head, size: size)
      } catch {
        return nil
      }
    }
  }

  /// Waits for the answer, and believes it if it is about the file that was downloaded.
  func learnDigest() async {
    guard let answer = await digestInquiry?.value, let session = self.session,
      session.representation.isSame(as: answer)
    else { return }
    self.session?.representation.digest = answer.digest
  }
}
