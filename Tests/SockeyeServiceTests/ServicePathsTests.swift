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
    arguments: [
      "", "*", "a.txt", "host:80", "ftp://h/a", "/a#b", "/%", "/%4", "/%zz", "/%00", "/a%00.png", "/..%2fx",
      "http:///a", "http://user@h/a", "http://h:x/a",
    ]
  )
  func malformed(text: String) {
    #expect(throws: RequestTarget.Malformed.self) { _ = try RequestTarget(text) }
  }

  @Test(
    "A dot between slashes means nothing, and nothing between them likewise (RFC 3986, section 5.2.4)",
    arguments: [
      ("/./f", "f", false), ("//f", "f", false), ("/a/./b", "a/b", false), ("/a//b", "a/b", false),
      ("/%2e/f", "f", false),
      ("/a/", "a", true), ("/a//", "a", true), ("/a/.", "a", true), ("///", "", true), ("/.", "", true),
      ("//etc/passwd", "etc/passwd", false), ("/./a:b", "a:b", false), ("/a%3Ab", "a:b", false), ("/..f", "..f", false),
    ]
  )
  func dots(text: String, path: String, isDirectory: Bool) throws {
    let target = try RequestTarget(text)
    #expect(String(decoding: target.path.bytes, as: UTF8.self) == path)
    #expect(target.path.namesDirectory == isDirectory)
  }

  @Test(
    "Names that begin with a dot are hidden, and .. is one of them",
    arguments: ["..", ".git/config", "a/../b"]
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
    parent = try TemporaryDirectory()
    parent.makeDirectory("served")
    try parent.write("secret", to: "outside")
    try parent.write("inside", to: "served/a")
    try parent.write("secret", to: "served/.hidden")
    served = try ServedDirectory(path: "\(parent.path)/served")
  }

  private func open(_ path: String) throws -> FileMetadata {
    try served.open(try #require(ResourcePath(path.utf8))).metadata
  }

  @Test("A file inside is opened, by a link inside as well")
  func inside() throws {
    parent.link("served/link", to: "a")
    let file = try open("a")
    #expect(file.kind == .file)
    #expect(try open("link") == file)
  }

  @Test(
    "A link that is absolute is followed like any other, if it ends inside",
    arguments: ["a", "sub/a", "link", "sub/", "", "."]
  )
  func absoluteLinks(target: String) throws {
    parent.makeDirectory("served/sub")
    try parent.write("below", to: "served/sub/a")
    parent.link("served/link", to: "a")
    parent.link("served/absolute", to: "\(parent.path)/served/\(target)")
    let found = try served.open(try #require(ResourcePath("absolute".utf8))).metadata
    #expect(try found == open(target))
    parent.link("served/through", to: "\(parent.path)/served/sub")
    #expect(try open("through/a") == open("sub/a"))
    #expect(throws: ServedDirectory.Refusal.notFound) { try open("through/nothing") }
  }

  @Test(
    "An absolute link to what is hidden, or beside the directory, is not found",
    arguments: [".hidden", "../outside"]
  )
  func absoluteLinksOut(target: String) {
    parent.link("served/absolute", to: "\(parent.path)/served/\(target)")
    #expect(throws: ServedDirectory.Refusal.notFound) { try open("absolute") }
  }

  @Test("A directory whose name begins like the served one's is outside")
  func sibling() throws {
    parent.makeDirectory("served-too")
    try parent.write("secret", to: "served-too/a")
    parent.link("served/absolute", to: "\(parent.path)/served-too/a")
    #expect(throws: ServedDirectory.Refusal.notFound) { try open("absolute") }
  }

  @Test(
    "A link that leads out, to itself, nowhere or to what is hidden is not found",
    arguments: ["../outside", "/etc/passwd", "link", "nothing", ".hidden", "/proc/self/root/etc/passwd"]
  )
  func links(target: String) {
    parent.link("served/link", to: target)
    #expect(throws: ServedDirectory.Refusal.notFound) { try open("link") }
  }

  @Test("A hidden name is not found, nor is the way up", arguments: [".hidden", "..", "../outside", "./.hidden"])
  func hidden(path: String) {
    #expect(throws: ServedDirectory.Refusal.notFound) { try open(path) }
  }

  @Test("A FIFO is forbidden, and opening it does not wait for its other end")
  func fifo() {
    parent.makeFIFO("served/fifo")
    #expect(throws: ServedDirectory.Refusal.forbidden) { try open("fifo") }
  }

  @Test("A listing leaves out what is hidden, leads out or is no file")
  func listing() throws {
    parent.link("served/out", to: "/etc")
    parent.link("served/in", to: "a")
    parent.makeFIFO("served/fifo")
    let reader = try FolderReader(.root, in: served)
    var names: Set<String> = []
    while let entry = reader.next() { names.insert(entry.text) }
    #expect(names == ["a", "in"])
  }
}
