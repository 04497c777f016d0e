/// Reads XML 1.0 in UTF-8 piece by piece, as much of it as a document without a type of its own needs.
///
/// There are no entities but the five that XML itself has, and characters by their numbers: a document that declares others, or a
/// type at all, is refused, since they are how a small document becomes a huge one, or reads files. Depth is bounded, and work is
/// proportional to the length.
package struct XMLReader {
  package enum Piece: Equatable {
    /// An element's beginning; one without contents has its end right behind it.
    case start(name: String, attributes: [String: String])
    case end(name: String)
    case text(String)
  }

  /// The document isn't well-formed, or has what is refused.
  package struct Malformed: Error {
    package init() {}
  }

  /// Elements that may lie in each other.
  package static let deepest = 32
  private static let mostAttributes = 32

  private let bytes: [UInt8]
  private var rest: ArraySlice<UInt8>
  private var open: [String] = []
  private var pendingEnd: String?
  private var hasRoot = false

  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
    rest = bytes[...]
    if rest.starts(with: [0xef, 0xbb, 0xbf]) { rest = rest.dropFirst(3) }
  }

  /// The next piece; nothing at the end of the document.
  package mutating func next() throws(Malformed) -> Piece? {
    if let name = pendingEnd {
      pendingEnd = nil
      return .end(name: name)
    }
    while !rest.isEmpty {
      if take("<!--") {
        try skip(behind: "-->")
      } else if take("<![CDATA[") {
        guard !open.isEmpty else { throw Malformed() }
        return .text(try Self.string(try skip(behind: "]]>")))
      } else if take("<?") {
        try skip(behind: "?>")
      } else if rest.starts(with: "<!".utf8) {
        throw Malformed()
      } else if take("</") {
        return .end(name: try takeEnd())
      } else if take("<") {
        return try takeStart()
      } else if let text = try takeText() {
        return .text(text)
      }
    }
    guard open.isEmpty, hasRoot else { throw Malformed() }
    return nil
  }

  // MARK: Elements

  private mutating func takeStart() throws(Malformed) -> Piece {
    guard open.count < Self.deepest, !(hasRoot && open.isEmpty) else { throw Malformed() }
    hasRoot = true
    let name = try takeName()
    var attributes: [String: String] = [:]
    while true {
      let hasBlank = skipBlanks()
      if take("/>") {
        pendingEnd = name
        return .start(name: name, attributes: attributes)
      }
      if take(">") {
        open.append(name)
        return .start(name: name, attributes: attributes)
      }
      guard hasBlank, attributes.count < Self.mostAttributes else { throw Malformed() }
      let key = try takeName()
      _ = skipBlanks()
      guard take("=") else { throw Malformed() }
      _ = skipBlanks()
      guard let quote = rest.popFirst(), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'"),
        let end = rest.firstIndex(of: quote)
      else { throw Malformed() }
      let value = rest[..<end]
      guard !value.contains(UInt8(ascii: "<")), attributes[key] == nil else { throw Malformed() }
      attributes[key] = try Self.decoded(value)
      rest = rest[(end + 1)...]
    }
  }

  private mutating func takeEnd() throws(Malformed) -> String {
    let name = try takeName()
    _ = skipBlanks()
    guard take(">"), open.popLast() == name else { throw Malformed() }
    return name
  }

  private mutating func takeName() throws(Malformed) -> String {
    let name = rest.prefix { byte in
      switch byte {
      case 0x30...0x3a, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x80...0xff: true
      default: false
      }
    }
    guard !name.isEmpty, name.count <= 256 else { throw Malformed() }
    rest = rest[name.endIndex...]
    return try Self.string(name)
  }

  // MARK: Text

  /// Text between elements; nothing for blanks around the root.
  private mutating func takeText() throws(Malformed) -> String? {
    let text = rest.prefix { $0 != UInt8(ascii: "<") }
    rest = rest[text.endIndex...]
    guard open.isEmpty else { return try Self.decoded(text) }
    guard text.allSatisfy(Self.isBlank) else { throw Malformed() }
    return nil
  }

  private static func decoded(_ bytes: ArraySlice<UInt8>) throws(Malformed) -> String {
    guard bytes.contains(UInt8(ascii: "&")) else { return try string(bytes) }
    var decoded: [UInt8] = []
    var rest = bytes
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "&") else {
        decoded.append(byte)
        continue
      }
      guard let end = rest.prefix(12).firstIndex(of: UInt8(ascii: ";")) else { throw Malformed() }
      guard let scalar = XMLText.character(try string(rest[..<end])) else { throw Malformed() }
      decoded += Array(String(scalar).utf8)
      rest = rest[(end + 1)...]
    }
    return try string(decoded[...])
  }

  private static func string(_ bytes: ArraySlice<UInt8>) throws(Malformed) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else { throw Malformed() }
    return text
  }

  // MARK: Bytes

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d }

  /// - Returns: Whether there was one.
  private mutating func skipBlanks() -> Bool {
    let blanks = rest.prefix(while: Self.isBlank)
    rest = rest[blanks.endIndex...]
    return !blanks.isEmpty
  }

  private mutating func take(_ text: StaticString) -> Bool {
    let isThere = text.withUTF8Buffer { rest.starts(with: $0) }
    if isThere { rest = rest.dropFirst(text.utf8CodeUnitCount) }
    return isThere
  }

  /// Skips what ends in a mark, and answers what stands before that.
  @discardableResult
  private mutating func skip(behind mark: StaticString) throws(Malformed) -> ArraySlice<UInt8> {
    let start = rest.startIndex
    let first = mark.withUTF8Buffer { $0.first }
    while let index = rest.firstIndex(where: { $0 == first }) {
      rest = rest[index...]
      if take(mark) { return bytes[start..<index] }
      rest = rest.dropFirst()
    }
    throw Malformed()
  }
}
