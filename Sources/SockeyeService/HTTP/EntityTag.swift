/// Strong validators: RFC 9110, section 8.8.3.
enum EntityTag {
  /// The tag of a file's contents.
  ///
  /// It is made of what changes when somebody writes to the file or puts another one in its place: inode, size and the
  /// time of the last write to the nanosecond. A coding has a tag of its own, as the bytes differ.
  static func text(_ metadata: FileMetadata, coding: ContentCoding? = nil) -> String {
    let time =
      UInt64(bitPattern: metadata.modifiedSeconds) &* 1_000_000_000 &+ UInt64(bitPattern: metadata.modifiedNanoseconds)
    let suffix = coding.map { "-\($0.rawValue)" } ?? ""
    return
      "\"\(hexadecimal(metadata.inode))-\(hexadecimal(UInt64(bitPattern: metadata.size)))-\(hexadecimal(time))\(suffix)\""
  }

  /// Whether a list of tags (`If-Match`, `If-None-Match`) names one, or is `*`.
  ///
  /// - Parameter weakly: Whether a tag marked as weak may match: section 8.8.3.2.
  static func list(_ list: String, contains tag: String, weakly: Bool) -> Bool {
    for item in list.utf8.split(separator: UInt8(ascii: ",")) {
      var item = Substring(item).trimmingSpaces
      if item == "*" { return true }
      if item.utf8.starts(with: "W/".utf8) {
        guard weakly else { continue }
        item = item.dropFirst(2)
      }
      if item == tag { return true }
    }
    return false
  }

  private static func hexadecimal(_ number: UInt64) -> String { String(number, radix: 16) }
}

extension Substring {
  /// The text without spaces and tabs at its ends: what HTTP calls optional white space.
  var trimmingSpaces: Substring {
    var text = self
    while let first = text.utf8.first, first == UInt8(ascii: " ") || first == UInt8(ascii: "\t") {
      text = text.dropFirst()
    }
    while let last = text.utf8.last, last == UInt8(ascii: " ") || last == UInt8(ascii: "\t") { text = text.dropLast() }
    return text
  }
}
