import Glibc
import NIOCore
import Testing

@testable import SockeyeService

@Suite("Service: what contents are called, and how they are shown")
struct ServiceContentTests {
  @Test(
    "The media type goes by the ending in any case, or by a name that says text",
    arguments: [
      ("a.TXT", "text/plain"), ("a.tar.gz", "application/gzip"), ("a.vtt", "text/vtt"), ("README", "text/plain"),
      ("Makefile", "text/plain"), ("LICENSE", "text/plain"), ("README.zh", "text/plain"),
      ("readme.md", "text/markdown"),
      ("Dockerfile", "text/plain"),
    ]
  )
  func mediaTypes(name: String, type: String) { #expect(MediaType.of(name: Array(name.utf8)) == type) }

  @Test(
    "A name that tells nothing has the type of bytes",
    arguments: ["a", "a.", ".", "a.unknown-to-all", "a.éé", "a.longerthananyending", "makefiles", ""]
  )
  func unknownTypes(name: String) { #expect(MediaType.of(name: Array(name.utf8)) == "application/octet-stream") }

  @Test("The system's table is read as it is written, and what is no type in it is left out")
  func systemTypes() {
    let table = MediaType.table(
      "# comment\nmodel/stl\t\tstl STLB # more\n\nnonsense x\nte\u{1}xt/x evil\naudio/ape ape\r\n"
    )
    #expect(table == ["stl": "model/stl", "stlb": "model/stl", "ape": "audio/ape"])
  }

  private func encoding(_ bytes: [UInt8], isWhole: Bool = true) -> TextEncoding {
    TextEncoding(bytes, isWhole: isWhole)
  }

  @Test("A text is UTF-8 if it is valid, UTF-16 by its mark, and otherwise nobody knows")
  func encodings() {
    #expect(encoding([]) == .utf8 && encoding(Array("接收".utf8)) == .utf8)
    #expect(encoding([0xbd, 0xd3, 0xca, 0xd5]) == .unknown && encoding([0xff, 0xfe, 0x61, 0]) == .utf16)
    #expect(encoding([0x61, 0xc3]) == .unknown && encoding([0x61, 0xc0, 0xaf]) == .unknown)
    #expect(TextEncoding.utf8.label("text/plain") == "text/plain; charset=utf-8")
    #expect(TextEncoding.unknown.label("text/html") == "text/html")
  }

  @Test("A sample may end inside a character, wherever that is")
  func samples() {
    let text = Array("aé接😀".utf8)
    for end in 1...text.count { #expect(encoding(Array(text[..<end]), isWhole: false) == .utf8, "\(end)") }
    #expect(encoding(Array(text[..<2]), isWhole: true) == .unknown)
    #expect(encoding([0x61, 0xff], isWhole: false) == .unknown)
  }

  @Test("A file is labelled by what it holds", arguments: [("hello", "; charset=utf-8"), ("", "; charset=utf-8")])
  func labels(contents: String, label: String) throws {
    let served = try ServedLoop()
    try served.directory.write(contents, to: "t.txt")
    let text = try served.connect().send("HEAD /t.txt HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(text.contains("Content-Type: text/plain\(label)\r\n"))
  }

  @Test("A text in an encoding of old has no label, and a new version is looked at anew")
  func oldEncoding() throws {
    let served = try ServedLoop()
    let file = try #require(fopen("\(served.directory.path)/t.txt", "w"))
    fwrite([0xbd, 0xd3, 0xca, 0xd5], 1, 4, file)
    fclose(file)
    let request = "HEAD /t.txt HTTP/1.1\r\nHost: x\r\n\r\n"
    #expect(try served.connect().send(request).contains("Content-Type: text/plain\r\n"))
    try served.directory.write("plain again", to: "t.txt")
    #expect(try served.connect().send(request).contains("Content-Type: text/plain; charset=utf-8\r\n"))
  }

  @Test(
    "A digest's line is one that sha256sum reads",
    arguments: [("a b", "  a b\n"), ("a\\b", "  a\\\\b\n"), ("a\nb", "  a\\nb\n"), ("a\rb", "  a\\rb\n")]
  )
  func digestLines(name: String, end: String) {
    let line = String(decoding: FileDigest(bytes: [0xab]).line(name: Array(name.utf8)[...]), as: UTF8.self)
    #expect(line == (end.contains("\\") ? "\\ab" : "ab") + end)
  }

  // MARK: Listings

  private func html(_ path: String) throws -> String {
    var buffer = ByteBuffer()
    let listing = HTMLListing(path: try #require(ResourcePath(path.utf8)), takesUploads: false)
    listing.open(&buffer)
    listing.close(&buffer, isCut: false)
    return String(buffer: buffer)
  }

  @Test("Every link in a listing is relative, so that a prefix before it holds")
  func relativeLinks() throws {
    let page = try html("a/b/c/")
    let links = page.ranges(of: "href=\"").map { page[$0.upperBound...].prefix { $0 != "\"" } }
    #expect(links.filter { !$0.hasPrefix("#") } == ["../../../", "../../", "../", "./", "../"])
    #expect(try html("").contains("<a href=\"./\" title=\"The top\">"))
  }

  @Test("Archives are buttons, which no mirror by links follows")
  func archiveButtons() throws {
    let page = try html("a/")
    #expect(page.contains("<button name=\"zip\"") && page.contains("<button name=\"tar\""))
    #expect(!page.contains("href=\"?") && !page.contains("action="))
  }

  @Test("A form's empty value asks as a bare name does", arguments: ["zip", "zip=", "a&zip=1"])
  func formQueries(query: String) { #expect(QueryParameters(query).has("zip")) }

  @Test("Escapes in a query are undone, and what is none stands for itself")
  func escapedQueries() {
    let parameters = QueryParameters("h%61sh=%73ha256&%zz=%&é=%C3%A9")
    #expect(parameters["hash"] == "sha256" && parameters["%zz"] == "%" && parameters["é"] == "é")
  }

  private static let marks = [
    "\u{202e}", "\u{9b}", "\u{2066}", "\u{200f}", "\u{feff}", "\u{e0041}", "\u{2028}", "\u{1b}", "\n",
  ]

  private func entry(_ name: String) -> FolderEntry {
    FolderEntry(name: Array(name.utf8), isDirectory: false, size: 1, modifiedSeconds: 0)
  }

  @Test("What would turn a line around or move a terminal is neutral in every list, and its link still names the file")
  func neutral() throws {
    for mark in Self.marks {
      let name = "a\(mark)b.txt"
      for format in [PlainListing(), JSONListing(path: .root), HTMLListing(path: .root, takesUploads: false)]
        as [any ListingFormat]
      {
        var buffer = ByteBuffer()
        format.entry(entry(name), isFirst: true, &buffer)
        let text = String(buffer: buffer).trimmingPrefix("\n").dropLast()
        #expect(!text.unicodeScalars.contains { String($0) == mark }, "\(mark.debugDescription) in \(format)")
      }
      #expect(try RequestTarget("/" + entry(name).reference).path.bytes == Array(name.utf8))
    }
  }

  @Test("Joiners that scripts are written with stay, and what is no UTF-8 is replaced in lines")
  func joiners() {
    var buffer = ByteBuffer()
    PlainListing().entry(entry("می\u{200c}خواهم"), isFirst: true, &buffer)
    PlainListing().entry(
      FolderEntry(name: [0x61, 0x9b, 0x62], isDirectory: true, size: 0, modifiedSeconds: 0),
      isFirst: false,
      &buffer
    )
    #expect(String(buffer: buffer) == "می\u{200c}خواهم\na\u{fffd}b/\n")
    #expect(HTMLListing.escaped("می\u{200c}خواهم") == "می\u{200c}خواهم")
  }

  // MARK: A certificate that is kept

  private static let now: Int64 = 1_800_000_000

  private func kept(_ directory: TemporaryDirectory, now: Int64 = Self.now) throws -> (String, Bool) {
    let path = "\(directory.path)/state/sockeye/serve.pem"
    let (identity, isKept) = try ServiceIdentity.kept(at: path, names: ["localhost", "127.0.0.1"], now: now)
    return (identity.fingerprint, isKept)
  }

  @Test("A certificate is kept between starts, for its user's eyes alone, until it is about to end")
  func certificate() throws {
    let directory = try TemporaryDirectory()
    let first = try kept(directory)
    #expect(first.1)
    #expect(directory.mode("state/sockeye/serve.pem") == 0o600 && directory.mode("state/sockeye") == 0o700)
    #expect(try kept(directory).0 == first.0)
    let late = try kept(directory, now: Self.now + 397 * 86_400 - 2 * 3600)
    #expect(late.1 && late.0 != first.0)
  }

  @Test("A key that others may read, a link in its place, or half a file is not believed")
  func distrust() throws {
    let directory = try TemporaryDirectory()
    let first = try kept(directory)
    directory.setMode(0o640, of: "state/sockeye/serve.pem")
    let second = try kept(directory)
    #expect(second.0 != first.0 && directory.mode("state/sockeye/serve.pem") == 0o600)
    rename("\(directory.path)/state/sockeye/serve.pem", "\(directory.path)/elsewhere.pem")
    directory.link("state/sockeye/serve.pem", to: "../../elsewhere.pem")
    #expect(try kept(directory).0 != second.0)
    try directory.write("-----BEGIN CERTIFICATE-----\n", to: "state/sockeye/serve.pem")
    #expect(try kept(directory).1)
  }

  @Test("Where nothing can be written a certificate is good for one start")
  func unwritable() throws {
    let directory = try TemporaryDirectory()
    try directory.write("", to: "state")
    #expect(try !kept(directory).1)
  }
}
