internal import NIOCore
internal import NIOHTTP1
internal import SockeyeText
internal import SockeyeTransport

/// Asks for things by HTTP: follows redirects, shows credentials to whom they are meant for, knows errors.
struct HTTPRequester: Sendable {
  /// What is asked for.
  struct Question: Sendable {
    var method = HTTPMethod.GET
    /// Which bytes are asked for.
    var request = LaterResponse.Request.whole
    /// The validator for If-Range.
    var validator: String?
    var accept = "*/*"
    /// Whether the digest of the whole is wanted.
    var wantsDigest = false
    /// The tag of what is there already: of the same nothing is to be told (If-None-Match).
    var unlessTagged: String?
  }

  /// A head whose body waits to be received.
  struct Answer: Sendable {
    var connection: HTTPConnection
    var head: HTTPResponseHead
    /// Where it came from, after all redirects.
    var url: DownloadURL
    /// How it was asked for.
    var method = HTTPMethod.GET

    /// The same as something to be judged.
    var response: LaterResponse { LaterResponse(head: head, url: url) }
  }

  let pool: HTTPConnectionPool
  let identity: RequestIdentity
  let onEvent: @Sendable (DownloadEvent) -> Void

  /// - Parameter trusted: To whom it may be shown who asks, if to anybody.
  init(
    pool: HTTPConnectionPool,
    options: DownloadOptions,
    trusted: DownloadURL.Origin?,
    onEvent: @escaping @Sendable (DownloadEvent) -> Void
  ) {
    self.pool = pool
    identity = RequestIdentity(options: options, digests: pool.digests, trusted: trusted)
    self.onEvent = onEvent
  }

  private var options: DownloadOptions { identity.options }

  /// Asks, and follows redirections.
  ///
  /// - Returns: An answer with a status of 200, 206 or 416, of 207 to PROPFIND, or of 304 where there is a tag.
  func ask(_ question: Question, of url: DownloadURL) async throws(TransferFailure) -> Answer {
    var url = url
    var redirects = 0
    var answers = 0
    while redirects <= max(0, options.redirects) {
      let answer: Answer
      do throws(Failure) {
        let (connection, head) = try await pool.send(
          request(question, to: url),
          to: url,
          mayUseKept: question.method == .GET
        )
        answer = Answer(connection: connection, head: head, url: url, method: question.method)
      } catch {
        throw TransferFailure(error)
      }
      switch answer.head.status.code {
      case 200, 206, 416,
        207 where question.method == .PROPFIND,
        304 where question.unlessTagged != nil:
        try refuseCodings(answer)
        return answer
      case 301, 302, 303, 307, 308:
        await dismiss(answer)
        let next = try target(of: answer)
        onEvent(.redirected(from: url, to: next))
        url = next
        redirects += 1
        answers = 0
      case 401 where identity.mayAnswer(answer.head, from: url, answers: answers):
        await dismiss(answer)
        answers += 1
      default:
        await dismiss(answer)
        throw failure(answer)
      }
    }
    throw TransferFailure(Failure(.peerProtocol, .tooManyRedirects(url, options.redirects)))
  }

  /// Asks for the head alone, over a connection that is used for nothing else: servers answer HEAD with a body, a refusal
  /// or a close, and none of that is to reach what is asked for next.
  ///
  /// What HEAD doesn't tell GET does: a server may refuse the one, or leave out of it what it would have to compute (RFC
  /// 9110, section 9.3.2), and the other counts.
  ///
  /// - Parameter tag: That of what is there already; if the server has the same, its answer is a 304.
  func askHead(of url: DownloadURL, unlessTagged tag: String? = nil) async throws(TransferFailure) -> Answer {
    do throws(TransferFailure) {
      let answer = try await ask(Question(method: .HEAD, wantsDigest: true, unlessTagged: tag), of: url)
      answer.connection.close()
      if answer.head.status == .notModified { return answer }
      if answer.head.status == .ok, answer.head.headers.contains(name: "Content-Length") { return answer }
    } catch {
      guard error.failure.kind != .tls else { throw error }
    }
    let answer = try await ask(Question(unlessTagged: tag), of: url)
    answer.connection.close()
    return answer
  }

