import NIOCore
import SockeyeText
import Testing

@testable import SockeyeService

@Suite("Service: what says that there is nothing else")
struct ServiceRefusalPagesTests {
  private func answer(_ target: String, _ fields: String = "", prefix: String = "") throws -> String {
    let served = try ServedLoop { $0.pathPrefix = prefix }
    return try served.connect().send("GET \(target) HTTP/1.1\r\nHost: x\r\n\(fields)\r\n")
  }

  @Test(
    "A language is chosen by its weight, and by its place where weights are the same (RFC 9110, section 12.5.4)",
    arguments: [
      (nil, Language.english), ("zh-CN,zh;q=0.9,en;q=0.8", .chinese), ("en-GB, zh;q=0.5", .english), ("zh", .chinese),
      ("en;q=0.1, ZH-hant;q=0.2", .chinese), ("fr, de;q=0.9", .english), ("zh;q=0", .english), ("*", .english),
      ("fr, zh;q=0.1", .chinese), ("zh;q=2", .english), ("zhx", .english), (",;,=", .english), ("en, zh", .english),
    ] as [(String?, Language)]
  )
  func languages(field: String?, language: Language) { #expect(Language(accepting: field) == language) }

  @Test("A client that is no browser gets a line, in its language")
  func lines() throws {
    let english = try answer("/none")
    #expect(english.hasSuffix("404 Not Found: there is no such file here\n"))
    #expect(english.contains("Content-Type: text/plain; charset=utf-8\r\nContent-Language: en\r\n"))
    let chinese = try answer("/none", "Accept: */*\r\nAccept-Language: zh-CN\r\n")
    #expect(chinese.hasSuffix("404 没有找到: 这里没有这个文件\n") && chinese.contains("Content-Language: zh\r\n"))
    #expect(chinese.contains("Vary: Accept, Accept-Language\r\n"))
  }

  @Test("A browser gets a page in its language, which may do nothing and repeats nothing of what was sent")
  func pages() throws {
    let browser = "Accept: text/html,*/*;q=0.8\r\nAccept-Language: zh\r\n"
    let hostile = "/%3Cscript%3Ealert(1)%3C/script%3E?<script>\"'"
    let page = try answer(hostile, browser)
    #expect(page.hasPrefix("HTTP/1.1 404 Not Found\r\n") && page.contains("<html lang=\"zh\">"))
    #expect(page.contains("<h1>404 没有找到</h1>") && page.contains("Content-Security-Policy: default-src 'none'"))
    #expect(!page.contains("script") && !page.contains("alert"))
    // The length that is told is that of the bytes.
    let body = try #require(page.firstRange(of: "\r\n\r\n").map { page[$0.upperBound...] })
    #expect(page.contains("Content-Length: \(body.utf8.count)\r\n"))
  }

  @Test("A page's head alone tells the page's length")
  func heads() throws {
    let request = "HEAD /none HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n"
    let reply = try ServedLoop().connect().send(request)
    let page = try answer("/none", "Accept: text/html\r\n")
    let length = try #require(page.split(separator: "\r\n").first { $0.hasPrefix("Content-Length") })
    #expect(reply.hasSuffix("\r\n\r\n") && reply.split(separator: "\r\n").contains(length))
  }

  @Test(
    "Links lead up and to the top as a browser counts slashes, and nowhere from what is no path",
    arguments: [
      ("/", nil, "./"), ("/x", nil, "./"), ("/a/x", "./", "../"), ("/a/x/", "../", "../../"), ("/a//x", "./", "../../"),
      ("/a/x?/y/", "./", "../"), ("x", nil, nil), ("", nil, nil), ("http://h/x", nil, nil), ("*", nil, nil),
      ("/" + String(repeating: "a/", count: 4000), nil, nil),
    ] as [(String, String?, String?)]
  )
  func ways(uri: String, up: String?, top: String?) {
    let ways = ErrorPage.Ways(from: uri)
    #expect(ways.up == up && ways.top == top)
  }

  @Test("Below a prefix the top is the prefix's folder, and outside there are no links")
  func prefixedWays() throws {
    #expect(try answer("/p/q/a/none", "Accept: text/html\r\n", prefix: "/p/q").contains("<a href=\"../\">The top</a>"))
    #expect(try !answer("/elsewhere/none", "Accept: text/html\r\n", prefix: "/p/q").contains("<a "))
  }

  @Test("A listing is in the client's language")
  func listings() {
    for (language, title, name) in [(Language.english, "The top", "Modified"), (.chinese, "最上层", "修改时间")] {
      var buffer = ByteBuffer()
      HTMLListing(path: .root, takesUploads: true, language: language).open(&buffer)
      let page = String(buffer: buffer)
      #expect(page.contains("<html lang=\"\(language.rawValue)\">") && page.contains(title) && page.contains(name))
    }
  }
}
