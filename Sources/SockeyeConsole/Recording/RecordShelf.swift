import Synchronization

/// The records that a console has made, for whoever fetches them: no other file of the directory is theirs to have.
final class RecordShelf: Sendable {
  let directory: String
  private let names = Mutex<Set<String>>([])

  init(_ directory: String) { self.directory = directory }

  func add(_ name: RecordName) { names.withLock { _ = $0.insert(name.text) } }

  /// Opens a record to be read.
  ///
  /// - Parameter path: Its name as a URL's path has it.
  func open(_ path: Substring) -> (descriptor: CInt, size: Int, name: String)? {
    guard let text = Self.decoded(path), names.withLock({ $0.contains(text) }), let name = try? RecordName(text),
      let file = name.open(in: directory)
    else { return nil }
    return (file.descriptor, file.size, text)
  }

  /// Undoes percent-encoding (RFC 3986, section 2.1).
  static func decoded(_ path: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(path.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      let digits = String(decoding: rest.prefix(2), as: UTF8.self)
      guard digits.count == 2, digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16) else { return nil }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }
}
