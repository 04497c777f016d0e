internal import SockeyeText

/// What a WebDAV server tells of a folder: the multistatus of RFC 4918, section 14.16.
enum PropertyListing {
  private struct Response {
    var reference = ""
    var isFolder = false
    var size = ""
    var modified = ""
  }

  /// - Parameter most: How many are of interest.
  /// - Throws: `XMLReader.Malformed` for what is no such document.
  static func entries(
    _ document: [UInt8],
    in folder: DownloadURL,
    most: Int
  ) throws(XMLReader.Malformed) -> [FolderListing.Entry] {
    var reader = QualifiedXMLReader(document)
    var response = Response()
    var entries: [FolderListing.Entry] = []
    var names: Set<[UInt8]> = []
    while entries.count < most, let piece = try reader.next() {
      switch piece {
      case .start(let name):
        let path = reader.path
        guard path[0] == .dav("multistatus") else { throw XMLReader.Malformed() }
        if path.count == 2 { response = Response() }
        if path.count == 6, path[4] == .dav("resourcetype"), name == .dav("collection") { response.isFolder = true }
      case .text(let text): add(text, at: reader.path, to: &response)
      case .end(let name):
        guard name == .dav("response"), reader.path.count == 1 else { continue }
        guard let link = ListedLink(trimmed(response.reference), in: folder), names.insert(link.name).inserted else {
          continue
        }
        entries.append(
          FolderListing.Entry(
            link,
            isFolder: response.isFolder,
            size: DecimalNumber.parse(trimmed(response.size)),
            modified: HTTPDate.parse(trimmed(response.modified))
          )
        )
      }
    }
    return entries
  }

  private static func add(_ text: String, at path: [QualifiedXMLReader.Name], to response: inout Response) {
    guard path.count == 3 || path.count == 5, path[1] == .dav("response") else { return }
    switch path[path.count - 1] {
    case .dav("href") where path.count == 3: response.reference += text
    case .dav("getcontentlength") where path.count == 5: response.size += text
    case .dav("getlastmodified") where path.count == 5: response.modified += text
    default: break
    }
  }

  private static func trimmed(_ text: String) -> String {
    let start = text.drop(while: \.isWhitespace)
    return String(start.reversed().drop(while: \.isWhitespace).reversed())
  }
}

extension FolderListing.Entry {
  /// What a link names.
  ///
  /// - Parameter isFolder: Whether something else than the link's own end says that it is a folder.
  init(_ link: ListedLink, isFolder: Bool = false, size: UInt64? = nil, modified: Int64? = nil) {
    name = String(decoding: link.name, as: UTF8.self)
    href = DownloadURL.percentEncode(link.name, keeping: DownloadURL.isUnreserved)
    type = isFolder || link.isFolder ? .directory : .file
    self.size = type == .file ? size : nil
    self.modified = modified.map { HTTPDate.internetText($0) }
  }
}
