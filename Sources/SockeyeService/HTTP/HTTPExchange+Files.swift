import NIOCore
import NIOHTTP1
import SockeyeText
import SockeyeTransport

/// Responses with a file in them.
extension HTTPExchange {
  /// Files up to this size leave in the same buffer as their head: one system call, one packet for most.
  static let largestInline: Int64 = 32 * 1024
  /// How many bytes of a larger file go with the head. A head alone would wake its reader twice for one response.
  static let firstInline: Int64 = 16 * 1024

  /// Answers GET and HEAD.
  func serve(_ request: Request) {
    guard let target = target(of: request) else { return }
    guard request.rules.rights(for: target.path).contains(.read) else {
      return refuseReading(target, request)
    }
    // There is no descriptor that a selection could be listed through.
    if target.path.bytes.isEmpty, shared.directory.selection != nil { return serveDirectory(target, request) }
    let file: OpenedFile
    do {
      file = try shared.directory.open(target.path)
    } catch {
      if error == .notFound, request.isHead, shared.uploads != nil,
        let size = UploadPlace.partialSize(of: target.path, in: shared.directory)
      {
        return respond(.notFound, to: request, fields: [("Upload-Offset", String(size))])
      }
      if error == .notFound, serveFallback(request) { return }
      return respond(cannotOpen: error, to: request)
    }
    switch file.metadata.kind {
    case .directory: serveDirectory(target, request)
    case .file where !target.path.namesDirectory: serveFile(file, target: target, request)
    case .file, .other: respond(.notFound, to: request)
    }
  }

  /// Who may add and not read is told no more than how much there is of what is to be continued.
  private func refuseReading(_ target: RequestTarget, _ request: Request) {
    guard request.isHead, shared.uploads != nil,
      request.rules.rights(for: target.path).contains(.add)
    else {
      return respond(.forbidden, to: request)
    }
    let size = UploadPlace.partialSize(of: target.path, in: shared.directory)
    guard let size else { return respond(.notFound, to: request) }
    respond(.notFound, to: request, fields: [("Upload-Offset", String(size))])
  }

  private func serveDirectory(_ target: RequestTarget, _ request: Request) {
    guard target.path.namesDirectory else {
      return redirect(intoFolder: target.path.name, query: target.query, request)
    }
    if target.query.isEmpty, shared.configuration.servesIndex,
      request.rules.rights(for: target.path.appending("index.html".utf8)).contains(.read),
      let index = try? shared.directory.open(target.path.appending("index.html".utf8)),
      index.metadata.kind == .file
    {
      return serveFile(
        index,
        target: RequestTarget(path: target.path.appending("index.html".utf8), query: ""),
        request
      )
    }
    serveFolder(target.path, query: target.query, request)
  }

  /// Answers with the page that stands for every one that isn't there, if there is one: to who wants a page, since a
  /// script or a picture that is missing has to be missed.
  private func serveFallback(_ request: Request) -> Bool {
    guard let path = shared.fallback, request.fields.accept?.contains("text/html") == true,
      request.rules.rights(for: path).contains(.read),
      let file = try? shared.directory.open(path), file.metadata.kind == .file
    else { return false }
    request.responseLines = (request.responseLines ?? "") + "Vary: Accept\r\n"
    serveFile(file, target: RequestTarget(path: path, query: ""), request)
    return true
  }

  /// Answers with a file, or with what was asked for about it.
  func serveFile(_ file: OpenedFile, target: RequestTarget, _ request: Request) {
    if let kind = QueryParameters(target.query)["hash"] {
      guard kind.lowercased() == "sha256" else {
        return respond(.badRequest, to: request, because: .onlyThisDigest)
      }
      return serveDigest(of: file, path: target.path, request)
    }
    let mayBeHashedFirst = request.isHead || file.metadata.size <= ReprDigest.largestBeforeContents
    if request.fields.wantReprDigest != nil, mayBeHashedFirst, shared.digests.digest(of: file.metadata) == nil {
      hold()
      shared.digests.compute(file, on: worker) { [self] _ in
        serveLabelled(file, path: target.path, request)
      }
      return
    }
    serveLabelled(file, path: target.path, request)
  }

