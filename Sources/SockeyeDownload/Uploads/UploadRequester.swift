internal import NIOCore
internal import NIOHTTP1
internal import SockeyeText
internal import SockeyeTransport

/// Asks a server what it has of a file, sends it the rest, and makes folders there. Redirections are not followed: where
/// something is written to is the user's choice.
struct UploadRequester: Sendable {
  let pool: HTTPConnectionPool
  let url: DownloadURL
  private let identity: RequestIdentity

  init(pool: HTTPConnectionPool, options: DownloadOptions, url: DownloadURL) {
    self.pool = pool
    self.url = url
    identity = RequestIdentity(options: options, digests: pool.digests, trusted: url.origin)
  }

  /// What the server has at a place.
  enum There: Sendable {
    /// A file, of which so much is known.
    case file(size: UInt64?, digest: SHA256Sum?)
    /// Nothing, but so many bytes of an upload that was interrupted.
    case partial(UInt64)
    /// It doesn't say.
    case unknown
  }

  /// What came of a body that was sent.
  enum Outcome: Sendable {
    /// It is stored; the digest is the server's word for what is.
    case stored(digest: SHA256Sum?)
    /// It does not begin where what is there ends.
    case wrongOffset(UInt64)
    /// There is something of that name.
    case exists
    /// The connection that had been kept was gone, and perhaps the answer with it: what is there has to be asked anew.
    case again
  }

  /// What is to be sent.
  struct Sending {
    /// How much of it is there.
    var first: UInt64
    /// The size of the whole, if it is known beforehand.
    var size: UInt64?
    /// The digest of the whole, if it is known beforehand.
    var digest: [UInt8]?
    /// Whether it may take the place of something.
    var replaces: Bool
  }

  /// Asks what is there.
  func look() async throws(TransferFailure) -> There {
    let head = try await exchange(.HEAD, [("Want-Repr-Digest", "sha-256=10")]).head
    switch head.status.code {
    case 200...299:
      let file = FileIdentity(whole: head)
      return .file(size: file.size, digest: file.digest)
    case 404, 410:
      return .partial(head.headers.first(name: "Upload-Offset").flatMap { DecimalNumber.parse($0) } ?? 0)
    case 401, 407, 408, 425, 429, 500, 502...504: throw failure(head)
    case 300...399: throw failure(head)
    default: return .unknown
    }
  }

  /// Sends a file, from a byte on.
  ///
  /// - Parameter body: Makes the body that begins there, once for each time that it is sent.
  func send(
    _ sending: Sending,
    _ body: @Sendable () -> RequestBody
  ) async throws(TransferFailure) -> Outcome {
    guard let (head, text) = try await put(fields(of: sending), body) else { return .again }
    switch head.status.code {
    case 200...299: return .stored(digest: FileIdentity(whole: head).digest)
    case 409:
      if let offset = head.headers.first(name: "Upload-Offset").flatMap({ DecimalNumber.parse($0) }) {
        return .wrongOffset(offset)
      }
      return .exists
    case 412: return .exists
    default: throw failure(head, text)
    }
  }

  private func fields(of sending: Sending) -> [(String, String)] {
    var fields: [(String, String)] = []
    let first = sending.first
    if let size = sending.size {
      fields.append(("Content-Length", String(size - first)))
      // RFC 9110, section 14.5: only to whom the offset comes from, since others would take the part for the whole.
      if first > 0 { fields.append(("Content-Range", "bytes \(first)-\(size - 1)/\(size)")) }
    } else {
      fields.append(("Transfer-Encoding", "chunked"))
    }
    fields.append(("Content-Type", "application/octet-stream"))
    if let digest = sending.digest { fields.append(("Repr-Digest", ReprDigest.field(sha256: digest))) }
    if !sending.replaces { fields.append(("If-None-Match", "*")) }
    return fields
  }

  /// Makes a folder; one that is there already will do.
  func makeFolder() async throws(TransferFailure) {
    let (head, text) = try await exchange(.MKCOL, [])
    switch head.status.code {
    // RFC 4918, section 9.3.1: 405 where something is. A server that knows no folders says the same, or 501: then the
    // files that go there will tell.
    case 200...299, 405, 501: return
    case 401, 407, 408, 425, 429, 500, 502...504: throw failure(head, text)
    default: throw TransferFailure(Failure(.serverReported, .cannotMakeFolder(answer(head, text))))
    }
  }

  // MARK: Exchanges

