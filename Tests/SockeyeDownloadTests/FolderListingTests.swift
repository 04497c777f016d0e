import Testing

@testable import SockeyeDownload

@Suite("Download: listings of other servers")
struct FolderListingTests {
  private static func folder(_ path: String = "/top/") throws -> DownloadURL { try DownloadURL("http://h\(path)") }

  private static func page(_ links: String, title: String = "Index of /top/") -> [UInt8] {
    Array("<html><head><title>\(title)</title></head><body><h1>x</h1>\(links)</body></html>".utf8)
  }

  private static func names(_ body: [UInt8], in path: String = "/top/") throws -> [String]? {
    FolderListing(body, in: try folder(path), most: 1000)?.entries.map {
      String(decoding: $0.bytes, as: UTF8.self) + ($0.type == .directory ? "/" : "")
    }
  }

  @Test(
    "A link is an entry if it leads to something that lies in the folder itself",
    arguments: [
      ("name", "name"), ("./name", "name"), ("/top/name", "name"), ("http://h/top/name", "name"),
      ("http://h:80/top/sub/", "sub/"),
      ("//h/top/name", "name"), ("name#part", "name"), ("b%20c", "b c"), ("%e6%8e%a5", "接"), ("接", "接"),
      ("%74op", "top"),
      ("../", nil), ("..", nil), ("./", nil), ("", nil), ("/", nil), ("/top/", nil), ("/top", nil), ("/other", nil),
      ("sub/deeper", nil), ("../other", nil), ("../../etc/passwd", nil), ("/top/../x", nil), ("?C=N;O=D", nil),
      ("name?x", nil),
      ("http://other/top/name", nil), ("https://h/top/name", nil), ("//other/top/name", nil),
      ("http://h:81/top/name", nil),
      ("javascript:alert(1)", nil), ("mailto:a@b", nil), ("data:text/html,x", nil), ("#top", nil), ("http://", nil),
      ("%2e%2e/name", nil), ("../top/name", "name"), ("%2Ftop", "/top"),
    ] as [(String, String?)]
  )
  func links(reference: String, name: String?) throws {
    let link = ListedLink(reference, in: try Self.folder())
    #expect(link.map { String(decoding: $0.name, as: UTF8.self) + ($0.isFolder ? "/" : "") } == name)
  }

  @Test("Names of folders are compared as the bytes that they are")
  func encodedFolders() throws {
    #expect(ListedLink("/%E6%8e%a5/x", in: try Self.folder("/%e6%8E%A5/"))?.name == Array("x".utf8))
    #expect(ListedLink("/a/b/x", in: try Self.folder("/a%2Fb/")) == nil)
  }

  @Test(
    "Links are read however they are written, and each name counts once",
    arguments: [
      ("<a href=\"a\">a</a> <A class=x HREF='b'>b</A> <a\nhref=c>c</a>", ["a", "b", "c"]),
      (
        "<a href=\"a&amp;b\"> <a href=\"a&#39;c\"> <a href=\"x&y\"> <a href=\"&nope;\">",
        ["a&b", "a'c", "x&y", "&nope;"]
      ),
      ("<img src=x><a href=\"a\"><a href=\"a\"><a href=\"a/\"><a href=\"./a\">", ["a"]),
      ("<a name=x><abbr href=q><a hrefs=b><a href><a href=>", []),
      ("<a href=\"never ends", ["never ends</body></html>"]),
      ("<a = = href = d>", ["d"]), ("<", []), ("<a", []), ("<a href='x'<a href='y'>", ["x", "y"]),
      ("<a href=\"sub/\">", ["sub/"]),
    ]
  )
  func pages(links: String, names: [String]) throws {
    let found = try #require(try Self.names(Self.page(links)))
    // What never ends is one name, of which nothing comes.
    #expect(found == names || (links.contains("never") && found.count <= 1))
  }

