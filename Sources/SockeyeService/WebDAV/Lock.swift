import NIOCore
import SockeyeText

/// A write lock: RFC 4918, section 7.
struct Lock: Equatable, Sendable {
  /// `urn:uuid:…`
  let token: String
  let path: ResourcePath
  /// Whether it covers everything below a folder, too.
  let isDeep: Bool
  let isShared: Bool
  /// What the client says of whoever has it, as it goes into a document.
  let owner: String
  /// Who asked for it, where names are asked for: nobody else has the use of it.
  let user: String?
  /// Whether it was taken for a name that nothing had, which an empty file has had since.
  let madeFile: Bool
  var due: NIODeadline

  /// Whether something lies under it.
  func covers(_ path: ResourcePath) -> Bool {
    path.bytes == self.path.bytes || (isDeep && path.below(self.path) != nil)
  }

  /// The `activelock` of RFC 4918, section 14.1.
  func description(behind prefix: String, now: NIODeadline) -> String {
    var text = "<D:activelock><D:locktype><D:write/></D:locktype><D:lockscope><D:\(isShared ? "shared" : "exclusive")/>"
    text += "</D:lockscope><D:depth>\(isDeep ? "infinity" : "0")</D:depth>"
    if !owner.isEmpty { text += "<D:owner>\(owner)</D:owner>" }
    let seconds = max(0, (due - now).nanoseconds / 1_000_000_000)
    text += "<D:timeout>Second-\(seconds)</D:timeout><D:locktoken><D:href>\(token)</D:href></D:locktoken>"
    return text + "<D:lockroot><D:href>\(prefix)\(path.percentEncoded)</D:href></D:lockroot></D:activelock>"
  }
}

/// The locks that mattered to a folder at one time.
struct LockSnapshot: Sendable {
  let locks: [Lock]
  let prefix: String
  let now: NIODeadline

  /// The contents of a `lockdiscovery`.
  func discovery(of path: ResourcePath) -> String {
    locks.lazy.filter { $0.covers(path) }.map { $0.description(behind: prefix, now: now) }.joined()
  }
}

/// What a LOCK asks for: RFC 4918, section 14.11.
struct LockRequest: Equatable, Sendable {
  var isShared = false
  /// The owner, as it goes into a document: a link, or text.
  var owner = ""

  private static let longestOwner = 512

  /// - Throws: `XMLReader.Malformed`, also for locks of another kind than those on writing.
  init(_ body: [UInt8]) throws(XMLReader.Malformed) {
    var reader = QualifiedXMLReader(body)
    var scope: QualifiedXMLReader.Name?
    var type: QualifiedXMLReader.Name?
    var text = ""
    var isLink = false
    while let piece = try reader.next() {
      switch piece {
      case .end: break
      case .text(let more): if reader.path.count > 1, reader.path[1] == .dav("owner") { text += more }
      case .start(let name):
        let path = reader.path
        switch path.count {
        case 1: guard name == .dav("lockinfo") else { throw XMLReader.Malformed() }
        case 3 where path[1] == .dav("lockscope"): scope = name
        case 3 where path[1] == .dav("locktype"): type = name
        case 3 where path[1] == .dav("owner"): isLink = isLink || name == .dav("href")
        default: break
        }
      }
    }
    guard type == .dav("write"), scope == .dav("exclusive") || scope == .dav("shared") else {
      throw XMLReader.Malformed()
    }
    isShared = scope == .dav("shared")
    let blanks = { (character: Character) in character.isWhitespace }
    let trimmed = text.drop(while: blanks).prefix(Self.longestOwner)
    let escaped = XMLText.escaped(String(trimmed.reversed().drop(while: blanks).reversed()))
    owner = isLink && !escaped.isEmpty ? "<D:href>\(escaped)</D:href>" : escaped
  }

  /// How long a lock is to hold, at most: RFC 4918, section 10.7.
  static func time(_ field: String?) -> TimeAmount {
    for item in (field ?? "").split(separator: ",") {
      let item = item.trimmingSpaces
      if item == "Infinite" { break }
      if item.hasPrefix("Second-"), let seconds = Int64(item.dropFirst(7)), seconds > 0 {
        return min(.seconds(min(seconds, 86_400)), LockTable.longest)
      }
    }
    return LockTable.longest
  }
}
