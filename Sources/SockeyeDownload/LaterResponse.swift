internal import NIOHTTP1
internal import SockeyeText
internal import SockeyeTransport

/// A response that came after the one that fixed what the file is.
///
/// Nothing that contradicts the first response is ever written, and nothing that isn't proved to belong to the same
/// file: a server may limit its clients and answer the next one with a page, a proxy may log one in, a name may stand
/// for several machines with versions of their own.
struct LaterResponse {
  /// The bytes that were asked for.
  enum Request: Equatable, Sendable {
    /// All of them.
    case whole
    /// From an offset on; up to another one, or to the end.
    case range(from: UInt64, to: UInt64?)
  }

  /// What to do with it.
  enum Verdict: Equatable, Sendable {
    /// Its body is these bytes of the file, which has this size.
    case accept(Range<UInt64>, size: UInt64)
    /// It doesn't fit: drop its connection, and go on with others or ask again.
    case drop(Failure)
    /// It is the whole file, changed or not to be had in parts: what is there is of no use, and this replaces it.
    case replace(reason: Phrase)
    /// What is there can't be gone on with: ask for the whole.
    case startOver(reason: Phrase)
    /// No other answer would help.
    case giveUp(Failure)
  }

  let head: HTTPResponseHead
  let url: DownloadURL

  /// Holds it against the first response.
  ///
  /// - Parameters:
  ///   - file: What the first response said.
  ///   - request: What was asked for.
  func judge(by file: FileIdentity, request: Request) -> Verdict {
    switch (head.status, request) {
    case (.ok, _): judgeWhole(by: file, request)
    case (.partialContent, .range(let first, let end)): judgePart(by: file, from: first, to: end)
    case (.rangeNotSatisfiable, .range): judgeRefusal(by: file)
    default:
      .giveUp(Failure(.peerProtocol, .answersWhole(url, head.status.code)))
    }
  }

  private func judgeWhole(by file: FileIdentity, _ request: Request) -> Verdict {
    let new = FileIdentity(whole: head)
    guard new.isOfTheKind(of: file) else { return .drop(strange(file, new)) }
    guard file.contradicts(new) else {
      let reason = request == .whole ? DownloadSentence.noSignOfPart.phrase : DownloadSentence.noParts.phrase
      return .replace(reason: reason)
    }
    // What claims to be the same version and isn't, or was known by its length alone and has another one, is as likely to
    // be no file at all.
    guard let version = file.version, version != new.version else { return .drop(strange(file, new)) }
    return .replace(reason: DownloadSentence.fileChanged.phrase)
  }

  private func judgePart(by file: FileIdentity, from first: UInt64, to end: UInt64?) -> Verdict {
    guard let field = head.headers.first(name: "Content-Range"), let range = ReceivedRange(field),
      let bytes = range.bytes, bytes.lowerBound == first, bytes.upperBound <= end ?? .max
    else {
      return .drop(Failure(.peerProtocol, .otherPart(url)))
    }
    let new = FileIdentity(head, size: range.size)
    guard new.mediaType == nil || file.mediaType == nil || new.mediaType == file.mediaType,
      new.coding == nil || new.coding == file.coding
    else { return .drop(strange(file, new)) }
    if file.contradicts(new) { return .startOver(reason: DownloadSentence.fileChanged.phrase) }
    guard let size = file.size ?? range.size, bytes.upperBound <= size else {
      return .drop(Failure(.peerProtocol, .partOfUnknown(url)))
    }
    guard file.isProved(by: new) else {
      return .startOver(reason: DownloadSentence.unprovedPart.phrase)
    }
    // RFC 9112, section 6.3: with a length that is the range's, a body that is cut is known to be.
    guard !head.headers.contains(name: "Transfer-Encoding"), let length = head.headers.first(name: "Content-Length")
    else { return .startOver(reason: DownloadSentence.partWithoutLength.phrase) }
    guard DecimalNumber.parse(length) == UInt64(bytes.count) else {
      return .drop(Failure(.peerProtocol, .partOfOtherLength(url)))
    }
    return .accept(bytes, size: size)
  }

  private func judgeRefusal(by file: FileIdentity) -> Verdict {
    let size = head.headers.first(name: "Content-Range").flatMap { ReceivedRange($0) }?.size
    guard let size, size == file.size else {
      return .startOver(reason: DownloadSentence.noSuchPart.phrase)
    }
    return .drop(Failure(.peerProtocol, .refusesPart(url)))
  }

  private func strange(_ file: FileIdentity, _ new: FileIdentity) -> Failure {
    func kind(_ identity: FileIdentity) -> String {
      let type = (identity.mediaType ?? "no type").prefix(60)
      return identity.size.map { "\(type), \($0) bytes" } ?? "\(type)"
    }
    return Failure(.integrity, .somethingElse(url, kind(new), kind(file)))
  }
}