  /// Lets go of an answer whose body is of no interest; the connection is kept if the body is short.
  func dismiss(_ answer: Answer) async {
    guard answer.head.status.code != 206, answer.method != .HEAD else { return answer.connection.close() }
    let length = answer.head.headers.first(name: "Content-Length").flatMap { DecimalNumber.parse($0) }
    guard let length, length <= 1 << 16, (try? await answer.connection.receive(.discard)) != nil else {
      return answer.connection.close()
    }
    await pool.giveBack(answer.connection)
  }

  private func request(_ question: Question, to url: DownloadURL) -> HTTPRequestHead {
    var headers: HTTPHeaders = [
      "Host": url.authority,
      "User-Agent": "sockeye",
      "Accept": question.accept,
      // The bytes of the file itself are wanted: a coding in between has neither its length nor its ranges.
      "Accept-Encoding": "identity",
    ]
    if case .range(let first, let end) = question.request {
      headers.add(name: "Range", value: "bytes=\(first)-\(end.map { String($0 - 1) } ?? "")")
      if let validator = question.validator { headers.add(name: "If-Range", value: validator) }
    }
    // RFC 4918, section 10.2: the folder and what is in it.
    if question.method == .PROPFIND { headers.add(name: "Depth", value: "1") }
    // RFC 9110, section 13.1.2.
    if let tag = question.unlessTagged { headers.add(name: "If-None-Match", value: tag) }
    // RFC 9530, section 4.
    if question.wantsDigest { headers.add(name: "Want-Repr-Digest", value: "sha-256=10") }
    var request = HTTPRequestHead(version: .http1_1, method: question.method, uri: url.target, headers: headers)
    identity.identify(&request, to: url)
    return request
  }

  private func target(of answer: Answer) throws(TransferFailure) -> DownloadURL {
    guard let location = answer.head.headers.first(name: "Location"), !location.isEmpty else {
      throw TransferFailure(Failure(.peerProtocol, .redirectToNowhere(answer.url)))
    }
    let next: DownloadURL
    do throws(Failure) {
      next = try answer.url.resolving(location)
    } catch {
      throw TransferFailure(error)
    }
    guard answer.url.mayLead(to: next) else {
      let isPlain = next.scheme == .http
      throw TransferFailure(
        Failure(.refusedLocally, isPlain ? .redirectToPlain(answer.url, next) : .redirectElsewhere(answer.url, next))
      )
    }
    return next
  }

  /// RFC 9112, section 7.4: no coding but `chunked` is sent to whom it was not offered, and none of them is undone here.
  private func refuseCodings(_ answer: Answer) throws(TransferFailure) {
    let codings = answer.head.headers[canonicalForm: "Transfer-Encoding"]
    guard let coding = codings.first, codings.count > 1 || coding.lowercased() != "chunked" else { return }
    answer.connection.close()
    let names = codings.joined(separator: ", ").prefix(60)
    throw TransferFailure(Failure(.peerProtocol, .unaskedCoding(answer.url, "\(names)")))
  }

  private func failure(_ answer: Answer) -> TransferFailure {
    let status = answer.head.status
    let reason =
      status.reasonPhrase.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7f } ? status.reasonPhrase : ""
    let text = "\(answer.url): \(status.code)\(reason.isEmpty ? "" : " \(reason.prefix(80))")"
    switch status.code {
    case 401, 407: return TransferFailure(identity.refusal(answer.head, text))
    case 408, 425, 429, 500, 502, 503, 504:
      let wait = answer.head.headers.first(name: "Retry-After").flatMap { DecimalNumber.parse($0) }
      return TransferFailure(
        Failure(.serverReported, Phrase.literal(text)),
        remedy: .retry(after: wait.map { .seconds(Int64(min($0, 86_400))) })
      )
    case 404, 410: return TransferFailure(Failure(.serverReported, .notFound(text)))
    default: return TransferFailure(Failure(.serverReported, Phrase.literal(text)))
    }
  }
}
