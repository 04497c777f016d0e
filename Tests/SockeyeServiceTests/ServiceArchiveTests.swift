import NIOCore
import Testing

@testable import SockeyeService

@Suite("Service: archives")
struct ServiceArchiveTests {
  private let directory: TemporaryDirectory
  private let served: ServedDirectory

  init() throws {
    directory = try TemporaryDirectory()
    served = try ServedDirectory(path: directory.path)
    directory.makeDirectory("sub")
    try directory.write("plain", to: "sub/plain")
    try directory.write("#!", to: "sub/tool")
    directory.setMode(0o755, of: "sub/tool")
    try directory.write("secret", to: ".hidden")
  }

  private func walk(_ name: String = "top") throws -> FolderWalk {
    try FolderWalk(.root, named: Array(name.utf8), in: served)
  }

  private func bytes(_ producer: some BodyProducer) throws -> [UInt8] {
    var all: [UInt8] = []
    while let piece = try producer.next(ByteBufferAllocator()) { all += Array(piece.readableBytesView) }
    return all
  }

  @Test("Everything lies below one folder, which comes first, and hidden files are left out")
  func oneTop() throws {
    let walk = try walk()
    var names: [String] = []
    while let item = walk.next() {
      switch item {
      case .folder(let relative, _), .file(_, let relative): names.append(String(decoding: relative, as: UTF8.self))
      }
    }
    #expect(names.first == "top/" && Set(names) == ["top/", "top/sub/", "top/sub/plain", "top/sub/tool"])
  }

  /// The members of a tar archive: name, mode and contents.
  private func members(_ tar: [UInt8]) -> [String: (mode: String, contents: String)] {
    var members: [String: (String, String)] = [:]
    var offset = 0
    func text(_ range: Range<Int>) -> String {
      String(decoding: tar[(offset + range.lowerBound)..<(offset + range.upperBound)].prefix { $0 != 0 }, as: UTF8.self)
    }
    while offset + 512 <= tar.count, tar[offset] != 0 {
      let size = Int(text(124..<135), radix: 8) ?? 0
      let (name, mode) = (text(0..<100), text(100..<107))
      members[name] = (mode, String(decoding: tar[(offset + 512)..<(offset + 512 + size)], as: UTF8.self))
      offset += 512 + (size + 511) / 512 * 512
    }
    return members
  }

  @Test("A tar keeps the contents, and what may be run stays so")
  func tar() throws {
    let members = members(try bytes(TarProducer(try walk())))
    #expect(members["top/sub/plain"]?.contents == "plain" && members["top/sub/plain"]?.mode == "0000644")
    #expect(members["top/sub/tool"]?.contents == "#!" && members["top/sub/tool"]?.mode == "0000755")
    #expect(members["top/"]?.mode == "0000755" && members.count == 4)
  }

  /// The entries of a zip's central directory: name and Unix mode.
  private func entries(_ zip: [UInt8]) -> [String: UInt32] {
    var entries: [String: UInt32] = [:]
    func little(_ offset: Int, _ count: Int) -> UInt32 {
      zip[offset..<(offset + count)].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
    for offset in zip.indices.dropLast(46) where zip[offset...].starts(with: [0x50, 0x4b, 1, 2]) {
      let length = Int(little(offset + 28, 2))
      let name = String(decoding: zip[(offset + 46)..<(offset + 46 + length)], as: UTF8.self)
      entries[name] = little(offset + 38, 4) >> 16
    }
    return entries
  }

  @Test("A zip says of each entry what it is and whether it may be run")
  func zip() throws {
    let entries = entries(try bytes(ZipProducer(try walk())))
    #expect(
      entries == [
        "top/": 0o040_755, "top/sub/": 0o040_755, "top/sub/plain": 0o100_644, "top/sub/tool": 0o100_755,
      ]
    )
  }

  @Test("A file that shrinks while it is archived breaks a tar off, and is never filled up")
  func shrunk() throws {
    let producer = TarProducer(try walk())
    try directory.write(String(repeating: "x", count: 300_000), to: "big")
    _ = try producer.next(ByteBufferAllocator())
    try directory.write("", to: "big")
    var wasCut = false
    do { while try producer.next(ByteBufferAllocator()) != nil {} } catch { wasCut = error is TarProducer.Shrunk }
    #expect(wasCut || directory.read("big") == "")
  }

  @Test(
    "What is to be saved has a plain name for old clients, and its own for the others (RFC 6266)",
    arguments: [
      ("a.zip", "a.zip", "a.zip"), ("接.zip", "_.zip", "%E6%8E%A5.zip"),
      ("a\"b\\c%.zip", "a_b_c_.zip", "a%22b%5Cc%25.zip"),
      ("a\r\nX: y", "a__X: y", "a__X%3A%20y"), ("\u{202e}gpj", "_gpj", "_gpj"),
    ]
  )
  func disposition(name: String, plain: String, full: String) {
    #expect(
      ContentDisposition.attachment(Array(name.utf8)) == "attachment; filename=\"\(plain)\"; filename*=UTF-8''\(full)"
    )
  }
}
