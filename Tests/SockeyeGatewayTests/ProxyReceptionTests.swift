import NIOCore
import NIOEmbedded
import SockeyeWire
import Testing

@testable import SockeyeGateway

@Suite("Gateway: what a proxy's client says")
struct ProxyReceptionTests {
  /// A client's channel, and what was understood of it.
  private final class Client {
    let channel = EmbeddedChannel()
    private(set) var request: ProxyRequest?
    private(set) var fault: ProxyFault?

    init(users: ProxyUsers? = nil) throws {
      try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
      let handler = ProxyReceptionHandler(
        users: users,
        limit: .seconds(10),
        fail: { [weak self] in self?.fault = $0 },
        serve: { [weak self] request, _, _ in self?.request = request }
      )
      try channel.pipeline.syncOperations.addHandler(handler)
    }

    deinit { _ = try? channel.finish() }

    func say(_ bytes: [UInt8], oneByOne: Bool = false) throws {
      for piece in oneByOne ? bytes.map({ [$0] }) : [bytes] { try channel.writeInbound(ByteBuffer(bytes: piece)) }
    }

    func heard() throws -> [UInt8] {
      var bytes: [UInt8] = []
      while let buffer = try channel.readOutbound(as: ByteBuffer.self) { bytes += buffer.readableBytesView }
      return bytes
    }

    func passedOn() throws -> [UInt8] {
      var bytes: [UInt8] = []
      while let buffer = try channel.readInbound(as: ByteBuffer.self) { bytes += buffer.readableBytesView }
      return bytes
    }
  }

  private static let nobody = ProxyUsers { _, _ in false }

  @Test(
    "A request of SOCKS 5 is read however it is cut, and what comes behind it is the server's",
    arguments: [false, true]
  )
  func socks(oneByOne: Bool) throws {
    for (place, destination) in [
      ([1, 192, 0, 2, 7, 1, 0], "192.0.2.7:256"), ([3, 1, 0x68, 0, 80], "h:80"),
      ([4] + [UInt8](repeating: 0, count: 15) + [9, 0, 1], "[::9]:1"),
      ([3, 9] + Array("192.0.2.7".utf8) + [0, 5], "192.0.2.7:5"),
    ] as [([UInt8], String)] {
      let client = try Client()
      try client.say([5, 2, 1, 0] + [5, 1, 0] + place + [0x78, 0x79], oneByOne: oneByOne)
      guard case .connect(let asked) = client.request else {
        throw Problem(text: "\(String(describing: client.request))")
      }
      #expect("\(asked)" == destination && client.fault == nil)
      #expect(try client.heard() == [5, 0] && client.passedOn() == [0x78, 0x79])
    }
    let client = try Client()
    try client.say([5, 1, 0, 5, 3, 0, 1, 0, 0, 0, 0, 4, 0])
    #expect(client.request == .associate(port: 1024))
  }

  private struct Problem: Error { let text: String }

  @Test(
    "A client of SOCKS that asks for what there is not is told so",
    arguments: [
      ([5, 1, 2], [5, 0xff]), ([5, 0], [5, 0xff]), ([5, 1, 0, 5, 2, 0, 1, 1, 2, 3, 4, 0, 1], [5, 0, 5, 7]),
      ([5, 1, 0, 5, 1, 0, 2, 1], [5, 0, 5, 8]), ([5, 1, 0, 4, 1, 0, 1, 1, 2, 3, 4, 0, 1], [5, 0, 5, 1]),
      ([5, 1, 0, 5, 1, 0, 1, 1, 2, 3, 4, 0, 0], [5, 0, 5, 4]), ([5, 1, 0, 5, 1, 0, 3, 0, 0, 1], [5, 0, 5, 4]),
      ([5, 1, 0, 5, 1, 0, 3, 3, 0x61, 0, 0x62, 0, 1], [5, 0, 5, 4]),
    ] as [([UInt8], [UInt8])]
  )
  func socksFaults(said: [UInt8], heard: [UInt8]) throws {
    let client = try Client()
    try client.say(said)
    #expect(client.fault == .notServed && client.request == nil)
    #expect(try client.heard().starts(with: heard))
  }

  @Test("CONNECT names a host and a port, and what comes behind the head is the server's", arguments: [false, true])
  func connect(oneByOne: Bool) throws {
    for (target, destination) in [("h:80", "h:80"), ("[::9]:1", "[::9]:1"), ("192.0.2.7:65535", "192.0.2.7:65535")] {
      let client = try Client()
      try client.say(Array("CONNECT \(target) HTTP/1.1\r\nHost: x\r\nX: \r\n\r\nGET".utf8), oneByOne: oneByOne)
      guard case .connect(let asked) = client.request else {
        throw Problem(text: "\(String(describing: client.fault))")
      }
      #expect(try "\(asked)" == destination && client.heard().isEmpty && client.passedOn() == Array("GET".utf8))
    }
  }

