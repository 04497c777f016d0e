import NIOCore
import NIOHTTP1
import Testing

@testable import SockeyeConsole

@Suite("Who may speak to the console")
struct WebAccessTests {
  private let access = WebAccess()
  private let local = try? SocketAddress(ipAddress: "127.0.0.1", port: 8890)

  private func refusal(
    _ purpose: WebAccess.Purpose,
    host: [String] = ["127.0.0.1:8890"],
    origin: [String] = [],
    cookie: String? = nil,
    site: String? = nil
  ) -> WebAccess.Refusal? {
    var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")
    for host in host { head.headers.add(name: "Host", value: host) }
    for origin in origin { head.headers.add(name: "Origin", value: origin) }
    if let cookie { head.headers.add(name: "Cookie", value: cookie) }
    if let site { head.headers.add(name: "Sec-Fetch-Site", value: site) }
    return access.refusal(of: head, at: local, for: purpose)
  }

  private var cookie: String { "sockeye-console-8890=\(access.cookie.text)" }
  private let own = "http://127.0.0.1:8890"

  @Test(
    "The address and localhost are this server's hosts",
    arguments: ["127.0.0.1:8890", "localhost:8890", "LOCALHOST:8890"]
  )
  func ourHosts(_ host: String) {
    #expect(refusal(.page, host: [host]) == nil)
  }

  @Test(
    "A name that was pointed at this machine is not",
    arguments: [
      [], [""], ["evil.example:8890"], ["127.0.0.1"], ["127.0.0.1:80"], ["127.0.0.2:8890"],
      ["localhost.evil.example:8890"],
      ["127.0.0.1:8890", "127.0.0.1:8890"], ["user@127.0.0.1:8890"], ["127.0.0.1:8890:1"], [" 127.0.0.1:8890"],
      ["0.0.0.0:8890"],
      ["2130706433:8890"], ["[::1]:8890"],
    ]
  )
  func otherHosts(_ hosts: [String]) {
    for purpose in [WebAccess.Purpose.page, .exchange, .secret, .change] {
      #expect(refusal(purpose, host: hosts, origin: [own], cookie: cookie) == .wrongHost)
    }
  }

  @Test("IPv6 is called by its address in brackets")
  func version6() throws {
    let local = try SocketAddress(ipAddress: "::1", port: 8890)
    #expect(WebAccess.isOurs("[::1]:8890", local))
    #expect(WebAccess.isOurs("localhost:8890", local))
    #expect(!WebAccess.isOurs("::1:8890", local))
  }

  @Test("An address of the network is not called localhost")
  func networkAddress() throws {
    let local = try SocketAddress(ipAddress: "192.0.2.7", port: 8890)
    #expect(WebAccess.isOurs("192.0.2.7:8890", local))
    #expect(!WebAccess.isOurs("localhost:8890", local))
  }

  @Test(
    "What changes something needs this server's origin, once",
    arguments: [
      [], ["null"], ["http://evil.example"], ["https://127.0.0.1:8890"], ["http://127.0.0.1"],
      ["http://localhost:8890"],
      ["http://127.0.0.1:8890", "http://127.0.0.1:8890"], ["http://127.0.0.1:8890/"],
      ["http://127.0.0.1:8890.evil.example"],
    ]
  )
  func origins(_ origins: [String]) {
    #expect(refusal(.change, origin: origins, cookie: cookie) == .foreignOrigin)
    #expect(refusal(.exchange, origin: origins) == .foreignOrigin)
  }

  @Test("The page's own requests are answered")
  func ownRequests() {
    #expect(refusal(.exchange, origin: [own]) == nil)
    #expect(refusal(.change, origin: [own], cookie: cookie) == nil)
    #expect(refusal(.change, origin: [own], cookie: "a=b; \(cookie); c=d") == nil)
    #expect(refusal(.secret, cookie: cookie, site: "same-origin") == nil)
    #expect(refusal(.secret, cookie: cookie) == nil)
  }

  @Test("Without the right cookie nothing secret is told, and nothing changed")
  func cookies() {
    let wrong = [
      nil, "", "sockeye-console-8890=", "sockeye-console-8890=\(access.token.text)",
      "sockeye-console-1=\(access.cookie.text)",
      "x\(cookie)", "\(cookie)0", String(cookie.dropLast()),
    ]
    for cookie in wrong {
      #expect(refusal(.change, origin: [own], cookie: cookie) == .unauthorised)
      #expect(refusal(.secret, cookie: cookie) == .unauthorised)
    }
  }

  @Test("A request that another site caused is told nothing secret", arguments: ["cross-site", "same-site"])
  func sites(_ site: String) {
    #expect(refusal(.secret, cookie: cookie, site: site) == .foreignOrigin)
  }

  @Test("A guess that is wrong anywhere, or everywhere, is no guess")
  func guesses() {
    let secret = Secret()
    let own = Array(secret.text.utf8)
    #expect(secret.equals(own))
    for index in own.indices {
      for other in Array("0123456789abcdef".utf8) where other != own[index] {
        var guess = own
        guess[index] = other
        #expect(!secret.equals(guess))
      }
    }
    for _ in 0..<1000 { #expect(!secret.equals(Secret().text.utf8)) }
  }

  @Test("Token and cookie are 128 bits each, and others at each start")
  func secrets() {
    let other = WebAccess()
    #expect(Set([access.token.text, access.cookie.text, other.token.text, other.cookie.text]).count == 4)
    #expect(access.token.text.utf8.count == 32)
    #expect(access.cookieField(local).hasSuffix("; Path=/; HttpOnly; SameSite=Strict"))
  }
}
