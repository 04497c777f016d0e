internal import Glibc
internal import NIOCore
internal import NIOHTTP1
internal import SockeyeText
public import SockeyeTransport

extension Downloader {
  /// The longest list of digests, in bytes.
  static let longestChecksums = 16 << 20

  /// Reads a list of files' digests, from a file or from where a URL leads.
  ///
  /// - Throws: A failure of any kind but `expectationUnmet`.
  public func checksums(from place: String) async throws(Failure) -> ChecksumList {
    guard place.contains("://") else {
      guard let bytes = ArgumentFile.contents(of: place) else {
        throw Failure(.localFile, .cannotRead(place, Folder.reason(errno)))
      }
      return try ChecksumList(bytes, from: place)
    }
    let url = try DownloadURL(place)
    return try ChecksumList(try await contents(of: url, limit: Self.longestChecksums), from: url.description)
  }

  /// What a URL leads to, in memory.
  ///
  /// - Throws: A failure of kind `peerProtocol` when it is longer than the limit in bytes; those of asking.
  func contents(of url: DownloadURL, accept: String = "*/*", limit: Int) async throws(Failure) -> [UInt8] {
    let requester = requester(trusting: url.origin)
    let answer: HTTPRequester.Answer
    do throws(TransferFailure) {
      answer = try await requester.ask(.init(accept: accept), of: url)
    } catch {
      throw error.failure
    }
    guard answer.head.status == .ok else {
      answer.connection.close()
      throw Failure(.peerProtocol, .answersWhole(url, answer.head.status.code))
    }
    let outcome = try await answer.connection.receive(.collect(limit: limit))
    await pool.giveBack(answer.connection)
    return Array(outcome.body.readableBytesView)
  }
}
