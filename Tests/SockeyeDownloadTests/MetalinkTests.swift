import SockeyeText
import SockeyeTransport
import Testing

@testable import SockeyeDownload

@Suite("Download: Metalinks (RFC 5854) and mirrors", .timeLimit(.minutes(1)))
struct MetalinkTests {
  private typealias Reply = ScriptedOrigin.Reply

  private static let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

  private static func document(_ files: String) -> [UInt8] {
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<metalink xmlns=\"urn:ietf:params:xml:ns:metalink\">"
    return Array("\(head)\n\(files)\n</metalink>\n".utf8)
  }

  private static func file(_ name: String, _ urls: [String], digest: String = abc, size: Int = 3) -> String {
    let places = urls.map { "<url>\($0)</url>" }.joined()
    return "<file name=\"\(name)\"><size>\(size)</size><hash type=\"sha-256\">\(digest)</hash>\(places)</file>"
  }

  // MARK: The document

  @Test(
    "The RFC's parts are read: sizes, the strongest digest, places by their priority, and what is unknown is left out"
  )
  func reads() throws {
    let text = """
      <!-- <file> --><generator>x &amp; y</generator><published>2009</published>
      <file name='a &lt;b&gt; &#xe4;&#228;'>
        <identity>i</identity><size> 14471447 </size><copyright><![CDATA[</file>]]></copyright>
        <hash type="sha-1">\(String(repeating: "0", count: 40))</hash>
        <hash type="sha-256">\(Self.abc)</hash><hash type="md4">00</hash><hash>00</hash>
        <pieces length="1" type="sha-1"><hash>00</hash></pieces>
        <url priority="2">http://h/2</url><url location="de" priority="1">https://h/1</url><url>http://h/last</url>
        <url priority="1">ftp://h/0</url><url priority='1'>http://h/1?a=b&amp;c</url><metaurl mediatype="torrent">http://h/t</metaurl>
      </file>
      """
    let file = try #require(try Metalink(Self.document(text), from: "d").files.first)
    #expect(file.name == "a <b> ää" && file.size == 14_471_447 && file.checksum == FileChecksum("sha256:\(Self.abc)"))
    #expect(file.urls.map(\.description) == ["https://h/1", "http://h/1?a=b&c", "http://h/2", "http://h/last"])
  }

  @Test(
    "What isn't well-formed, isn't a Metalink, or has entities and types of its own, is refused",
    arguments: [
      "", "<metalink/>", "<metalink xmlns=\"urn:ietf:params:xml:ns:metalink\"/>", "{}",
      "<metalink xmlns=\"other\"></metalink>",
      "<!DOCTYPE metalink [<!ENTITY a \"b\">]><metalink xmlns=\"urn:ietf:params:xml:ns:metalink\"><file name=\"&a;\"/></metalink>",
      "<!DOCTYPE m SYSTEM \"file:///etc/passwd\"><metalink xmlns=\"urn:ietf:params:xml:ns:metalink\"><file name=\"a\"/></metalink>",
    ]
  )
  func refused(text: String) {
    #expect(throws: Failure.self) { _ = try Metalink(Array(text.utf8), from: "d") }
  }