  private func request(_ method: HTTPMethod, _ fields: [(String, String)]) -> HTTPRequestHead {
    var headers = HTTPHeaders([("Host", url.authority), ("User-Agent", "sockeye"), ("Accept", "text/plain, */*")])
    headers.add(contentsOf: fields)
    var request = HTTPRequestHead(version: .http1_1, method: method, uri: url.target, headers: headers)
    identity.identify(&request, to: url)
    return request
  }

  /// The most of an explanation that is read, in bytes.
  private static let longestText = 4096

  /// Asks something that may be asked twice, and has no body.
  private func exchange(
    _ method: HTTPMethod,
    _ fields: [(String, String)]
  ) async throws(TransferFailure) -> (head: HTTPResponseHead, text: String) {
    var answers = 0
    while true {
      let asked: (connection: HTTPConnection, head: HTTPResponseHead)
      do throws(Failure) {
        asked = try await pool.send(request(method, fields), to: url, mayUseKept: true)
      } catch {
        throw TransferFailure(error)
      }
      let text = await text(of: asked.connection)
      guard identity.mayAnswer(asked.head, from: url, answers: answers) else { return (asked.head, text) }
      answers += 1
    }
  }

  /// Sends a body. What comes of a pipe can be sent once, and goes over a connection of its own.
  ///
  /// - Returns: Nothing where a connection that had been kept was gone. Its server keeps no other, since one that closes them
  ///   without saying so would do so with each file.
  private func put(
    _ fields: [(String, String)],
    _ makeBody: @Sendable () -> RequestBody
  ) async throws(TransferFailure) -> (head: HTTPResponseHead, text: String)? {
    var answers = 0
    while true {
      let body = makeBody()
      let sent: (connection: HTTPConnection, head: HTTPResponseHead)
      let kept = body.isRepeatable ? pool.takeKept(url.origin) : nil
      do throws(Failure) {
        if let kept {
          sent = (kept, try await kept.send(request(.PUT, fields), body: body))
        } else {
          sent = try await pool.send(request(.PUT, fields), to: url, body: body, mayUseKept: false)
        }
      } catch {
        kept?.close()
        guard kept != nil, error.kind == .network || error.kind == .peerProtocol else { throw TransferFailure(error) }
        pool.keepNothing(of: url.origin)
        return nil
      }
      let text = await text(of: sent.connection)
      guard body.isRepeatable, identity.mayAnswer(sent.head, from: url, answers: answers) else {
        return (sent.head, text)
      }
      answers += 1
    }
  }

  /// Reads what follows a head, and gives the connection back.
  private func text(of connection: HTTPConnection) async -> String {
    guard let outcome = try? await connection.receive(.collect(limit: Self.longestText)) else {
      connection.close()
      return ""
    }
    await pool.giveBack(connection)
    return String(buffer: outcome.body)
  }

  /// What the server said, for people: the status, and its first line if that is text that can be shown.
  private func answer(_ head: HTTPResponseHead, _ text: String) -> String {
    let line = text.prefix { !$0.isNewline }
    let isPlain = head.headers.first(name: "Content-Type")?.hasPrefix("text/plain") == true
    let said = isPlain && !line.isEmpty ? VisibleText.of(String(line.prefix(160))) : String(head.status.code)
    return "\(url): \(said)"
  }

  private func failure(_ head: HTTPResponseHead, _ text: String = "") -> TransferFailure {
    let said = answer(head, text)
    switch head.status.code {
    case 300...399:
      let location = head.headers.first(name: "Location").map { VisibleText.of(String($0.prefix(160))) } ?? "?"
      return TransferFailure(Failure(.serverReported, .redirectedAway(url, location)))
    case 401, 407: return TransferFailure(identity.refusal(head, said))
    case 408, 423, 425, 429, 500, 502, 503, 504:
      let wait = head.headers.first(name: "Retry-After").flatMap { DecimalNumber.parse($0) }
      let sentence = head.status.code == 423 ? UploadSentence.inUseThere(said) : .refusedThere(said)
      return TransferFailure(
        Failure(.serverReported, sentence),
        remedy: .retry(after: wait.map { .seconds(Int64(min($0, 86_400))) })
      )
    case 404, 410: return TransferFailure(Failure(.serverReported, .notFoundThere(said)))
    case 405, 501: return TransferFailure(Failure(.serverReported, .noPutThere(said)))
    case 413, 507: return TransferFailure(Failure(.serverReported, .noRoomThere(said)))
    // RFC 9530 leaves the status open; 'sockeye serve' says 422 of a digest that isn't that of what arrived.
    case 422: return TransferFailure(Failure(.integrity, .otherDigestThere(url)), remedy: .retry(after: nil))
    default: return TransferFailure(Failure(.serverReported, .refusedThere(said)))
    }
  }
}
