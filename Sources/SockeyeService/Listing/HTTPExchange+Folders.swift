import NIOCore
import SockeyeText

/// Responses with a folder in them.
extension HTTPExchange {
  /// Answers with what a folder holds, in the form that was asked for.
  func serveFolder(_ path: ResourcePath, query: String, _ request: Request) {
    let parameters = QueryParameters(query)
    guard !parameters.has("hash") else {
      return respond(.badRequest, to: request, because: .folderHasNoDigest)
    }
    if parameters.has("zip") { return serveArchive(of: path, as: .zip, request) }
    if parameters.has("tar") { return serveArchive(of: path, as: .tar, request) }
    let form = ListingForm(query: query, accept: request.fields.accept, userAgent: request.fields.userAgent)
    let words = parameters["q"].flatMap { $0.allSatisfy(\.isWhitespace) ? nil : $0 }
    let format: any ListingFormat =
      switch form {
      case .json: JSONListing(path: path)
      case .plain: PlainListing()
      case .html:
        HTMLListing(
          path: path,
          takesUploads: words == nil && shared.uploads != nil && request.rules.rights(for: path).contains(.add),
          existing: shared.configuration.uploads?.existing ?? .fail,
          language: Language(accepting: request.fields.acceptLanguage),
          words: words
        )
      }
    if let words { return serveSearch(of: path, words: words, form: form, format: format, request) }
    openFolder(path, request) { exchange, reader in
      exchange.sendListing(ListingProducer(reader, format: format), form, to: request)
    }
  }

  /// Answers with what a folder and those below it hold of what is searched for.
  private func serveSearch(
    of path: ResourcePath,
    words: String,
    form: ListingForm,
    format: any ListingFormat,
    _ request: Request
  ) {
    do {
      let search = try SearchProducer(
        path,
        words: words,
        in: shared.directory,
        rules: request.rules,
        format: format
      )
      sendListing(search, form, to: request)
    } catch {
      respond(cannotOpen: error, to: request)
    }
  }

  private func sendListing(_ producer: any BodyProducer, _ form: ListingForm, to request: Request) {
    let encoder = self.encoder(for: form.mediaType, request)
    sendProduced(
      encoder.map { GzipProducer(producer, by: $0) } ?? producer,
      type: form.mediaType,
      lines: form.fieldLines + "Vary: Accept-Encoding\r\n" + (encoder == nil ? "" : "Content-Encoding: gzip\r\n"),
      to: request
    )
  }

  private func openFolder(_ path: ResourcePath, _ request: Request, then body: (HTTPExchange, FolderReader) -> Void) {
    do {
      body(self, try FolderReader(path, in: shared.directory, rules: request.rules))
    } catch {
      respond(cannotOpen: error, to: request)
    }
  }

  /// Answers with a body whose length is not known beforehand.
  func sendProduced(
    _ producer: any BodyProducer,
    status: HTTPStatus = .ok,
    type: String,
    lines: String,
    fields: [(StaticString, String)] = [],
    to request: Request
  ) {
    guard let context = self.context else { return }
    // RFC 9112, section 6.1: HTTP/1.0 knows no chunks; there the end of the connection ends the body.
    let chunked = !request.isHTTP10
    if !chunked { request.keepAlive = false }
    var head = ResponseHead(status, date: worker.date, allocator: context.channel.allocator)
    head.field("Content-Type", type)
    for (name, value) in fields { head.field(name, value) }
    head.buffer.writeString(lines)
    if chunked { head.lines("Transfer-Encoding: chunked\r\n") }
    head.end(request)
    if request.isHead {
      return send(head.buffer, status: status, bodyBytes: 0, for: request)
    }
    send(head.buffer, then: .producer(producer, chunked: chunked), status: status, bodyBytes: nil, for: request)
  }
}

/// The forms of a listing.
enum ListingForm: Hashable, Sendable {
  case html
  case json
  case plain

  /// What was asked for by name, or else what the client takes. To whom everything is alike gets HTML, whose links
  /// `wget -r` follows; a person with curl gets lines.
  init(query: String, accept: String?, userAgent: String?) {
    let parameters = QueryParameters(query)
    if parameters.has("json") {
      self = .json
    } else if parameters.has("plain") || parameters.has("text") {
      self = .plain
    } else if parameters.has("html") {
      self = .html
    } else {
      self.init(accept: accept ?? "*/*", userAgent: userAgent)
    }
  }

  private init(accept: String, userAgent: String?) {
    if accept.contains("text/html") {
      self = .html
    } else if accept.contains("application/json") {
      self = .json
    } else if accept.contains("text/plain") {
      self = .plain
    } else {
      self = userAgent?.hasPrefix("curl/") == true ? .plain : .html
    }
  }

  /// What the head of a response in this form says besides.
  var fieldLines: String {
    switch self {
    case .html: HTMLListing.securityFields
    case .json, .plain: "Vary: Accept\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-cache\r\n"
    }
  }

  var mediaType: String {
    switch self {
    case .html: "text/html; charset=utf-8"
    case .json: "application/json"
    case .plain: "text/plain; charset=utf-8"
    }
  }
}
