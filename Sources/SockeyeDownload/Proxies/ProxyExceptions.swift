internal import NIOCore
internal import SockeyeTransport

/// The hosts that are reached without a proxy, in the notation of `no_proxy`, by curl's rules: names, which cover what is
/// beneath them too; addresses; blocks of addresses; `*` alone for all.
struct ProxyExceptions: Hashable, Sendable {
  private enum Entry: Hashable {
    case name(Substring)
    case block([UInt8], bits: Int)
  }

  private let coversAll: Bool
  private let entries: [Entry]

  /// Reads a list, its entries separated by commas or blanks. An entry that makes no sense covers nothing.
  init(_ list: String) {
    coversAll = list.filter { !$0.isWhitespace } == "*"
    entries = list.lowercased().split { $0 == "," || $0.isWhitespace }.compactMap { word in
      guard let slash = word.firstIndex(of: "/") else {
        if let bytes = Self.address(word) { return .block(bytes, bits: bytes.count * 8) }
        let name = Self.withoutEndDots(word.hasPrefix(".") ? word.dropFirst() : word)
        return name.isEmpty ? nil : .name(name)
      }
      guard let bytes = Self.address(word[..<slash]), let bits = Int(word[word.index(after: slash)...]),
        (0...bytes.count * 8).contains(bits)
      else { return nil }
      return .block(bytes, bits: bits)
    }
  }

  /// Whether a host is reached without a proxy.
  ///
  /// - Parameter host: In lower case, without brackets.
  func contains(_ host: String) -> Bool {
    if coversAll { return true }
    if let address = Self.address(host[...]) {
      return entries.contains { entry in
        if case .block(let block, let bits) = entry { Self.isWithin(address, block, bits) } else { false }
      }
    }
    let host = Self.withoutEndDots(host[...])
    return entries.contains { entry in
      if case .name(let name) = entry { host == name || host.hasSuffix("." + name) } else { false }
    }
  }

  private static func withoutEndDots(_ name: Substring) -> Substring {
    name.hasSuffix(".") ? name.dropLast() : name
  }

  private static func address(_ text: Substring) -> [UInt8]? {
    let bare = text.hasPrefix("[") && text.hasSuffix("]") ? text.dropFirst().dropLast() : text
    return (try? SocketAddress(ipAddress: String(bare), port: 0))?.addressBytes
  }

  private static func isWithin(_ address: [UInt8], _ block: [UInt8], _ bits: Int) -> Bool {
    guard address.count == block.count else { return false }
    return zip(address, block).enumerated().allSatisfy { index, pair in
      let kept = min(8, max(0, bits - index * 8))
      let mask = UInt8(truncatingIfNeeded: 0xff00 >> kept)
      return pair.0 & mask == pair.1 & mask
    }
  }
}
