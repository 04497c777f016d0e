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
  let options: DownloadOptions
  /// To whom it may be shown who asks, if to anybody.
  let trusted: DownloadURL.Origin?
  let onEvent: @Sendable (DownloadEvent) -> Void

  /// Asks, and follows redirections.
  ///
  /// - Returns: An answer with a status of 200, 206 or 416, or of 207 to PROPFIND.
  func ask(_ question: Question, of url: DownloadURL) async throws(TransferFailure) -> Answer {
    var url = url
    var redirects = 0
    var answers = 0
    while redirects <= max(0, options.redirects) {
      let answer: Answer
      do throws(Failure) {
        let (connection, head) = try await pool.send(request(question, to: url), to: url)
        answer = Answer(connection: connection, head: head, url: url, method: question.method)
      } catch {
        throw TransferFailure(error)
      }
      switch answer.head.status.code {
      case 200, 206, 416,
        207 where question.method == .PROPFIND:
        try refuseCodings(answer)
        return answer
      case 301, 302, 303, 307, 308:
        await dismiss(answer)
        let next = try target(of: answer)
        onEvent(.redirected(from: url, to: next))
        url = next
        redirects += 1
        answers = 0
      // A challenge that is too old by the time that it is answered is answered once more, not for ever.
      case 401 where answers < 2 && mayAnswer(answer, answered: answers > 0):
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
  func askHead(of url: DownloadURL) async throws(TransferFailure) -> Answer {
    do throws(TransferFailure) {
      let answer = try await ask(Question(method: .HEAD, wantsDigest: true), of: url)
      answer.connection.close()
      if answer.head.status == .ok, answer.head.headers.contains(name: "Content-Length") { return answer }
    } catch {
      guard error.failure.kind != .tls else { throw error }
    }
    let answer = try await ask(Question(), of: url)
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
    // RFC 9530, section 4.
    // RFC 4918, section 10.2: the folder and what is in it.
    if question.method == .PROPFIND { headers.add(name: "Depth", value: "1") }
    if question.wantsDigest { headers.add(name: "Want-Repr-Digest", value: "sha-256=10") }
    var request = HTTPRequestHead(version: .http1_1, method: question.method, uri: url.target, headers: headers)
    identify(&request, to: url)
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
    case 401 where options.digestOnly && DigestChallenge.best(in: answer.head.headers["WWW-Authenticate"]) == nil:
      return TransferFailure(Failure(.authentication, .noDigest(text)))
    case 407: return TransferFailure(Failure(.authentication, .proxyAsks(text)))
    case 401:
      let hasShownNothing = options.credentials == nil && options.bearerToken == nil
      return TransferFailure(
        Failure(.authentication, hasShownNothing ? .needsCredentials(text) : .badCredentials(text))
      )
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
