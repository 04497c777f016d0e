import SockeyeText
import SockeyeTransport
import Testing

@testable import SockeyeDownload

@Suite("Download: URLs")
struct DownloadURLTests {
  @Test(
    "A URL is read into its parts",
    arguments: [
      ("http://example.org", "example.org", 80, "/"),
      ("https://Example.ORG/a?b#c", "example.org", 443, "/a?b"),
      ("localhost:8888/x", "localhost", 8888, "/x"),
      ("http://[::1]:8080/", "::1", 8080, "/"),
      ("http://[fe80::1%25eth0]/x", "fe80::1%25eth0", 80, "/x"),
      ("http://h/a b/\u{e9}", "h", 80, "/a%20b/%C3%A9"),
      ("http://h/a/../../b/./c/..", "h", 80, "/b/"),
      ("http://h?q", "h", 80, "/?q"),
      ("http://h/%2e%2e/x%zz", "h", 80, "/%2e%2e/x%zz"),
      ("tcp://h:9/a/../b?c", "h", 9, "/a/../b%3Fc"), ("http://中文.Test/文", "xn--fiq228c.test", 80, "/%E6%96%87"),
    ]
  )
  func parts(text: String, host: String, port: UInt16, target: String) throws {
    let url = try DownloadURL(text)
    #expect((url.host, url.port, url.target) == (host, port, target))
  }

  @Test(
    "What is no URL to download from is a usage error",
    arguments: [
      "", "ftp://h/x", "http://", "http://:80/", "tcp://h/name", "http://h:0/", "http://h:65536/", "http://h:x/",
      "http://[::1/", "http://a b/", "http://a\nb/", "http://user:secret@h/x", "http://user@h/x", "file:///etc/passwd",
    ]
  )
  func nonsense(text: String) {
    #expect { try DownloadURL(text) } throws: { ($0 as? Failure)?.kind == .usage }
  }

  @Test("A secret in a URL is not repeated in the message")
  func secret() {
    #expect { try DownloadURL("http://user:secret@h/x") } throws: { !"\($0)".contains("secret@") }
  }

  @Test(
    "A reference leads where RFC 3986, section 5.4, says",
    arguments: [
      ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"), ("/g", "http://a/g"),
      ("//g", "http://g/"), ("?y", "http://a/b/c/d;p?y"), ("g?y", "http://a/b/c/g?y"), ("#s", "http://a/b/c/d;p?q"),
      ("", "http://a/b/c/d;p?q"), (".", "http://a/b/c/"), ("..", "http://a/b/"), ("../g", "http://a/b/g"),
      ("../../../g", "http://a/g"), ("https://x:8443/y", "https://x:8443/y"), ("http://u:p@x/y", "http://x/y"),
      ("g\r\nX: y", "http://a/b/c/g%0D%0AX:%20y"),
    ]
  )
  func references(reference: String, expected: String) throws {
    #expect(try DownloadURL("http://a/b/c/d;p?q").resolving(reference).description == expected)
  }

  @Test(
    "A reference that leads nowhere is the server's mistake",
    arguments: ["ftp://x/", "http://", "javascript:1", "http://[/"]
  )
  func badReferences(reference: String) throws {
    let url = try DownloadURL("http://a/b")
    #expect { try url.resolving(reference) } throws: { ($0 as? Failure)?.kind == .peerProtocol }
  }

  @Test("Bytes that are no UTF-8 are asked for as they were written")
  func rawBytes() throws {
    let name: [UInt8] = [0xB9, 0xFB, 0x2E, 0x74]
    #expect(try DownloadURL(ArgumentText.text(of: Array("http://h/".utf8) + name)).target == "/%B9%FB.t")
    #expect(try DownloadURL(ArgumentText.text(of: Array("tcp://h:1/".utf8) + name)).bareName == name)
  }

  @Test("A bare name is sent as it was written")
  func bareName() throws {
    #expect(try DownloadURL("tcp://h:1/接收/a b%00?.txt").bareName == Array("接收/a b\0?.txt".utf8))
    #expect(try DownloadURL("tcp://h:1/../x").bareName == Array("../x".utf8))
  }
}

@Suite("Download: names")
struct DownloadNameTests {
  @Test(
    "What is unwise in a name is replaced",
    arguments: [
      (".bashrc", "_bashrc"), ("-rf", "_rf"), ("C:\\x", "C__x"), ("a\r\nb", "a__b"), ("a\u{1b}[2J", "a_[2J"),
      ("\u{202e}gpj.exe", "_gpj.exe"), ("a\u{200b}b", "a_b"), ("\u{7f}", "_"), ("~root", "_root"), ("a\\b", "a_b"),
    ]
  )
  func replaced(name: String, expected: String) throws {
    let made = try LocalName(Array(name.utf8))
    #expect(made.text == expected && made.isChanged)
  }

  @Test(
    "What a file system takes stays",
    arguments: [
      "a", "a b", "12:30.log", "café", "接收.txt", "a..b", "x.part", "a%b", "a:b", "👨\u{200d}👩", "می\u{200c}خواهم",
      String(repeating: "n", count: 255),
    ]
  )
  func kept(name: String) throws {
    let made = try LocalName(Array(name.utf8))
    #expect(made.text == name && !made.isChanged)
  }

  @Test("What is not one name is refused", arguments: ["", ".", "..", "a/b", "/", "../x", "..\\x", "a\\..\\b", "a\0b"])
  func refused(name: String) {
    #expect { try LocalName(Array(name.utf8)) } throws: { ($0 as? Failure)?.kind == .refusedLocally }
  }

  @Test("Bytes that are no UTF-8 are kept as digits")
  func invalid() throws {
    #expect(try LocalName([0x41, 0xB9, 0xFB, 0x42]).text == "A%B9%FBB")
    #expect(try LocalName([0xC0, 0xAE, 0xC0, 0xAE]).text == "%C0%AE%C0%AE")
  }

  @Test("A long name is cut between characters and keeps its extension", arguments: ["n", "é", "接", "e\u{301}"])
  func shortened(unit: String) throws {
    let made = try LocalName(Array((String(repeating: unit, count: 300) + ".tar.gz").utf8))
    #expect(made.text.utf8.count <= LocalName.longest && made.text.hasSuffix(".gz"))
    #expect(DownloadFileNames.journal(made.text).utf8.count <= 255)
  }

  @Test("What stands beside two downloads with long names is not the same")
  func longParts() {
    let names = ["a", "b"].map { String(repeating: "接", count: 84) + $0 }
    let parts = names.map(DownloadFileNames.part)
    #expect(parts[0] != parts[1] && parts.allSatisfy { $0.utf8.count <= 247 && $0.hasSuffix(".part") })
    #expect(DownloadFileNames.journal(names[0]) == parts[0] + ".journal")
    #expect(DownloadFileNames.part("x") == "x.part")
  }
}
