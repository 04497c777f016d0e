import SockeyeTransport
import SockeyeWire
import Testing

@testable import SockeyeGateway

@Suite("Where a gateway's child may go")
struct AccessPolicyTests {
  private func policy(allow: [String] = [], deny: [String] = []) throws -> AccessPolicy {
    AccessPolicy(
      allowed: try allow.map { try AccessRule($0) },
      denied: try deny.map { try AccessRule($0) },
      machineAddresses: [try address("203.0.113.5"), try address("192.168.1.5"), try address("2001:db8:5::5")]
    )
  }

  private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

  private func name(_ text: String, isGiven: Bool = false) throws -> KnownName {
    KnownName(try #require(HostName(ascii: text)), isGiven: isGiven)
  }

  /// Attempts to get past `--allow example.com:443 --allow *.example.org --allow 198.51.100.0/24`: where to, and by which names
  /// the child knows the address.
  static let escapes: [(address: String, port: UInt16?, names: [String])] = [
    // Raw addresses, with no name or another's.
    ("93.184.216.34", 443, []), ("93.184.216.34", 443, ["evil.example"]),
    ("93.184.216.34", 443, ["example.com.evil.net"]),
    ("93.184.216.34", 443, ["notexample.com"]), ("93.184.216.34", 443, ["xexample.org"]),
    ("93.184.216.34", 443, ["example.org"]), ("93.184.216.34", 443, ["www.example.com"]),
    // The right name at another port, and what has no port where a rule names one.
    ("93.184.216.34", 80, ["example.com"]), ("93.184.216.34", 444, ["example.com"]),
    ("93.184.216.34", 53, ["example.com"]),
    ("93.184.216.34", nil, ["example.com"]), ("8.8.8.8", 53, []), ("8.8.8.8", 853, ["dns.google"]),
    // The network's neighbours.
    ("198.51.101.1", 80, []), ("198.51.99.255", 80, []), ("198.51.101.0", 443, []),
    // A name that is allowed, given an address that it has no business with (rebinding).
    ("127.0.0.1", 443, ["example.com"]), ("127.1.2.3", 443, ["example.com"]), ("0.0.0.0", 443, ["example.com"]),
    ("0.1.2.3", 443, ["example.com"]), ("10.0.0.1", 443, ["example.com"]), ("10.0.2.15", 443, ["a.example.org"]),
    ("172.16.0.1", 443, ["example.com"]), ("172.31.255.255", 443, ["example.com"]),
    ("192.168.0.1", 443, ["example.com"]),
    ("169.254.169.254", 443, ["example.com"]), ("169.254.169.254", 80, ["metadata.example.org"]),
    ("100.64.0.1", 443, ["example.com"]), ("198.18.0.1", 443, ["example.com"]), ("192.0.0.170", 443, ["example.com"]),
    ("203.0.113.5", 443, ["example.com"]), ("192.168.1.5", 443, ["a.example.org"]),
    ("224.0.0.1", 443, ["example.com"]), ("239.255.255.250", 1900, ["a.example.org"]),
    ("255.255.255.255", 443, ["example.com"]), ("240.0.0.1", 443, ["example.com"]),
    ("::1", 443, ["example.com"]), ("::", 443, ["example.com"]), ("fe80::1", 443, ["example.com"]),
    ("fc00::1", 443, ["example.com"]), ("fd73:6f63:6b65::2", 443, ["example.com"]), ("fec0::1", 443, ["example.com"]),
    ("ff02::1", 443, ["example.com"]), ("2001:db8:5::5", 443, ["example.com"]),
    // IPv4 addresses in IPv6 ones: mapped, compatible, translated, tunnelled.
    ("::ffff:127.0.0.1", 443, ["example.com"]), ("::ffff:10.0.0.1", 443, ["example.com"]),
    ("::ffff:93.184.216.34", 443, []), ("::127.0.0.1", 443, ["example.com"]),
    ("::ffff:0:127.0.0.1", 443, ["example.com"]),
    ("64:ff9b::127.0.0.1", 443, ["example.com"]), ("64:ff9b::10.0.0.1", 443, ["example.com"]),
    ("64:ff9b::203.0.113.5", 443, ["example.com"]), ("64:ff9b:1::192.168.0.1", 443, ["example.com"]),
    ("64:ff9b::93.184.216.34", 443, []), ("2002:7f00:1::1", 443, ["example.com"]),
    ("2002:c0a8:1::1", 443, ["example.com"]),
    ("2002:a9fe:a9fe::1", 443, ["example.com"]), ("2001:0:4136:e378:8000:63bf:80ff:fffe", 443, ["example.com"]),
    ("2001:db8::5efe:127.0.0.1", 443, ["example.com"]), ("2001:db8::200:5efe:10.0.0.1", 443, ["example.com"]),
    ("2001:db8::1", 443, []), ("2001:db8::1", 443, ["evil.example"]),
  ]

  @Test("An allow-list lets none of these out", arguments: escapes)
  func escape(address text: String, port: UInt16?, names: [String]) throws {
    let policy = try policy(allow: ["example.com:443", "*.example.org", "198.51.100.0/24"])
    let names = try names.map { try name($0) }
    #expect(policy.refusal(of: try address(text), port: port, names: names) != nil)
  }

  @Test("There are enough of them")
  func escapeCount() {
    #expect(Self.escapes.count >= 50)
  }

  @Test("An allow-list lets out what it names")
  func allowed() throws {
    let policy = try policy(allow: ["example.com:443", "*.example.org", "198.51.100.0/24", "[2001:db8:1::1]:8000-8100"])
    let ways: [(String, UInt16?, [String])] = [
      ("93.184.216.34", 443, ["example.com"]), ("93.184.216.34", 443, ["other.net", "EXAMPLE.com"]),
      ("93.184.216.34", 25, ["a.b.example.org"]), ("93.184.216.34", nil, ["a.example.org"]), ("198.51.100.9", 1, []),
      ("198.51.100.9", nil, []), ("2001:db8:1::1", 8000, []), ("2001:db8:1::1", 8100, []),
      ("64:ff9b::93.184.216.34", 443, ["example.com"]),
    ]
    for (text, port, names) in ways {
      let names = try names.map { try name($0) }
      #expect(policy.refusal(of: try address(text), port: port, names: names) == nil, "\(text)")
    }
    #expect(policy.refusal(of: try address("2001:db8:1::1"), port: 8101) == .notAllowed)
    #expect(
      policy.refusal(of: try address("10.0.0.1"), port: 443, names: [try name("example.com")]) == .closedUnlessNamed
    )
  }

