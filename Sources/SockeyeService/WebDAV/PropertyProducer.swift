import NIOCore
import SockeyeText

/// Writes what is known of a thing, and of everything in it if it is a folder that is listed: the multistatus of RFC 4918,
/// section 14.16. Of a folder of any size no more than a piece is in memory.
final class PropertyProducer: BodyProducer {
  private let query: PropertyQuery
  private let prefix: String
  private let locks: LockSnapshot?
  private let folder: WebDAVResource
  private let reader: FolderReader?
  private var phase = Phase.opening

  private enum Phase { case opening, entries, closed }

  static let mediaType = "application/xml; charset=utf-8"
  static let opening = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:multistatus xmlns:D=\"DAV:\">\n"
  static let closing = "</D:multistatus>\n"

  /// - Parameters:
  ///   - reader: What reads the entries, where they are told of.
  ///   - prefix: What all paths begin with, without a slash at its end.
  ///   - locks: The locks that there are, where there can be any.
  init(
    _ query: PropertyQuery,
    of resource: WebDAVResource,
    entries reader: FolderReader?,
    prefix: String,
    locks: LockSnapshot?
  ) {
    self.query = query
    self.prefix = prefix
    self.locks = locks
    folder = resource
    self.reader = reader
  }

  func next(_ allocator: ByteBufferAllocator) throws -> ByteBuffer? {
    guard phase != .closed else { return nil }
    var buffer = allocator.buffer(capacity: 64 << 10)
    if phase == .opening {
      buffer.writeString(Self.opening)
      write(folder, &buffer)
      phase = .entries
    }
    while buffer.readableBytes < 48 << 10 {
      guard let (name, metadata) = reader?.nextWithMetadata() else {
        buffer.writeString(Self.closing)
        phase = .closed
        break
      }
      write(WebDAVResource(path: folder.path.appending(name), metadata: metadata), &buffer)
    }
    return buffer
  }

  private func write(_ resource: WebDAVResource, _ buffer: inout ByteBuffer) {
    var found = ""
    var missing = query.unknown
    for property in query.live {
      guard let value = property.value(of: resource, locks: locks) else {
        if query != .all, !query.isNamesOnly { missing += "<D:\(property)/>" }
        continue
      }
      found +=
        query.isNamesOnly || value.isEmpty ? "<D:\(property)/>" : "<D:\(property)>\(value)</D:\(property)>"
    }
    buffer.writeString("<D:response><D:href>\(resource.reference(behind: prefix))</D:href>")
    if !found.isEmpty || missing.isEmpty { buffer.writeString(Self.status("200 OK", of: found)) }
    if !missing.isEmpty { buffer.writeString(Self.status("404 Not Found", of: missing)) }
    buffer.writeString("</D:response>\n")
  }

  /// What became of some properties.
  static func status(_ status: String, of properties: String) -> String {
    "<D:propstat><D:prop>\(properties)</D:prop><D:status>HTTP/1.1 \(status)</D:status></D:propstat>"
  }
}
