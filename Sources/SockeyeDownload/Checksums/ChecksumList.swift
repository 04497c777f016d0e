internal import SockeyeText
public import SockeyeTransport

/// A list of files' digests, as `sha256sum` and its relatives write it, or BSD's `sha256`.
///
/// What its names are good for is finding the digest of a file that is asked for: no file gets its name from here.
public struct ChecksumList: Sendable {
  private struct Entry {
    /// Nothing where a digest stands alone.
    var name: [UInt8]?
    var checksum: FileChecksum
  }

  /// Those with names, by the last component of each.
  private let entries: [[UInt8]: [Entry]]
  /// The one digest of a list that has no other.
  private let only: FileChecksum?
  private let source: String

  /// Reads a list. Lines that are none of its, such as comments and a signature's, count for nothing.
  ///
  /// - Parameter source: Where it is from, to be told.
  /// - Throws: A failure of kind `usage` when no line has a digest.
  init(_ bytes: [UInt8], from source: String) throws(Failure) {
    let lines = bytes.split(separator: UInt8(ascii: "\n")).map { $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0 }
    let all = lines.compactMap { Self.gnu($0) ?? Self.bsd($0) }
    guard let first = all.first else { throw Failure(.usage, .notChecksums(source)) }
    only = all.count == 1 && first.name == nil ? first.checksum : nil
    entries = Dictionary(grouping: all.filter { $0.name != nil }) { Self.lastComponent($0.name ?? []) }
    self.source = source
  }

  /// The digest of what a URL leads to: of several, the strongest.
  ///
  /// - Throws: A failure of kind `integrity` when there is none, or two that contradict each other.
  public func checksum(for url: DownloadURL) throws(Failure) -> FileChecksum {
    if let only { return only }
    let path = url.bareName
    let found = entries[Self.lastComponent(path), default: []].filter { Self.names($0.name ?? [], path) }.map(
      \.checksum
    )
    guard let strongest = found.max(by: { $0.algorithm.length < $1.algorithm.length }) else {
      throw Failure(.integrity, .notInChecksums(url, source))
    }
    guard found.allSatisfy({ $0.algorithm != strongest.algorithm || $0 == strongest }) else {
      throw Failure(.integrity, .twiceInChecksums(url, source))
    }
    return strongest
  }

  private static func lastComponent(_ path: [UInt8]) -> [UInt8] {
    path.lastIndex(of: UInt8(ascii: "/")).map { Array(path[($0 + 1)...]) } ?? path
  }

  /// Whether a listed name is that of a path: a bare one is its last component, one with folders its end.
  private static func names(_ name: [UInt8], _ path: [UInt8]) -> Bool {
    var name = name[...]
    while name.starts(with: "./".utf8) { name = name.dropFirst(2) }
    guard !name.isEmpty, name.first != UInt8(ascii: "/"), path.suffix(name.count).elementsEqual(name) else {
      return false
    }
    return path.count == name.count || path[path.count - name.count - 1] == UInt8(ascii: "/")
  }

  /// Digits, a blank, another or an asterisk, and the name; a backslash in front says that there are escapes in the name.
  /// Digits alone are a line, too.
  private static func gnu(_ line: ArraySlice<UInt8>) -> Entry? {
    let isEscaped = line.first == UInt8(ascii: "\\")
    let line = isEscaped ? line.dropFirst() : line
    let digits = line.prefix { Hexadecimal.value($0) != nil }
    guard let checksum = FileChecksum(hexadecimal: digits) else { return nil }
    var rest = line[digits.endIndex...]
    guard !rest.isEmpty else { return Entry(name: nil, checksum: checksum) }
    guard rest.popFirst() == UInt8(ascii: " ") else { return nil }
    if rest.first == UInt8(ascii: " ") || rest.first == UInt8(ascii: "*") { rest = rest.dropFirst() }
    guard !rest.isEmpty else { return Entry(name: nil, checksum: checksum) }
    return Entry(name: isEscaped ? unescaped(rest) : Array(rest), checksum: checksum)
  }

  private static func unescaped(_ name: ArraySlice<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = name
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\"), let escaped = rest.popFirst() else {
        bytes.append(byte)
        continue
      }
      switch escaped {
      case UInt8(ascii: "n"): bytes.append(UInt8(ascii: "\n"))
      case UInt8(ascii: "r"): bytes.append(UInt8(ascii: "\r"))
      default: bytes.append(escaped)
      }
    }
    return bytes
  }

  /// `SHA256 (name) = digits`.
  private static func bsd(_ line: ArraySlice<UInt8>) -> Entry? {
    let text = Array(line)
    guard let open = text.firstRange(of: Array(" (".utf8)), let close = text.lastRange(of: Array(") = ".utf8)),
      open.upperBound <= close.lowerBound,
      let algorithm = FileChecksum.Algorithm(name: String(decoding: text[..<open.lowerBound], as: UTF8.self)),
      let checksum = FileChecksum(hexadecimal: text[close.upperBound...]), checksum.algorithm == algorithm
    else { return nil }
    return Entry(name: Array(text[open.upperBound..<close.lowerBound]), checksum: checksum)
  }
}

extension Array where Element == UInt8 {
  /// Where other bytes stand for the last time.
  fileprivate func lastRange(of other: [UInt8]) -> Range<Int>? {
    guard count >= other.count else { return nil }
    for start in stride(from: count - other.count, through: 0, by: -1)
    where self[start..<(start + other.count)].elementsEqual(other) {
      return start..<(start + other.count)
    }
    return nil
  }
}
