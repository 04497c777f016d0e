internal import NIOHTTP1
internal import SockeyeText
internal import SockeyeTransport

extension FileDownload {
  /// Asks for the digest of a large file while the file is on its way, so that hashing on the server's side costs no
  /// time. A server that knows nothing of digests, or fails to answer, is no worse than before.
  func askForDigest() {
    guard let session, digestInquiry == nil, checksum == nil, url.scheme != .tcp,
      session.file.digest == nil, let size = session.file.size,
      size > ReprDigest.largestBeforeContents
    else { return }
    let requester = requester
    let url = url
    digestInquiry = Task(executorPreference: downloader.surroundings.taskExecutor) {
      do throws(TransferFailure) {
        let answer = try await requester.ask(.init(method: .HEAD, wantsDigest: true), of: url)
        answer.connection.close()
        return FileIdentity(whole: answer.head)
      } catch {
        return nil
      }
    }
  }

  /// Waits for the answer, and believes it if it is about the file that was downloaded.
  func learnDigest() async {
    guard let answer = await digestInquiry?.value, var session, session.file.isProved(by: answer) else { return }
    session.file.digest = answer.digest
    knowledge = .session(session)
  }
}