  /// Finds out what the file's contents are called, and answers with them.
  private func serveLabelled(_ file: OpenedFile, path: ResourcePath, _ request: Request) {
    let type = MediaType.of(name: path.name)
    guard MediaType.isText(type) else { return serveContents(of: file, path: path, type: type, request) }
    if let encoding = shared.encodings.encoding(of: file) {
      return serveContents(of: file, path: path, type: encoding.label(type), request)
    }
    hold()
    shared.encodings.find(of: file, on: worker) { [self] encoding in
      serveContents(of: file, path: path, type: encoding.label(type), request)
    }
  }

  private func serveContents(of original: OpenedFile, path: ResourcePath, type: String, _ request: Request) {
    var file = original
    var coding: ContentCoding?
    if request.fields.acceptEncoding != nil, request.fields.range == nil,
      let sibling = precompressed(original, path: path, request)
    {
      (file, coding) = sibling
    }
    let metadata = file.metadata
    let compresses = coding == nil && mayCompress(type, size: metadata.size, for: request)
    let tag = EntityTag.text(metadata, coding: compresses ? .gzip : coding)
    switch Preconditions.evaluate(request.fields, tag: tag, modifiedSeconds: metadata.modifiedSeconds) {
    case .failed: return respond(.preconditionFailed, to: request)
    case .notModified:
      return respondEmpty(
        .notModified,
        to: request,
        fields: [("ETag", compresses ? "W/" + tag : tag), ("Vary", "Accept-Encoding")]
      )
    case .proceed: break
    }

    var ranges = ByteRanges.Request.whole
    if request.fields.range != nil, !request.isHead,
      Preconditions.rangesApply(
        request.fields.ifRange,
        tag: tag,
        modifiedSeconds: metadata.modifiedSeconds,
        nowSeconds: shared.surroundings.secondsSince1970
      )
    {
      ranges = ByteRanges.parse(request.fields.range, length: metadata.size)
    }
    switch ranges {
    case .unsatisfiable:
      respond(.rangeNotSatisfiable, to: request, fields: [("Content-Range", "bytes */\(metadata.size)")])
    case .whole:
      if compresses, let encoder = self.encoder() {
        return sendCompressed(file, type: type, tag: tag, by: encoder, request)
      }
      let tag = compresses ? EntityTag.text(metadata) : tag
      sendWhole(file, type: type, tag: tag, coding: coding, request)
    case .parts(let parts) where parts.count == 1:
      sendPart(parts[0], of: file, type: type, tag: tag, request)
    case .parts(let parts):
      sendParts(parts, of: file, type: type, tag: tag, request)
    }
  }

  /// A sibling in a coding that the client takes, no older than the file itself.
  private func precompressed(
    _ original: OpenedFile,
    path: ResourcePath,
    _ request: Request
  ) -> (OpenedFile, ContentCoding)? {
    for coding in ContentCoding.acceptable(request.fields.acceptEncoding) {
      guard request.rules.rights(for: path.withSuffix(coding.suffix)).contains(.read),
        let sibling = try? shared.directory.open(path.withSuffix(coding.suffix)),
        sibling.metadata.kind == .file,
        sibling.metadata.modifiedSeconds >= original.metadata.modifiedSeconds
      else { continue }
      return (sibling, coding)
    }
    return nil
  }

  private func sendWhole(
    _ file: OpenedFile,
    type: String,
    tag: String,
    coding: ContentCoding?,
    _ request: Request
  ) {
    guard let context = self.context else { return }
    let size = file.metadata.size
    let isPaced = shared.configuration.rate != nil
    let inline = request.isHead || isPaced ? 0 : size <= Self.largestInline ? size : Self.firstInline
    var head = ResponseHead(
      .ok,
      date: worker.date,
      allocator: context.channel.allocator,
      capacity: 512 + Int(inline)
    )
    writeFields(&head, file: file, tag: tag)
    head.field("Content-Type", type)
    if let coding { head.field("Content-Encoding", coding.rawValue) }
    head.field("Content-Length", size)
    head.end(request)
    if request.isHead || size == 0 {
      return send(head.buffer, status: .ok, bodyBytes: 0, for: request)
    }
    let done = inline == 0 ? 0 : Int64(file.readCached(into: &head.buffer, at: 0, count: Int(inline)) ?? 0)
    if done == size { return send(head.buffer, status: .ok, bodyBytes: size, for: request) }
    send(
      head.buffer,
      then: .parts(BodyPlan([.file(done..<size)]), of: file),
      status: .ok,
      bodyBytes: size,
      for: request
    )
  }