  @Test(
    "What is no CONNECT is refused by a status",
    arguments: [
      ("GET http://h/ HTTP/1.1\r\n\r\n", "405"), ("CONNECT h HTTP/1.1\r\n\r\n", "400"),
      ("CONNECT h:0 HTTP/1.1\r\n\r\n", "400"),
      ("CONNECT h:70000 HTTP/1.1\r\n\r\n", "400"), ("CONNECT h:+1 HTTP/1.1\r\n\r\n", "400"),
      ("CONNECT  h:1 HTTP/1.1\r\n\r\n", "400"), ("CONNECT h:1 HTTP/2\r\n\r\n", "400"), ("CONNECT h:1\r\n\r\n", "400"),
      ("CONNECT a@h:1 HTTP/1.1\r\n\r\n", "400"), ("CONNECT [h]:1 HTTP/1.1\r\n\r\n", "400"), ("A\n\n", "400"),
      ("CONNECT h:1 HTTP/1.1\r\nX: \0\r\n\r\n", "400"), ("CONNECT h\u{e9}:1 HTTP/1.1\r\n\r\n", "400"),
      ("CONNECT h:1 HTTP/1.1\r\n" + String(repeating: "X: y\r\n", count: 4000), "431"),
      (String(repeating: "A", count: 20_000), "431"),
    ]
  )
  func connectFaults(said: String, status: String) throws {
    let client = try Client()
    try client.say(Array(said.utf8))
    #expect(client.fault == .notServed && client.request == nil)
    #expect(try client.heard().starts(with: "HTTP/1.1 \(status) ".utf8))
  }

  @Test(
    "What is neither protocol is told nothing",
    arguments: [[4, 1], [0x16, 3, 1], [0], [0xff], [0x0d, 0x0a], [0x67]] as [[UInt8]]
  )
  func otherProtocols(said: [UInt8]) throws {
    let client = try Client()
    try client.say(said)
    #expect(try client.fault == .unknownProtocol && client.heard().isEmpty && !client.channel.isActive)
  }

