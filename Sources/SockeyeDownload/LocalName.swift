internal import SockeyeText
public import SockeyeTransport

/// The name under which a download is kept, made from bytes that a server or a URL chose.
///
/// Such bytes are an attack until they have been looked at: they may lead out of the folder, hide the file, look like an
/// option to the next program, or show a person something else than what is there. What is merely unwise is replaced
/// by `_`; what isn't one name at all is refused.
public struct LocalName: Hashable, Sendable {
  /// The name, safe to be created in a folder.
  public let text: String

  /// Whether it differs from what was asked for.
  public let isChanged: Bool

  /// The longest name in bytes that a file system takes.
  static let longest = 255

  /// Makes a name that is safe on this machine out of one that a server chose.
  ///
  /// - Throws: A failure of kind `refusedLocally` when the bytes are empty, `.`, `..`, or hold a separator or NUL.
  public init(_ bytes: [UInt8]) throws(Failure) {
    guard !bytes.isEmpty else {
      throw Failure(.refusedLocally, .noFileName)
    }
    let written = Self.decode(bytes)
    guard written != ".", written != "..", !bytes.contains(0),
      !bytes.contains(UInt8(ascii: "/")), !written.hasPrefix("..\\"), !written.contains("\\..")
    else {
      throw Failure(.refusedLocally, .unsafeName(Self.visible(written)))
    }

    var name = Self.replacingUnsafe(written)
    if let first = name.first, first == "." || first == "-" || first == "~" { name = "_" + name.dropFirst() }
    if written.dropFirst().hasPrefix(":\\") {
      name.replaceSubrange(name.index(after: name.startIndex)...name.index(after: name.startIndex), with: "_")
    }
    name = Self.shortened(name, to: Self.longest)
    text = name
    isChanged = Array(name.utf8) != bytes
  }

  /// UTF-8 as it is; every byte that isn't part of it as `%` and two digits, so that nothing is lost.
  private static func decode(_ bytes: [UInt8]) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    var text = ""
    var decoder = UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var consumed = 0
    while true {
      switch decoder.parseScalar(from: &iterator) {
      case .valid(let encoded):
        let scalar = UTF8.decode(encoded)
        text.unicodeScalars.append(scalar)
        consumed += encoded.count
      case .error(let length):
        for byte in bytes[consumed..<min(consumed + max(length, 1), bytes.count)] {
          text += "%" + Hexadecimal.text([byte]).uppercased()
        }
        consumed += max(length, 1)
      case .emptyInput: return text
      }
    }
  }

  /// Joiners stay where scripts and emoji are written with them: behind a character that isn't ASCII.
  private static func replacingUnsafe(_ written: String) -> String {
    var name = String.UnicodeScalarView()
    for scalar in written.unicodeScalars {
      let isJoiner = scalar == "\u{200c}" || scalar == "\u{200d}"
      let isKept = isJoiner ? name.last.map { !$0.isASCII } ?? false : !isUnsafe(scalar)
      name.append(isKept ? scalar : "_")
    }
    return String(name)
  }

  /// Control characters, line and paragraph separators, marks that turn the direction of writing, backslashes.
  private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x00...0x1f, 0x7f...0x9f, 0x5c: true
    case 0x061c, 0x200b...0x200f, 0x2028...0x202e, 0x2060...0x2069, 0xfeff, 0xfff9...0xfffb: true
    case 0xe0000...0xe007f, 0x10ff80...0x10ffff: true
    default: false
    }
  }

  /// Cuts between characters, and keeps a short extension.
  static func shortened(_ name: String, to longest: Int) -> String {
    guard ArgumentText.bytes(of: name).count > longest else { return name }
    var ending = ""
    if let dot = name.lastIndex(of: "."), dot > name.startIndex, name[dot...].utf8.count <= 16 {
      ending = String(name[dot...])
    }
    var stem = ""
    var room = longest - ending.utf8.count
    // By scalars: one character may be a heap of marks without end.
    for scalar in name.unicodeScalars {
      room -= UTF8.width(scalar)
      guard room >= 0 else { break }
      stem.unicodeScalars.append(scalar)
    }
    return stem + ending
  }

  private static func visible(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.prefix(80).map { isUnsafe($0) && $0 != "\\" ? "?" : $0 }))
  }
}

/// What stands beside a download while it is under way.
enum DownloadFileNames {
  static func part(_ name: String) -> String { stem(name) + ".part" }
  static func journal(_ name: String) -> String { stem(name) + ".part.journal" }

  /// A name as long as a file system takes leaves no room for the suffix: then as much of it as there is room for stands
  /// with a checksum of the whole.
  private static func stem(_ name: String) -> String {
    let room = LocalName.longest - ".part.journal".utf8.count
    let bytes = ArgumentText.bytes(of: name)
    guard bytes.count > room else { return name }
    let checksum = Hexadecimal.text(
      bytes.reduce(into: UInt32(0x811c_9dc5)) { $0 = ($0 ^ UInt32($1)) &* 0x0100_0193 }.bigEndianBytes
    )
    var stem = String.UnicodeScalarView()
    var left = room - checksum.utf8.count - 1
    for scalar in name.unicodeScalars {
      left -= UTF8.width(scalar)
      guard left >= 0 else { break }
      stem.append(scalar)
    }
    return "\(String(stem))~\(checksum)"
  }
}

extension UInt32 {
  fileprivate var bigEndianBytes: [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: self >> (24 - 8 * $0)) } }
}
