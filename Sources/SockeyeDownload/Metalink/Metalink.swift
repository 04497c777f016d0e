internal import SockeyeText
internal import SockeyeTransport

/// A Metalink: which files there are, where each can be had, and what each must be (RFC 5854).
struct Metalink: Sendable, Equatable {
  struct File: Sendable, Equatable {
    /// The name as it is written, of which nothing has been checked.
    var name: String
    var size: UInt64?
    /// The strongest of its digests that are known here.
    var checksum: FileChecksum?
    /// Where it can be had, the best place first.
    var urls: [DownloadURL] = []
  }

  /// The longest document, in bytes.
  static let longest = 16 << 20
  private static let mostFiles = 100_000
  private static let mostURLs = 1_000
  private static let namespace = "urn:ietf:params:xml:ns:metalink"

  private(set) var files: [File] = []

  /// Reads a document.
  ///
  /// - Parameter source: Where it is from, to be told.
  /// - Throws: A failure of kind `usage` when it is none.
  init(_ bytes: [UInt8], from source: String) throws(Failure) {
    do throws(XMLReader.Malformed) {
      var reader = XMLReader(bytes)
      guard case .start("metalink", let attributes)? = try reader.next(), attributes["xmlns"] == Self.namespace else {
        throw XMLReader.Malformed()
      }
      while let piece = try reader.next() {
        guard case .start(let element, let attributes) = piece else { continue }
        guard element == "file", let name = attributes["name"] else {
          try Self.skip(&reader)
          continue
        }
        guard files.count < Self.mostFiles else { throw XMLReader.Malformed() }
        files.append(try Self.file(name, &reader))
      }
    } catch {
      throw Failure(.usage, .notMetalink(source))
    }
    guard !files.isEmpty else { throw Failure(.usage, .notMetalink(source)) }
  }

  /// Reads what an element has, up to its end.
  private static func file(_ name: String, _ reader: inout XMLReader) throws(XMLReader.Malformed) -> File {
    var file = File(name: name)
    var places: [(url: DownloadURL, priority: UInt64)] = []
    while let piece = try reader.next() {
      guard case .start(let element, let attributes) = piece else {
        if case .end = piece { break }
        continue
      }
      switch element {
      case "size": file.size = DecimalNumber.parse(try text(&reader))
      case "hash":
        let digits = try text(&reader)
        guard let type = attributes["type"], let algorithm = FileChecksum.Algorithm(name: type),
          let checksum = FileChecksum("\(algorithm.rawValue):\(digits)"),
          checksum.algorithm.length > file.checksum?.algorithm.length ?? 0
        else { continue }
        file.checksum = checksum
      case "url":
        let priority = attributes["priority"].flatMap { DecimalNumber.parse($0) } ?? 999_999
        // Places of protocols that aren't known are for others (section 4.2.16).
        let place = try text(&reader)
        guard let url = try? DownloadURL(place), url.scheme != .tcp else { continue }
        guard places.count < mostURLs else { throw XMLReader.Malformed() }
        places.append((url, priority))
      default: try skip(&reader)
      }
    }
    file.urls = places.enumerated().sorted { ($0.element.priority, $0.offset) < ($1.element.priority, $1.offset) }
      .map(\.element.url)
    return file
  }

  /// The text of an element without others in it.
  private static func text(_ reader: inout XMLReader) throws(XMLReader.Malformed) -> String {
    var text = ""
    while let piece = try reader.next() {
      switch piece {
      case .text(let more): text += more
      case .start: throw XMLReader.Malformed()
      case .end:
        let start = text.drop(while: \.isWhitespace)
        return String(start.prefix { !$0.isWhitespace })
      }
    }
    return text
  }

  /// Leaves an element out, with all that is in it.
  private static func skip(_ reader: inout XMLReader) throws(XMLReader.Malformed) {
    var depth = 1
    while depth > 0, let piece = try reader.next() {
      switch piece {
      case .start: depth += 1
      case .end: depth -= 1
      case .text: break
      }
    }
  }

  static func == (left: Metalink, right: Metalink) -> Bool { left.files == right.files }
}

extension Metalink.File {
  /// The folders and the name, each safe by itself (RFC 5854, section 4.1.2.1: neither absolute nor upwards).
  ///
  /// - Throws: A failure of kind `refusedLocally`.
  func components() throws(Failure) -> [LocalName] {
    let most = 16
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= most else { throw Failure(.refusedLocally, .unsafeName(name)) }
    var names: [LocalName] = []
    for part in parts {
      let local = try LocalName(Array(part.utf8))
      guard !local.isChanged, !part.contains("\\") else { throw Failure(.refusedLocally, .unsafeName(name)) }
      names.append(local)
    }
    return names
  }
}