  @Test("Who has to be a user and says nothing of it is refused")
  func users() throws {
    let silent = try Client(users: Self.nobody)
    try silent.say([5, 1, 0])
    #expect(try silent.heard() == [5, 0xff] && silent.request == nil)
    for fields in [
      "", "Proxy-Authorization: Basic !\r\n", "Proxy-Authorization: Bearer eDp5\r\n", "Authorization: Basic eDp5\r\n",
      "Proxy-Authorization: Basic eDp5\r\nProxy-Authorization: Basic eDp5\r\n",
    ] {
      let client = try Client(users: Self.nobody)
      try client.say(Array("CONNECT h:1 HTTP/1.1\r\n\(fields)\r\n".utf8))
      let answer = String(decoding: try client.heard(), as: UTF8.self)
      #expect(
        answer.hasPrefix("HTTP/1.1 407 ") && answer.contains("Proxy-Authenticate: Basic") && client.request == nil
      )
    }
    // A version of the exchange that there is not.
    let other = try Client(users: Self.nobody)
    try other.say([5, 1, 2, 2, 1, 0x61, 1, 0x62])
    #expect(try other.heard() == [5, 2, 1, 1] && other.request == nil)
  }

  @Test("A password is checked once it has come whole, and the next word is the request's")
  func passwords() throws {
    var reception: any ProxyReception = SOCKSReception(wantsUser: true)
    var buffer = ByteBuffer(bytes: [5, 2, 0, 2, 1, 1, 0x61, 2, 0x62])
    #expect(try reception.take(&buffer) == .send(ByteBuffer(bytes: [5, 2])))
    #expect(try reception.take(&buffer) == .wait)
    buffer.writeBytes([0x63, 5])
    #expect(try reception.take(&buffer) == .check(user: "a", password: [0x62, 0x63]))
    #expect(throws: ReceptionFault.self) { _ = try reception.checked(false) }
    #expect(try reception.checked(true) == .send(ByteBuffer(bytes: [1, 0])))
    #expect(try reception.take(&buffer) == .wait)
    var connect: any ProxyReception = ConnectReception(wantsUser: true)
    buffer = ByteBuffer(string: "CONNECT h:1 HTTP/1.1\r\nproxy-authorization: basic YTpiOmM=\r\n\r\n")
    #expect(try connect.take(&buffer) == .check(user: "a", password: Array("b:c".utf8)))
    #expect(throws: ReceptionFault.self) { _ = try connect.checked(false) }
    guard case .request = try connect.checked(true) else { throw Problem(text: "no request") }
  }

  @Test("Who takes too long to say what it wants is sent away, however busy it is")
  func slow() throws {
    let client = try Client()
    try client.say(Array("CONNECT h".utf8))
    for _ in 0..<20 {
      try client.say([0x68])
      client.channel.embeddedEventLoop.advanceTime(by: .milliseconds(499))
    }
    #expect(client.fault == nil && client.channel.isActive)
    client.channel.embeddedEventLoop.advanceTime(by: .milliseconds(100))
    #expect(client.fault == .tooSlow && !client.channel.isActive)
  }

  @Test("A client that ends in the middle is gone, at any moment")
  func ends() throws {
    for whole in [[5, 1, 0, 5, 1, 0, 1, 1, 2, 3, 4, 0, 1], Array("CONNECT h:1 HTTP/1.1\r\n\r\n".utf8)] as [[UInt8]] {
      for count in whole.indices {
        let client = try Client()
        try client.say(Array(whole[..<count]))
        client.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(!client.channel.isActive && client.request == nil, "\(count)")
      }
    }
  }

  // MARK: Rules

  private static func refusal(
    _ address: String,
    _ port: UInt16 = 80,
    name: String? = nil,
    allow: [String] = [],
    deny: [String] = []
  )
    throws -> RefusalReason?
  {
    let own = try #require(IPAddress("203.0.113.5"))
    let rules = AccessPolicy(
      allowed: try allow.map { try AccessRule($0) },
      denied: try deny.map { try AccessRule($0) },
      machineAddresses: [own]
    )
    let policy = ProxyPolicy(rules: rules, ownPorts: [1080])
    return policy.refusal(of: try #require(IPAddress(address)), port: port, name: name.flatMap { HostName(ascii: $0) })
  }

  @Test(
    "The machine itself is closed, in all forms, unless a rule names the address, and no name opens it",
    arguments: [
      "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "169.254.169.254", "::ffff:169.254.169.254", "fe80::1",
      "203.0.113.5", "64:ff9b::7f00:1", "2002:7f00:1::",
    ]
  )
  func machine(address: String) throws {
    #expect(try Self.refusal(address) != nil)
    for rule in ["*", "name.example", "*.example", "0.0.0.0/0", "::/0", "203.0.113.0/24", "128.0.0.0/1"] {
      #expect(try Self.refusal(address, name: "name.example", allow: [rule]) != nil, "\(rule)")
    }
    #expect(try Self.refusal(address, allow: [address]) == nil)
    #expect(try Self.refusal(address, allow: ["[\(address)]:80"]) == nil)
    #expect(try Self.refusal(address, allow: ["[\(address)]:81"]) != nil)
    #expect(try Self.refusal(address, allow: [address], deny: [address]) == .denied(address))
    #expect(try Self.refusal(address, name: "name.example", allow: [address], deny: ["*.example"]) != nil)
    // It isn't called by itself, whatever the rules say.
    #expect(try Self.refusal(address, 1080, allow: [address]) != nil)
  }

  @Test(
    "What nobody has is closed whatever the rules say",
    arguments: ["0.0.0.0", "0.1.2.3", "224.0.0.1", "255.255.255.255", "::", "ff02::1"]
  )
  func nobodys(address: String) throws {
    #expect(try Self.refusal(address) != nil && Self.refusal(address, allow: [address, "*"]) != nil)
  }

  @Test("All else is open without rules, and once there are some, what they say is")
  func others() throws {
    #expect(try Self.refusal("192.0.2.1") == nil && Self.refusal("10.0.0.1") == nil)
    #expect(try Self.refusal("192.0.2.1", deny: ["192.0.2.0/24:80"]) != nil)
    #expect(try Self.refusal("192.0.2.1", 81, deny: ["192.0.2.0/24:80"]) == nil)
    #expect(try Self.refusal("192.0.2.1", name: "a.example", allow: ["*.example"]) == nil)
    #expect(try Self.refusal("192.0.2.1", name: "a.test", allow: ["*.example"]) == .notAllowed)
    // A name that is rebound to a private network opens nothing there.
    #expect(try Self.refusal("10.0.0.1", name: "a.example", allow: ["*.example"]) != nil)
  }

  @Test("A name that no rule can open is not looked up")
  func names() throws {
    func isAsked(_ name: String, allow: [String] = [], deny: [String] = []) throws -> Bool {
      let rules = AccessPolicy(
        allowed: try allow.map { try AccessRule($0) },
        denied: try deny.map { try AccessRule($0) }
      )
      let name = try #require(HostName(ascii: name))
      return ProxyPolicy(rules: rules).refusal(of: name, port: 80) == nil
    }
    #expect(try isAsked("a.test") && !isAsked("a.test", deny: ["*.test"]) && !isAsked("a.test", allow: ["b.test"]))
    #expect(try isAsked("a.test", allow: ["a.test:80"]) && !isAsked("a.test", allow: ["a.test:81"]))
    #expect(try isAsked("a.test", allow: ["10.0.0.0/8"]))
  }
}
