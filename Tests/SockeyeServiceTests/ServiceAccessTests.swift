import NIOCore
import SockeyeTransport
import Testing

@testable import SockeyeService

@Suite("Service: who may come in")
struct ServiceAccessTests {
  private func address(_ text: String) throws -> SocketAddress { try SocketAddress(ipAddress: text, port: 1) }

  @Test(
    "A block contains its addresses and no others",
    arguments: [
      ("192.0.2.0/24", "192.0.2.255", true), ("192.0.2.0/24", "192.0.3.0", false), ("0.0.0.0/0", "203.0.113.9", true),
      ("192.0.2.128/25", "192.0.2.127", false), ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.6", false),
      ("2001:db8::/33", "2001:db8:7fff::1", true), ("2001:db8::/33", "2001:db8:8000::1", false),
      ("192.0.2.0/24", "::ffff:192.0.2.1", true), ("::/0", "192.0.2.1", false),
    ]
  )
  func blocks(block: String, text: String, isInside: Bool) throws {
    let address = try self.address(text)
    #expect(try AddressBlock(block).contains(address) == isInside)
  }

  @Test(
    "What is no block is refused",
    arguments: ["", "x", "192.0.2.0/33", "192.0.2.0/-1", "::/129", "192.0.2.0/", "/8"]
  )
  func badBlocks(text: String) { #expect(throws: Failure.self) { try AddressBlock(text) } }

  @Test("Denying wins over allowing, and nobody else is admitted where some are allowed")
  func filter() throws {
    var filter = AddressFilter()
    func admits(_ text: String) throws -> Bool { filter.admits(try address(text)) }
    #expect(try admits("203.0.113.1"))
    filter.allowed = [try AddressBlock("192.0.2.0/24")]
    filter.denied = [try AddressBlock("192.0.2.7")]
    #expect(try admits("192.0.2.6"))
    #expect(try !admits("192.0.2.7"))
    #expect(try !admits("203.0.113.1"))
  }

  @Test("An address has so many connections and no more, until one ends")
  func counts() {
    let counts = ClientCounts()
    #expect(counts.enter("a", limit: 2) && counts.enter("a", limit: 2) && !counts.enter("a", limit: 2))
    #expect(counts.enter("b", limit: 2))
    counts.leave("a")
    #expect(counts.enter("a", limit: 2) && !counts.enter("a", limit: 2))
  }

  // MARK: The PROXY protocol

  private static let signature: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]

  private func describe(_ bytes: [UInt8]) -> String {
    switch ProxyProtocol.parse(ByteBuffer(bytes: bytes)) {
    case .incomplete: "incomplete"
    case .malformed: "malformed"
    case .header(let length, let source): "\(length) \(source?.text ?? "-")"
    }
  }