  @Test(
    "A page that isn't a listing is none, whatever links it has",
    arguments: ["Sign in", "Reindex of", "", "x Index of"]
  )
  func otherPages(title: String) throws {
    #expect(try Self.names(Self.page("<a href=a>", title: title)) == nil)
    #expect(try Self.names(Array("<html><a href=a>Index of".utf8)) == nil)
  }

  @Test("A page without an end, and one with more links than there may be, are read up to there")
  func endless() throws {
    let links = (0..<5000).map { "<a href=\"n\($0)\">" }.joined()
    #expect(FolderListing(Self.page(links), in: try Self.folder(), most: 100)?.entries.count == 100)
    let open = Self.page(String(repeating: "<a ", count: 200_000) + String(repeating: "<a href=\"", count: 100_000))
    #expect(FolderListing(open, in: try Self.folder(), most: 100)?.entries.count ?? 0 <= 2)
  }

  @Test("The lists in JSON that nginx and caddy make are read, and other JSON isn't")
  func lists() throws {
    let nginx = #"[{"name":"sub","type":"directory","mtime":"x"},{"name":"a b","type":"file","mtime":"x","size":3}]"#
    #expect(try Self.names(Array(nginx.utf8)) == ["sub/", "a b"])
    let caddy =
      #"[{"name":"sub/","size":4096,"url":"./sub/","is_dir":true},{"name":"a","size":3,"url":"./a","is_dir":false}]"#
    #expect(try Self.names(Array(caddy.utf8)) == ["sub/", "a"])
    #expect(try Self.names(Array("[\n]\n".utf8)) == [])
    for other in ["[1]", "{}", #"{"v":2,"entries":[]}"#, #"[{"size":3}]"#, "[", "x", ""] {
      #expect(try Self.names(Array(other.utf8)) == nil)
    }
  }

  // MARK: WebDAV

  private static func multistatus(_ responses: [(String, String)]) -> [UInt8] {
    let items = responses.map { reference, properties in
      "<r:response><r:href> \(reference)\n</r:href><r:propstat><r:prop>\(properties)</r:prop></r:propstat></r:response>"
    }
    return Array("<?xml version='1.0'?><r:multistatus xmlns:r='DAV:'>\(items.joined())</r:multistatus>".utf8)
  }

  @Test("A multistatus has the folder's own entries, with their sizes and times, and nothing that lies elsewhere")
  func properties() throws {
    let folder = "<r:resourcetype><r:collection/></r:resourcetype>"
    let document = Self.multistatus([
      ("/top/", folder), ("/top/sub/", folder), ("/top/noslash", folder), ("/top/../etc", ""),
      ("http://other/top/x", ""),
      ("/top/sub/deep", ""), ("/top/a%20b", "<r:getcontentlength>12</r:getcontentlength>"), ("/top/a%20b", ""),
      (
        "/top/c",
        "<r:getlastmodified>Sun, 06 Nov 1994 08:49:37 GMT</r:getlastmodified><r:getcontentlength>-1</r:getcontentlength>"
      ),
    ])
    let entries = try PropertyListing.entries(document, in: Self.folder(), most: 100)
    #expect(entries.map(\.name) == ["sub", "noslash", "a b", "c"])
    #expect(entries.map(\.type) == [.directory, .directory, .file, .file])
    #expect(entries.map(\.size) == [nil, nil, 12, nil] && entries[3].stamp.modified == 784_111_777)
    #expect(try PropertyListing.entries(document, in: Self.folder(), most: 2).count == 2)
  }

  @Test(
    "What is no multistatus, or declares entities, is none",
    arguments: [
      "<html/>", "<multistatus/>", "", "<D:multistatus xmlns:D='DAV:'>",
      "<!DOCTYPE x [<!ENTITY a 'b'>]><multistatus xmlns='DAV:'><response><href>&a;</href></response></multistatus>",
    ]
  )
  func malformed(document: String) throws {
    let folder = try Self.folder()
    #expect(throws: (any Error).self) { try PropertyListing.entries(Array(document.utf8), in: folder, most: 10) }
  }
}
