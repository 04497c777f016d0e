/// The name of a host in the one form in which names are compared: lower case, without the dot of the root.
public struct HostName: Hashable, Sendable {
  /// The name.
  public let text: String

  /// A name of letters, digits, hyphens and underscores in labels of 1 to 63 bytes, 253 in all (RFC 1123 section 2.1); nil if
  /// it is none. What looks like an address in numbers is none.
  public init?(ascii name: some StringProtocol) {
    let trimmed = name.hasSuffix(".") ? String(name.dropLast()) : String(name)
    guard (1...253).contains(trimmed.utf8.count) else { return nil }
    let labels = trimmed.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    for label in labels {
      guard (1...63).contains(label.count), label.allSatisfy(Self.isNameByte) else { return nil }
    }
    guard let last = labels.last, !last.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    text = trimmed.lowercased()
  }

  static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): true
    default: false
    }
  }
}
