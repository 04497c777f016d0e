internal import SockeyeText

/// The links of a page on which nginx, Apache, lighttpd and their like list a folder.
enum PageListing {
  /// What the pages of listings are called; any other page may have links without being one.
  private static let titles = ["index of", "directory listing"]
  /// The longest beginning of a page that its title is looked for in, in bytes.
  private static let longestBeginning = 64 << 10

  /// - Parameter most: How many are of interest.
  /// - Returns: What lies in the folder, each once; `nil` for a page that is no listing.
  static func links(_ page: [UInt8], in folder: DownloadURL, most: Int) -> [ListedLink]? {
    guard isListing(page) else { return nil }
    var links: [ListedLink] = []
    var names: Set<[UInt8]> = []
    var rest = page[...]
    while links.count < most, let reference = nextReference(&rest) {
      guard let link = ListedLink(reference, in: folder), names.insert(link.name).inserted else { continue }
      links.append(link)
    }
    return links
  }

  private static func isListing(_ page: [UInt8]) -> Bool {
    let beginning = String(decoding: page.prefix(longestBeginning), as: UTF8.self).lowercased()
    guard let tag = beginning.firstRange(of: "<title"), let end = beginning[tag.upperBound...].firstIndex(of: ">")
    else {
      return false
    }
    let title = beginning[end...].dropFirst().drop(while: \.isWhitespace)
    return titles.contains { title.hasPrefix($0) }
  }

  /// What the next link leads to. Each byte is looked at once.
  private static func nextReference(_ rest: inout ArraySlice<UInt8>) -> String? {
    while let start = rest.firstIndex(of: UInt8(ascii: "<")) {
      rest = rest[(start + 1)...]
      guard let letter = rest.first, letter | 0x20 == UInt8(ascii: "a"), isBlank(rest.dropFirst().first) else {
        continue
      }
      rest = rest.dropFirst()
      if let reference = reference(&rest) { return reference }
    }
    return nil
  }

  /// The `href` among a tag's attributes.
  private static func reference(_ rest: inout ArraySlice<UInt8>) -> String? {
    while true {
      rest = rest.drop { isBlank($0) || $0 == UInt8(ascii: "/") }
      guard let first = rest.first, first != UInt8(ascii: ">") else { return nil }
      let name = rest.prefix { !isBlank($0) && $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ">") }
      rest = rest[name.endIndex...].drop(while: isBlank)
      guard rest.first == UInt8(ascii: "=") else {
        if name.isEmpty { rest = rest.dropFirst() }
        continue
      }
      rest = rest.dropFirst().drop(while: isBlank)
      let value = value(&rest)
      if name.count == 4, name.map({ $0 | 0x20 }).elementsEqual("href".utf8) { return decoded(value) }
    }
  }

  private static func value(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    guard let quote = rest.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
      let value = rest.prefix { !isBlank($0) && $0 != UInt8(ascii: ">") }
      rest = rest[value.endIndex...]
      return value
    }
    let value = rest.dropFirst().prefix { $0 != quote }
    rest = rest[value.endIndex...].dropFirst()
    return value
  }

  /// Undoes the references to characters; what is none stays.
  private static func decoded(_ value: ArraySlice<UInt8>) -> String {
    var result: [UInt8] = []
    var rest = value
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "&"), let end = rest.prefix(12).firstIndex(of: UInt8(ascii: ";")),
        let scalar = XMLText.character(String(decoding: rest[..<end], as: UTF8.self))
      else {
        result.append(byte)
        continue
      }
      result += Array(String(scalar).utf8)
      rest = rest[(end + 1)...]
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static func isBlank(_ byte: UInt8?) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0c || byte == 0x0d
  }
}
