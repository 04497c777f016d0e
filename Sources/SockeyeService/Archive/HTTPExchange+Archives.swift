import NIOCore

/// The forms in which a folder can be fetched whole.
enum ArchiveForm: String, Sendable {
  case zip
  case tar
}

/// Responses with everything below a folder in them.
extension HTTPExchange {
  /// Answers with an archive, made while it is sent.
  func serveArchive(of path: ResourcePath, as form: ArchiveForm, _ request: Request) {
    // The served directory's own name is nobody's business.
    let name = path.name.isEmpty ? Array("files".utf8) : Array(path.name)
    let walk: FolderWalk
    do {
      walk = try FolderWalk(path, named: name, in: shared.directory, rules: request.rules)
    } catch {
      return respond(cannotOpen: error, to: request)
    }
    let producer: any BodyProducer =
      switch form {
      case .zip: ZipProducer(walk)
      case .tar: TarProducer(walk)
      }
    sendProduced(
      producer,
      type: form == .zip ? "application/zip" : "application/x-tar",
      lines: "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n",
      fields: [("Content-Disposition", ContentDisposition.attachment(name + Array(".\(form.rawValue)".utf8)))],
      to: request
    )
  }
}