  @Test("Cut off at any byte, or with any byte replaced, a document is read or refused")
  func truncated() throws {
    let whole = Self.document(Self.file("a&amp;b", ["http://h/x"]))
    _ = try Metalink(whole, from: "d")
    let end = whole.count - 1
    for count in 0..<end { #expect(throws: Failure.self) { _ = try Metalink(Array(whole[..<count]), from: "d") } }
    for index in whole.indices {
      for byte in Array("<>&;\"'/=!?- \0".utf8) + [0xff, 0xc3] {
        var bytes = whole
        bytes[index] = byte
        _ = try? Metalink(bytes, from: "d")
      }
    }
  }

  @Test(
    "XML that is malformed in its inside is refused",
    arguments: [
      "<file name=\"a\"></url></file>", "<file name=\"a\" name=\"b\"></file>", "<file name=\"a\"<b></file>",
      "<file name=a></file>",
      "&lol;", "&#0;", "&#x110000;", "&#xd800;", "&#-1;", "&amp", "& ", "<![CDATA[", "<!-- ", "<?x", "<!ELEMENT a>",
      "<>", "< a>",
      "<file name=\"a\"\"/>", "<file name=\"<\"/>", "</metalink></metalink>", "</metalink>text",
      "</metalink><metalink>",
    ]
  )
  func malformed(text: String) {
    let files = Self.file("ok", ["http://h/x"]) + text
    #expect(throws: Failure.self) { _ = try Metalink(Self.document(files), from: "d") }
  }

  @Test("Elements within elements without end, and more files than there may be, are refused")
  func bounds() {
    for count in [XMLReader.deepest, 100_000] {
      let deep = String(repeating: "<a>", count: count) + String(repeating: "</a>", count: count)
      #expect(throws: Failure.self) { _ = try Metalink(Self.document(deep), from: "d") }
    }
    let many = String(repeating: "<file name=\"a\"/>", count: 100_001)
    #expect(throws: Failure.self) { _ = try Metalink(Self.document(many), from: "d") }
  }

  // MARK: Downloads

  private static func run(
    _ files: (String) -> String,
    change: (inout DownloadOptions) -> Void = { _ in },
    respond: @escaping @Sendable (ScriptedOrigin.Request) -> Reply? = { Reply.file(Array("abc".utf8), $0) }
  ) async throws -> (ScriptedDownload, Result<FolderReport, Failure>) {
    let download = try await ScriptedDownload(respond: respond)
    try download.write(document(files(download.origin.url)), to: "list.meta4")
    let result = await download.with(change) { downloader throws(Failure) in
      try await downloader.downloadMetalink("\(download.path)/list.meta4")
    }
    return (download, result)
  }

  @Test("Files come with their digests, into folders of their own, each from the first place that has it")
  func downloads() async throws {
    let (download, result) = try await Self.run { url in
      Self.file("a", ["\(url)/missing", "\(url)/wrong", "\(url)/a"]) + Self.file("deep/er/b", ["\(url)/b"])
    } respond: { request in
      switch request.target {
      case "/missing": Reply(status: "404 Not Found")
      case "/wrong": Reply.file(Array("abd".utf8), request)
      default: Reply.file(Array("abc".utf8), request)
      }
    }
    #expect(try result.get().downloaded == 2)
    #expect(download.names == ["a", "deep", "list.meta4"])
    #expect(download.contents("a") == Array("abc".utf8) && download.contents("deep/er/b") == Array("abc".utf8))
  }

  @Test(
    "A name that leads elsewhere, hides or isn't plain is refused, and the others come",
    arguments: [
      "../up", "/absolute", "a/../../up", "..", ".", "", "a//b", "a/", ".hidden", "-rf", "..\\up", "a\\b", "C:\\x",
      "a&#10;b",
      "a/.ssh/b", "\u{202e}gpj.exe", "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q",
    ]
  )
  func names(name: String) async throws {
    let (download, result) = try await Self.run { url in
      Self.file(name, ["\(url)/x"]) + Self.file("good", ["\(url)/x"])
    }
    #expect(result.problem == .refusedLocally, "\(name)")
    #expect(download.names == ["good", "list.meta4"])
  }

  @Test("A file without a digest that is known, or without a place, isn't fetched; one of another size isn't kept")
  func unproved() async throws {
    for (file, problem) in [
      ("<file name=\"a\"><url>URL/x</url></file>", .integrity),
      ("<file name=\"a\"><hash type=\"crc\">0</hash></file>", .integrity),
      (Self.file("a", ["ftp://h/x"]), .usage), (Self.file("a", ["URL/x"], size: 4), .integrity),
      (Self.file("a", ["URL/x"], digest: String(repeating: "0", count: 64)), .integrity),
    ] as [(String, Failure.Kind)] {
      let (download, result) = try await Self.run { file.replacing("URL", with: $0) }
      #expect(result.problem == problem && !download.names.contains("a"), "\(file)")
    }
  }

  @Test("A file that is there already is no proof of itself: it is left, and the name is said to be taken")
  func taken() async throws {
    let download = try await ScriptedDownload { Reply.file(Array("abc".utf8), $0) }
    try download.write(Array("xyz".utf8), to: "a")
    try download.write(Self.document(Self.file("a", ["\(download.origin.url)/a"])), to: "list.meta4")
    let result = await download.with { downloader throws(Failure) in
      try await downloader.downloadMetalink("\(download.path)/list.meta4")
    }
    #expect(result.problem == .refusedLocally && download.contents("a") == Array("xyz".utf8))
  }

  @Test("The places that a Metalink names are told nothing of who asks, but for where it came from itself")
  func disclosure() async throws {
    let identity = Credentials(entries: [.init(login: "a", password: "b")])
    let (download, result) = try await Self.run { url in
      Self.file("a", ["\(url)/a"])
    } change: {
      $0.credentials = identity
      try? $0.fields.add("X-Key: secret")
    }
    #expect(result.problem == nil && !download.origin.requests.isEmpty)
    for request in download.origin.requests {
      #expect(request.field("Authorization") == nil && request.field("X-Key") == nil)
    }
    let elsewhere = try await ScriptedDownload { Reply.file(Array("abc".utf8), $0) }
    let there = elsewhere.origin.url
    let home = try await ScriptedDownload { request in
      request.target == "/list"
        ? Reply(
          body: Self.document(
            Self.file("a", ["\(there)/a"]) + Self.file("b", ["/b"].map { "\(request.field("X-Home") ?? "")\($0)" })
          )
        )
        : Reply.file(Array("abc".utf8), request)
    }
    let url = home.origin.url
    let fetched = await home.with {
      $0.credentials = identity
      try? $0.fields.add("X-Home: \(url)")
    } _: { downloader throws(Failure) in
      try await downloader.downloadMetalink("\(url)/list")
    }
    #expect(fetched.problem == nil && home.names == ["a", "b"])
    #expect(elsewhere.origin.requests.allSatisfy { $0.field("Authorization") == nil && $0.field("X-Home") == nil })
    #expect(home.origin.requests.allSatisfy { $0.field("Authorization") == "Basic YTpi" })
  }

  // MARK: Mirrors

  @Test("Mirrors are asked one after the other; what one began isn't gone on with from another, whose file may differ")
  func mirrors() async throws {
    let wrong = try await ScriptedDownload {
      Reply(fields: ["ETag: \"1\""], body: Array("abx".utf8), cut: $0.first == nil ? 2 : 0)
    }
    let download = try await ScriptedDownload { Reply.file(Array("abc".utf8), $0, ["ETag: \"1\""]) }
    let places = [try DownloadURL("\(wrong.origin.url)/x"), try DownloadURL("\(download.origin.url)/y")]
    let result = await download.with { downloader throws(Failure) in
      try await downloader.download(from: places, checksum: FileChecksum("sha256:\(Self.abc)"))
    }
    #expect(result.problem == nil && download.names == ["x"] && download.contents() == Array("abc".utf8))
    #expect(download.origin.requests.map(\.first) == [nil])
  }

  @Test("A failure that is this machine's is no reason to ask elsewhere")
  func localFailure() async throws {
    let download = try await ScriptedDownload { Reply.file(Array("abc".utf8), $0) }
    try download.write([], to: "x")
    let places = try ["x", "y"].map { try DownloadURL("\(download.origin.url)/\($0)") }
    let result = await download.with { downloader throws(Failure) in
      try await downloader.download(from: places, checksum: FileChecksum("sha256:\(Self.abc)"))
    }
    #expect(result.problem == .refusedLocally && download.origin.requests.isEmpty)
  }
}
