import SockeyeText

/// What is known of each file and folder, and may be asked for: RFC 4918, section 15.
enum LiveProperty: String, CaseIterable, Sendable {
  case displayname
  case getcontentlength
  case getcontenttype
  case getetag
  case getlastmodified
  case lockdiscovery
  case resourcetype
  case supportedlock

  init?(_ name: QualifiedXMLReader.Name) {
    guard name.namespace == "DAV:" else { return nil }
    self.init(rawValue: name.local)
  }

  /// The contents of the property's element; `nil` for one that such a thing doesn't have.
  func value(of resource: WebDAVResource, locks: LockSnapshot?) -> String? {
    switch self {
    case .displayname: return XMLText.escaped(String(decoding: resource.path.name, as: UTF8.self))
    case .getcontentlength: return resource.isFolder ? nil : String(resource.metadata.size)
    case .getcontenttype: return resource.isFolder ? nil : MediaType.of(name: resource.path.name)
    case .getetag: return XMLText.escaped(EntityTag.text(resource.metadata))
    case .getlastmodified: return HTTPDate.text(resource.metadata.modifiedSeconds)
    case .lockdiscovery: return locks?.discovery(of: resource.path)
    case .resourcetype: return resource.isFolder ? "<D:collection/>" : ""
    case .supportedlock:
      guard locks != nil else { return nil }
      return ["exclusive", "shared"].map {
        "<D:lockentry><D:lockscope><D:\($0)/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockentry>"
      }.joined()
    }
  }
}

/// A file or a folder that properties are told of.
struct WebDAVResource: Sendable {
  let path: ResourcePath
  let metadata: FileMetadata

  var isFolder: Bool { metadata.kind == .directory }

  /// The path in a URL: a folder's ends with a slash (section 5.2).
  ///
  /// - Parameter prefix: What all paths begin with, without a slash at its end.
  func reference(behind prefix: String) -> String {
    var text = prefix + "/"
    PercentEncoding.append(path.bytes, to: &text, keepingSlashes: true)
    return isFolder && !path.bytes.isEmpty ? text + "/" : text
  }
}