  @Test("Without rules all is open but what can only be the machine itself, or nobody")
  func open() throws {
    let policy = try policy()
    for text in ["93.184.216.34", "10.0.0.1", "203.0.113.5", "169.254.169.254", "2001:db8::1", "fd00::1"] {
      #expect(policy.refusal(of: try address(text), port: 80) == nil)
    }
    for text in [
      "127.0.0.1", "0.0.0.0", "0.0.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "::ffff:127.0.0.1", "::127.0.0.1",
      "64:ff9b::7f00:1", "2002:7f00:1::", "ff05::1",
    ] {
      #expect(policy.refusal(of: try address(text), port: 80) == .closedByDefault)
    }
    #expect(policy.refusal(ofQuestionFor: HostName(ascii: "any.thing")) == nil)
    #expect(policy.refusal(ofQuestionFor: nil) == nil)
  }

  @Test("Private networks and the machine's own addresses are opened by who says so alone")
  func explicit() throws {
    let cases: [(rule: String, address: String, isOpen: Bool)] = [
      ("*", "10.0.0.1", false), ("0.0.0.0/0", "10.0.0.1", false), ("10.0.0.0/8", "10.0.0.1", true),
      ("10.0.0.0/24", "10.0.0.1", true), ("10.0.0.1", "10.0.0.1", true), ("10.0.0.0/7", "10.0.0.1", false),
      ("*", "203.0.113.5", false), ("203.0.113.0/24", "203.0.113.5", false), ("203.0.113.5", "203.0.113.5", true),
      ("192.168.1.0/24", "192.168.1.5", false), ("192.168.1.0/24", "192.168.1.6", true),
      ("192.168.1.5", "192.168.1.5", true), ("::/0", "fd00::1", false), ("fd00::/8", "fd00::1", true),
      ("2001:db8:5::5", "2001:db8:5::5", true), ("127.0.0.1", "127.0.0.1", false), ("127.0.0.0/8", "127.0.0.1", false),
      ("*", "93.184.216.34", true), ("0.0.0.0/0", "93.184.216.34", true), ("*", "127.0.0.1", false),
    ]
    for (rule, text, isOpen) in cases {
      let policy = try policy(allow: [rule])
      #expect((policy.refusal(of: try address(text), port: 80) == nil) == isOpen, "\(rule) and \(text)")
    }
    let byName = try policy(allow: ["db.example"])
    #expect(
      byName.refusal(of: try address("10.0.0.1"), port: 80, names: [try name("db.example", isGiven: true)]) == nil
    )
    #expect(byName.refusal(of: try address("10.0.0.1"), port: 80, names: [try name("db.example")]) != nil)
    #expect(
      byName.refusal(of: try address("127.0.0.1"), port: 80, names: [try name("db.example", isGiven: true)]) != nil
    )
  }

  @Test("What a rule denies is closed, whatever else allows it")
  func denied() throws {
    let policy = try policy(allow: ["*.example.com", "*"], deny: ["bad.example.com", "198.51.100.0/24", "*:25"])
    let refused: [(String, UInt16, [String])] = [
      ("93.184.216.34", 443, ["bad.example.com"]), ("93.184.216.34", 443, ["good.example.com", "bad.example.com"]),
      ("198.51.100.7", 443, ["good.example.com"]), ("93.184.216.34", 25, ["good.example.com"]),
      ("64:ff9b::198.51.100.7", 443, []), ("::ffff:198.51.100.7", 443, []),
    ]
    for (text, port, names) in refused {
      guard case .denied = policy.refusal(of: try address(text), port: port, names: try names.map { try name($0) })
      else {
        Issue.record("\(text):\(port) is open")
        continue
      }
    }
    #expect(policy.refusal(of: try address("93.184.216.34"), port: 443, names: [try name("good.example.com")]) == nil)
    #expect(policy.refusal(ofQuestionFor: HostName(ascii: "bad.example.com")) == .denied("bad.example.com"))
    #expect(policy.refusal(ofQuestionFor: HostName(ascii: "good.example.com")) == nil)
  }

  @Test("Who may go to some names may ask for no others: a name is a message to whoever answers for it")
  func questions() throws {
    let policy = try policy(allow: ["example.com:443", "*.example.org", "198.51.100.0/24"])
    for text in ["example.com", "a.b.example.org"] {
      #expect(policy.refusal(ofQuestionFor: HostName(ascii: text)) == nil)
    }
    for text in ["secret.evil.net", "example.org", "www.example.com", "example.com.evil.net"] {
      #expect(policy.refusal(ofQuestionFor: HostName(ascii: text)) == .notAllowed)
    }
    #expect(policy.refusal(ofQuestionFor: nil) == .notAllowed)
    #expect(try self.policy(deny: ["*"]).refusal(ofQuestionFor: nil) == .denied("*"))
  }

  @Test("Rules are read as people write them")
  func reading() throws {
    let network = try #require(NetworkPrefix("192.0.2.0/24"))
    let rules: [(String, AccessRule.Subject, ClosedRange<UInt16>?)] = [
      ("Example.COM", .name("example.com"), nil), ("example.com.", .name("example.com"), nil),
      ("example.com:80", .name("example.com"), 80...80), ("*.example.com:1-2", .namesBelow("example.com"), 1...2),
      ("*", .everybody, nil), ("*:53", .everybody, 53...53), ("192.0.2.0/24", .network(network), nil),
      ("192.0.2.0/24:80", .network(network), 80...80), ("bücher.example", .name("xn--bcher-kva.example"), nil),
      ("::ffff:192.0.2.1", .network(NetworkPrefix(.v4(IPv4Address(192, 0, 2, 1)), length: 32)), nil),
      ("::ffff:192.0.2.0/120", .network(network), nil),
      ("[2001:db8::]:80", .network(NetworkPrefix(try address("2001:db8::"), length: 128)), 80...80),
      ("[2001:db8::/32]:80", .network(NetworkPrefix(try address("2001:db8::"), length: 32)), 80...80),
      ("2001:db8::/32", .network(NetworkPrefix(try address("2001:db8::"), length: 32)), nil),
    ]
    for (text, subject, ports) in rules {
      let rule = try AccessRule(text)
      #expect(rule.subject == subject && rule.ports == ports, "\(text)")
    }
    for text in [
      "", ":80", "example.com:", "example.com:0", "example.com:65536", "example.com:80-", "example.com:90-80",
      "192.0.2.0/33",
      "192.0.2.1/24", "192.0.2.0/", "2001:db8::/129", "[2001:db8::1", "[2001:db8::1]80", "*.", "*.*.com", "a..b", "-*",
      "1.2.3", "1.2.3.4.5", "0x7f.1", "127.1", "2130706433", "exa mple.com", "example.com/24", "a/b",
    ] {
      #expect(throws: Failure.self, "\(text)") { try AccessRule(text) }
    }
  }
}
