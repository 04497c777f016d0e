import SockeyeText
import SockeyeTransport
import Testing

@testable import SockeyeDownload

@Suite("Download: which proxy")
struct ProxySelectionTests {
  private static func chosen(_ url: String, _ environment: [String: String]) throws -> String? {
    try ProxySelection(environment: environment).proxy(for: try DownloadURL(url)).map { "\($0)" }
  }

  @Test("Each protocol has its variable, and all_proxy is for what has none; HTTP_PROXY counts for nothing")
  func environment() throws {
    let all = ["http_proxy": "http://a:1", "https_proxy": "b:2", "all_proxy": "socks5h://c:3"]
    #expect(try Self.chosen("http://h/", all) == "http://a:1")
    #expect(try Self.chosen("https://h/", all) == "http://b:2")
    #expect(try Self.chosen("tcp://h:9/x", all) == "socks5://c:3")
    #expect(try Self.chosen("http://h/", ["HTTP_PROXY": "http://a:1"]) == nil)
    #expect(try Self.chosen("https://h/", ["HTTPS_PROXY": "http://a:1"]) == "http://a:1")
    #expect(try Self.chosen("http://h/", ["http_proxy": "", "ALL_PROXY": "a"]) == "http://a:1080")
    #expect(try Self.chosen("http://h/", [:]) == nil)
  }

  @Test("A proxy of a kind that isn't known stops what would go through it, and nothing else")
  func unknownKinds() throws {
    for bad in [
      "socks4://a:1", "https://a:1", "ftp://a", "http://", "http://a:0", "http://a:70000", "unix:/x", "a b:1",
    ] {
      #expect(throws: Failure.self) { _ = try Self.chosen("https://h/", ["https_proxy": bad]) }
      #expect(try Self.chosen("http://h/", ["https_proxy": bad]) == nil)
    }
  }

  @Test("Credentials of the environment's URL are shown to the proxy, and to nobody who reads what is said")
  func credentials() throws {
    let proxy = try ProxyServer("http://al%69ce:pa%3Ass@proxy.example:3128/")
    #expect(proxy.login == "alice" && proxy.password == "pa:ss" && proxy.authorization == "Basic YWxpY2U6cGE6c3M=")
    #expect("\(proxy)" == "http://proxy.example:3128")
    var selection = ProxySelection()
    #expect(throws: Failure.self) { try selection.use("http://alice:secret@proxy.example:3128") }
    do throws(Failure) {
      _ = try ProxyServer("socks9://alice:secret@proxy.example:3128")
      Issue.record("taken")
    } catch {
      #expect(!error.message.contains("secret") && !error.phrase.chinese.contains("secret"))
    }
  }

  @Test(
    "The hosts of no_proxy, by curl's rules",
    arguments: [
      (
        "example.org", ["example.org", "www.example.org", "example.org."], ["notexample.org", "example.org.uk", "org"]
      ),
      (".example.org", ["example.org", "a.b.example.org"], ["xexample.org"]),
      ("a, b c.example.", ["a", "b", "c.example", "x.c.example"], ["c", "ab"]),
      ("*", ["h", "192.0.2.1", "::1"], []),
      ("*.example.org", [], ["www.example.org", "example.org"]),
      ("192.0.2.0/24,::1", ["192.0.2.0", "192.0.2.255", "::1", "0:0:0:0:0:0:0:1"], ["192.0.3.0", "::2", "192.0.2"]),
      ("192.0.2.8/29 2001:db8::/33", ["192.0.2.15", "2001:db8:7fff::1"], ["192.0.2.16", "2001:db8:8000::"]),
      ("[::1]", ["::1"], ["::"]),
      ("0.0.0.0/0", ["192.0.2.1"], ["::1", "h"]),
      ("192.0.2.0/33,192.0.2.0/-1,192.0.2.0/x,/,", [], ["192.0.2.0", "h", ""]),
      ("EXAMPLE.org", ["example.org"], []),
      ("2.1", [], ["192.0.2.1"]),
      ("", [], ["h", ""]),
    ]
  )
  func exceptions(list: String, inside: [String], outside: [String]) {
    let exceptions = ProxyExceptions(list)
    for host in inside { #expect(exceptions.contains(host), "\(host)") }
    for host in outside { #expect(!exceptions.contains(host), "\(host)") }
  }

  @Test("What the call says comes before the environment")
  func call() throws {
    var selection = ProxySelection(environment: ["http_proxy": "a:1", "no_proxy": "h"])
    #expect(try selection.proxy(for: try DownloadURL("http://h/")) == nil)
    try selection.use("socks5://b:2")
    selection.except("other")
    #expect(try selection.proxy(for: try DownloadURL("http://h/")).map { "\($0)" } == "socks5://b:2")
    #expect(try selection.proxy(for: try DownloadURL("http://other/")) == nil)
  }
}
