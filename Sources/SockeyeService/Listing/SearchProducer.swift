import NIOCore

/// Everything below a folder whose name has all the words that were asked for, found while it is sent.
///
/// A tree may be of any size, so that neither what is looked at nor what is found is without an end, and each piece is made
/// of so many entries at most: whoever has left meanwhile costs no more than one of them.
final class SearchProducer: BodyProducer {
  private let words: [String]
  private let directory: ServedDirectory
  private let rules: AccessRules
  private let format: any ListingFormat
  private var levels: [(reader: FolderReader, path: ResourcePath, relative: [UInt8])]
  private var phase = Phase.opening
  private var looked = 0
  private var found = 0

  private enum Phase { case opening, looking, closed }

  /// Entries that are looked at in all, and for one piece.
  static let mostLooked = 1_000_000
  static let mostLookedAtOnce = 2_000
  /// Entries that are found.
  static let mostFound = 5_000
  /// Levels below which nothing is looked at: each costs a descriptor.
  static let deepest = 64
  /// Words that are told apart.
  static let mostWords = 16

  /// - Throws: `ServedDirectory.Refusal`.
  init(
    _ path: ResourcePath,
    words: String,
    in directory: ServedDirectory,
    rules: AccessRules,
    format: any ListingFormat
  ) throws(ServedDirectory.Refusal) {
    self.directory = directory
    self.rules = rules
    self.format = format
    // A form writes a plus for a space.
    let parts = words.split(whereSeparator: { $0.isWhitespace || $0 == "+" })
    self.words = parts.prefix(Self.mostWords).map { $0.lowercased() }
    levels = [(try FolderReader(path, in: directory, rules: rules), path, [])]
  }

  func next(_ allocator: ByteBufferAllocator) throws -> ByteBuffer? {
    guard phase != .closed else { return nil }
    var buffer = allocator.buffer(capacity: 64 << 10)
    if phase == .opening {
      format.open(&buffer)
      phase = .looking
    }
    for _ in 0..<Self.mostLookedAtOnce where buffer.readableBytes < 48 << 10 {
      guard let entry = step() else { continue }
      guard found < Self.mostFound, looked < Self.mostLooked else { return close(&buffer, isCut: true) }
      format.entry(entry, isFirst: found == 0, &buffer)
      found += 1
    }
    guard !levels.isEmpty, looked < Self.mostLooked else { return close(&buffer, isCut: !levels.isEmpty) }
    return buffer
  }

  private func close(_ buffer: inout ByteBuffer, isCut: Bool) -> ByteBuffer {
    format.close(&buffer, isCut: isCut)
    phase = .closed
    levels = []
    return buffer
  }

  /// Looks at one more entry; answers it if it is one of those that are wanted.
  private func step() -> FolderEntry? {
    guard let level = levels.last else { return nil }
    guard let entry = level.reader.next() else {
      levels.removeLast()
      return nil
    }
    looked += 1
    let relative = level.relative + entry.name
    // A link to a folder may lead back up: only real folders are looked into.
    if entry.isDirectory, levels.count < Self.deepest, !level.reader.isLink(entry.name) {
      let path = level.path.appending(entry.name, isDirectory: true)
      if let reader = try? FolderReader(path, in: directory, rules: rules) {
        levels.append((reader, path, relative + [UInt8(ascii: "/")]))
      }
    }
    let name = entry.text.lowercased()
    guard words.allSatisfy({ name.contains($0) }) else { return nil }
    return FolderEntry(
      name: relative,
      isDirectory: entry.isDirectory,
      size: entry.size,
      modifiedSeconds: entry.modifiedSeconds
    )
  }
}