  /// Answers with what a file's contents are compressed to. Its tag is a weak one: another zlib makes other bytes of the same.
  private func sendCompressed(
    _ file: OpenedFile,
    type: String,
    tag: String,
    by encoder: GzipEncoder,
    _ request: Request
  ) {
    sendProduced(
      GzipProducer(FileProducer(file), by: encoder),
      type: type,
      lines:
        "Content-Encoding: gzip\r\nVary: Accept-Encoding\r\nCache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\n",
      fields: [("ETag", "W/" + tag), ("Last-Modified", HTTPDate.text(file.metadata.modifiedSeconds))],
      to: request
    )
  }

  private func sendPart(_ range: Range<Int64>, of file: OpenedFile, type: String, tag: String, _ request: Request) {
    guard let context = self.context else { return }
    let size = file.metadata.size
    let count = range.upperBound - range.lowerBound
    var head = ResponseHead(.partialContent, date: worker.date, allocator: context.channel.allocator)
    writeFields(&head, file: file, tag: tag)
    head.field("Content-Type", type)
    head.field("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)")
    head.field("Content-Length", count)
    head.end(request)
    send(
      head.buffer,
      then: .parts(BodyPlan([.file(range)]), of: file),
      status: .partialContent,
      bodyBytes: count,
      for: request
    )
  }

  /// `multipart/byteranges`: RFC 9110, section 14.6.
  private func sendParts(
    _ ranges: [Range<Int64>],
    of file: OpenedFile,
    type: String,
    tag: String,
    _ request: Request
  ) {
    guard let context = self.context else { return }
    let boundary = worker.boundary()
    var parts: [BodyPlan.Part] = []
    var count: Int64 = 0
    for range in ranges {
      let heading = ByteBuffer(
        string: "\r\n--\(boundary)\r\nContent-Type: \(type)\r\n"
          + "Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.metadata.size)\r\n\r\n"
      )
      count += Int64(heading.readableBytes) + range.upperBound - range.lowerBound
      parts.append(.bytes(heading))
      parts.append(.file(range))
    }
    let ending = ByteBuffer(string: "\r\n--\(boundary)--\r\n")
    count += Int64(ending.readableBytes)
    parts.append(.bytes(ending))

    var head = ResponseHead(.partialContent, date: worker.date, allocator: context.channel.allocator)
    writeFields(&head, file: file, tag: tag)
    head.field("Content-Type", "multipart/byteranges; boundary=\(boundary)")
    head.field("Content-Length", count)
    head.end(request)
    send(
      head.buffer,
      then: .parts(BodyPlan(parts), of: file),
      status: .partialContent,
      bodyBytes: count,
      for: request
    )
  }

  /// What every response with a file says about it.
  private func writeFields(_ head: inout ResponseHead, file: OpenedFile, tag: String) {
    head.field("ETag", tag)
    head.field("Last-Modified", HTTPDate.text(file.metadata.modifiedSeconds))
    head.lines(
      "Accept-Ranges: bytes\r\nVary: Accept-Encoding\r\nCache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\n"
    )
    if let digest = shared.digests.digest(of: file.metadata) {
      head.field("Repr-Digest", ReprDigest.field(sha256: digest.bytes))
    }
  }

  // MARK: Digests

  /// Answers `?hash=sha256` in the format of `sha256sum`, so that `sha256sum -c` takes it.
  private func serveDigest(of file: OpenedFile, path: ResourcePath, _ request: Request) {
    hold()
    shared.digests.compute(file, on: worker) { [self] digest in
      guard let digest else { return respond(.serviceUnavailable, to: request) }
      respond(digest.line(name: path.name), type: "text/plain; charset=utf-8", to: request)
    }
  }
}