  @Test(
    "A line of version 1 says who connects",
    arguments: [
      ("PROXY TCP4 192.0.2.1 192.0.2.2 40000 80\r\nrest", "41 192.0.2.1:40000"),
      ("PROXY TCP6 2001:db8::1 ::1 5 80\r\n", "33 [2001:db8::1]:5"), ("PROXY UNKNOWN\r\n", "15 -"),
      ("PROXY UNKNOWN anything at all\r\n", "31 -"), ("PRO", "incomplete"), ("", "incomplete"),
      ("PROXY TCP4 192.0.2.1", "incomplete"), ("GET / HTTP/1.1\r\n", "malformed"),
      ("PROXY TCP4 x y 1 2\r\n", "malformed"), ("PROXY TCP4 ::1 ::1 1 2\r\n", "malformed"),
      ("PROXY TCP4 192.0.2.1 192.0.2.2 65536 80\r\n", "malformed"), ("PROXY TCP4 192.0.2.1\n", "malformed"),
      ("PROXY TCP4 192.0.2.1 192.0.2.2 -1 80\r\n", "malformed"), ("PROXY \r\n", "malformed"),
    ]
  )
  func proxyLines(text: String, outcome: String) { #expect(describe(Array(text.utf8)) == outcome) }

  @Test("A line that does not end is malformed at its 107th byte, not waited for")
  func longProxyLine() {
    let line = Array("PROXY ".utf8) + [UInt8](repeating: 0x41, count: 200)
    #expect(describe(Array(line[..<106])) == "incomplete")
    #expect(describe(Array(line[..<107])) == "malformed")
  }

  @Test("A block of version 2 says who connects, and is read whole or not at all")
  func proxyBlocks() {
    let four: [UInt8] = [0x21, 0x11, 0, 12, 192, 0, 2, 1, 192, 0, 2, 2, 0, 5, 0, 80]
    let block = Self.signature + four
    for count in 0..<block.count { #expect(describe(Array(block[..<count])) == "incomplete") }
    #expect(describe(block + [1, 2, 3]) == "28 192.0.2.1:5")
    #expect(describe(Self.signature + [0x20, 0, 0, 0]) == "16 -")
    #expect(describe(Self.signature + [0x21, 0, 0, 0]) == "16 -")
    #expect(describe(Self.signature + [0x31, 0x11, 0, 0]) == "malformed")
    #expect(describe(Self.signature + [0x22, 0x11, 0, 0]) == "malformed")
    #expect(describe(Self.signature + [0x21, 0x11, 0, 4, 1, 2, 3, 4]) == "malformed")
    #expect(describe(Self.signature + [0x21, 0x21, 0, 12] + [UInt8](repeating: 0, count: 12)) == "malformed")
  }

  // MARK: Passwords

  @Test("A password file is read by its lines, and a bad line is named")
  func passwordFile() throws {
    let line = try PasswordFile.line(user: "ann", password: "geheim", iterations: 3)
    #expect(line.hasPrefix("ann:pbkdf2-sha256$") && !line.contains("geheim"))
    let file = try PasswordFile("# users\n\n\(line)\n", name: "f")
    let entry = try #require(file.entries["ann"])
    func isRight(_ password: String) -> Bool {
      PasswordFile.derive(Array(password.utf8), salt: entry.salt, iterations: entry.iterations) == entry.hash
    }
    #expect(isRight("geheim") && !isRight("Geheim") && !isRight(""))
    for bad in ["ann", "ann:x", ":pbkdf2-sha256$1$AA==$AA==", "ann:pbkdf2-sha256$0$AAAA$AAAA", line + "x"] {
      do {
        _ = try PasswordFile("\n\(bad)", name: "users.txt")
        Issue.record("\(bad) was taken")
      } catch {
        #expect(error.message.contains("users.txt, line 2"))
      }
    }
  }

  @Test("PBKDF2 has the value that RFC 7914, section 11, gives")
  func derivation() {
    let hash = PasswordFile.derive(Array("passwd".utf8), salt: Array("salt".utf8), iterations: 1)
    #expect(Array(hash.prefix(8)) == [0x55, 0xac, 0x04, 0x6e, 0x56, 0xe3, 0x08, 0x9f])
  }

  @Test("Hashes are compared as wholes")
  func comparison() {
    #expect(PasswordFile.areEqual([1, 2, 3], [1, 2, 3]))
    #expect(!PasswordFile.areEqual([1, 2, 3], [1, 2, 4]) && !PasswordFile.areEqual([], [1]))
  }

  @Test("The first bytes tell the protocols apart")
  func openingBytes() {
    func verdict(_ text: String) -> OpeningBytes.Verdict { OpeningBytes.judge(ByteBuffer(string: text)) }
    #expect(verdict("GET / HT") == .http && verdict("DELETE /") == .http)
    #expect(verdict("BREW /pot HTTP/1.1\r\n") == .http)
    #expect(verdict("GE") == .undecided && verdict("a.txt") == .undecided)
    #expect(verdict("a.txt\n") == .bareName && verdict("a b c\r\n") == .bareName)
    #expect(verdict("\u{16}") == .undecided && verdict("\u{16}\u{3}\u{1}") == .tls && verdict("\u{16}x") == .bareName)
    #expect(verdict(String(repeating: "a", count: OpeningBytes.longestLine + 1)) == .bareName)
  }
}
