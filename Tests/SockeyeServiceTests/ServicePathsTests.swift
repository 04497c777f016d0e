import Testing

@testable import SockeyeService

@Suite("Service: paths")
struct ServicePathsTests {
  @Test(
    "A target becomes a path with its escapes undone once",
    arguments: [
      ("/a.txt", "a.txt", ""), ("/", "", ""), ("/sub/", "sub", ""), ("/a%20b", "a b", ""),
      ("/%252e%252e/x", "%2e%2e/x", ""), ("/a?json", "a", "json"), ("http://host:80/a?q=1?2", "a", "q=1?2"),
      ("HTTP://h", "", ""), ("/a\\b", "a\\b", ""), ("/%5c", "\\", ""),
    ]
  )
  func targets(text: String, path: String, query: String) throws {
    let target = try RequestTarget(text)
    #expect(String(decoding: target.path.bytes, as: UTF8.self) == path && target.query == query)
  }

  @Test(
    "What is no target for a file is malformed",
    arguments: ["", "*", "a.txt", "host:80", "ftp://h/a", "/a#b", "/%", "/%4", "/%zz", "/%00", "/a%00.png", "/..%2fx"]
  )
  func malformed(text: String) {
    #expect(throws: RequestTarget.Problem.malformed) { _ = try RequestTarget(text) }
  }

  @Test("A path with an empty name in it can name nothing", arguments: ["//etc/passwd", "/a//b", "/a//", "///"])
  func unnameable(text: String) {
    #expect(throws: RequestTarget.Problem.unnameable) { try RequestTarget(text) }
  }

  @Test(
    "Names that begin with a dot are hidden, and .. is one of them",
    arguments: ["..", ".", ".git/config", "a/../b"]
  )
  func hidden(text: String) throws {
    let path = try #require(ResourcePath(text.utf8))
    #expect(path.isHidden)
  }

  @Test("A dot elsewhere hides nothing", arguments: ["a.b", "a..", "a/b.c"])
  func visible(text: String) throws {
    let path = try #require(ResourcePath(text.utf8))
    #expect(!path.isHidden)
  }

  @Test("A path goes into a URL with everything escaped that is not plain, and comes back the same")
  func roundTrip() throws {
    let bytes = (1...255).map { UInt8($0) }.filter { $0 != UInt8(ascii: "/") }
    let path = try #require(ResourcePath(Array("d/".utf8) + bytes))
    let text = path.percentEncoded
    #expect(text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: "\"") })
    let target = try RequestTarget(text)
    #expect(target.path == path)
  }

  @Test("The media type goes by the ending, in any case")
  func mediaTypes() {
    #expect(MediaType.of(name: Array("a.TXT".utf8)) == "text/plain; charset=utf-8")
    #expect(MediaType.of(name: Array("a.tar.gz".utf8)) == "application/gzip")
    for name in ["a", "a.", ".", "a.unknown", "a.éé", "a.longerthananyending"] {
      #expect(MediaType.of(name: Array(name.utf8)) == "application/octet-stream")
    }
  }

  @Test("GB18030 becomes UTF-8; what is neither becomes nothing")
  func legacyNames() {
    #expect(GB18030.decode([0xbd, 0xd3, 0xca, 0xd5]) == Array("接收".utf8))
    #expect(GB18030.decode([0xff, 0xff]) == nil)
    #expect(GB18030.decode([0xbd]) == nil)
  }
}

@Suite("Service: the served directory")
struct ServedDirectoryTests {
  private let parent: TemporaryDirectory
  private let served: ServedDirectory

  init() throws {
    self.parent = try TemporaryDirectory()
    self.parent.makeDirectory("served")
    try self.parent.write("secret", to: "outside")
    try self.parent.write("inside", to: "served/a")
    try self.parent.write("secret", to: "served/.hidden")
    self.served = try ServedDirectory(path: "\(self.parent.path)/served")
  }

  private func open(_ path: String) throws -> FileMetadata {
    try self.served.open(try #require(ResourcePath(path.utf8))).metadata
  }

  @Test("A file inside is opened, by a link inside as well")
  func inside() throws {
    self.parent.link("served/link", to: "a")
    let file = try self.open("a")
    #expect(file.kind == .file)
    #expect(try self.open("link") == file)
  }

  @Test(
    "A link that leads out, to itself, nowhere or to what is hidden is not found",
    arguments: ["../outside", "/etc/passwd", "link", "nothing", ".hidden", "/proc/self/root/etc/passwd"]
  )
  func links(target: String) {
    self.parent.link("served/link", to: target)
    #expect(throws: ServedDirectory.Refusal.notFound) { try self.open("link") }
  }

  @Test("A hidden name is not found, nor is the way up", arguments: [".hidden", "..", "../outside", "."])
  func hidden(path: String) {
    #expect(throws: ServedDirectory.Refusal.notFound) { try self.open(path) }
  }

  @Test("A FIFO is forbidden, and opening it does not wait for its other end")
  func fifo() {
    self.parent.makeFIFO("served/fifo")
    #expect(throws: ServedDirectory.Refusal.forbidden) { try self.open("fifo") }
  }

  @Test("A listing leaves out what is hidden, leads out or is no file")
  func listing() throws {
    self.parent.link("served/out", to: "/etc")
    self.parent.link("served/in", to: "a")
    self.parent.makeFIFO("served/fifo")
    let reader = try FolderReader(.root, in: self.served)
    var names: Set<String> = []
    while let entry = reader.next() { names.insert(entry.text) }
    #expect(names == ["a", "in"])
  }
}
