internal import NIOCore
internal import NIOHTTP1
internal import SockeyeText
internal import SockeyeTransport

/// Asks a server what it has of a file, sends it the rest, and makes folders there. Redirections are not followed: where
/// something is written to is the user's choice.
struct UploadRequester: Sendable {
  let pool: HTTPConnectionPool
  let options: DownloadOptions
  let url: DownloadURL

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
  }

  /// Asks what is there.
  func look() async throws(TransferFailure) -> There {
    let head = try await exchange(request(.HEAD, [("Want-Repr-Digest", "sha-256=10")]), body: nil).head
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
  /// - Parameters:
  ///   - first: How much of it is there.
  ///   - digest: That of the whole, if it is known beforehand.
  ///   - replaces: Whether it may take the place of something.
  func send(
    _ body: RequestBody,
    from first: UInt64,
    size: UInt64?,
    digest: [UInt8]?,
    replaces: Bool
  ) async throws(TransferFailure) -> Outcome {
    var fields: [(String, String)] = []
    if let size {
      fields.append(("Content-Length", String(size - first)))
      // RFC 9110, section 14.5: only to whom the offset comes from, since others would take the part for the whole.
      if first > 0 { fields.append(("Content-Range", "bytes \(first)-\(size - 1)/\(size)")) }
    } else {
      fields.append(("Transfer-Encoding", "chunked"))
    }
    fields.append(("Content-Type", "application/octet-stream"))
    if let digest { fields.append(("Repr-Digest", ReprDigest.field(sha256: digest))) }
    if !replaces { fields.append(("If-None-Match", "*")) }
    let (head, text) = try await exchange(request(.PUT, fields), body: body)
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

  /// Makes a folder; one that is there already will do.
  func makeFolder() async throws(TransferFailure) {
    let (head, text) = try await exchange(request(.MKCOL, []), body: nil)
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
    if let value = options.credentials?.entry(for: url.host)?.basicAuthorization {
      headers.add(name: "Authorization", value: value)
    }
    return HTTPRequestHead(version: .http1_1, method: method, uri: url.target, headers: headers)
  }

  /// The most of an explanation that is read, in bytes.
  private static let longestText = 4096

  private func exchange(
    _ request: HTTPRequestHead,
    body: RequestBody?
  ) async throws(TransferFailure) -> (head: HTTPResponseHead, text: String) {
    do throws(Failure) {
      let (connection, head) = try await pool.send(request, to: url, body: body)
      guard request.method != .HEAD else {
        // Servers answer HEAD with a body, a refusal or a close; nothing of it is to reach the next request.
        connection.close()
        return (head, "")
      }
      guard let outcome = try? await connection.receive(.collect(limit: Self.longestText)) else {
        connection.close()
        return (head, "")
      }
      await pool.giveBack(connection)
      return (head, String(buffer: outcome.body))
    } catch {
      throw TransferFailure(error)
    }
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
    case 401, 407:
      return TransferFailure(
        Failure(.authentication, options.credentials == nil ? .needsCredentials(said) : .badCredentials(said))
      )
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
