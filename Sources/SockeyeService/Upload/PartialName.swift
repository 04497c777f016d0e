import Crypto

/// What a file is called until it is whole: hidden, beside its place, and told from anybody else's hidden files.
enum PartialName {
  private static let marker = Array(".sockeye-upload".utf8)
  /// The longest name that file systems take, in bytes.
  private static let longest = 255

  /// The hidden name for a name. Of one that leaves no room for the marker a part is replaced by a digest.
  static func of(_ name: ArraySlice<UInt8>) -> [UInt8] {
    let dot = [UInt8(ascii: ".")]
    guard name.count + 1 + marker.count > longest else { return dot + name + marker }
    let digest = Array(FileDigest(bytes: Array(SHA256.hash(data: Array(name)).prefix(16))).hexadecimal.utf8)
    var kept = name.prefix(longest - marker.count - digest.count - 2)
    // A name that is UTF-8 stays so: some file systems take no other.
    while let last = kept.last, last & 0xc0 == 0x80 { kept.removeLast() }
    if let last = kept.last, last & 0xc0 == 0xc0 { kept.removeLast() }
    return dot + kept + dot + digest + marker
  }

  /// A hidden name that nothing else has, for what nobody is to see for a while.
  static func unique(_ text: String) -> [UInt8] { Array(".\(text)".utf8) + marker }

  /// Whether a name marks a file that is not whole.
  static func isPartial(_ name: [UInt8]) -> Bool {
    name.first == UInt8(ascii: ".") && name.count > marker.count + 1 && name.suffix(marker.count).elementsEqual(marker)
  }
}
