import NIOCore
import NIOEmbedded
import Testing

@testable import SockeyeTransport

@Suite("Transport: talking to a proxy")
struct ProxyHandlerTests {
  /// A channel to a proxy, and what came of it.
  private final class Attempt {
    let channel = EmbeddedChannel()
    private(set) var isFurnished = false
    private(set) var outcome: Result<Void, any Error>?

    init(_ proxy: String, _ target: String, opening: ProxyHandler.Opening = .ours) throws {
      let proxy = try ProxyServer(proxy)
      let target = try ProxyTarget(Endpoint.parse(target))
      let negotiation: any ProxyNegotiation =
        proxy.kind == .socks ? try SOCKSNegotiation(proxy, to: target) : ConnectNegotiation(proxy, to: target)
      try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
      let promise = channel.eventLoop.makePromise(of: Void.self)
      promise.futureResult.assumeIsolated().whenComplete { [weak self] in self?.outcome = $0 }
      let handler = ProxyHandler(
        negotiation,
        with: proxy,
        limit: .seconds(10),
        opening: opening,
        promise: promise
      ) { [weak self] in self?.isFurnished = true }
      try channel.pipeline.syncOperations.addHandler(handler)
    }

    deinit { _ = try? channel.finish() }

    /// What has been sent, of which nothing is returned twice.
    func sent() throws -> [UInt8] {
      var bytes: [UInt8] = []
      while let buffer = try channel.readOutbound(as: ByteBuffer.self) { bytes += buffer.readableBytesView }
      return bytes
    }

    func receive(_ bytes: [UInt8], oneByOne: Bool = false) throws {
      if oneByOne {
        for byte in bytes { try channel.writeInbound(ByteBuffer(bytes: [byte])) }
      } else {
        try channel.writeInbound(ByteBuffer(bytes: bytes))
      }
    }

    func receive(_ text: String, oneByOne: Bool = false) throws { try receive(Array(text.utf8), oneByOne: oneByOne) }

    var problem: Failure.Kind? {
      if case .failure(let error as Failure) = outcome { error.kind } else { nil }
    }

    var isConnected: Bool {
      if case .success = outcome { isFurnished } else { false }
    }
  }

  // MARK: CONNECT

  @Test("CONNECT names the server with its port, and who asks", arguments: [false, true])
  func connect(oneByOne: Bool) throws {
    let attempt = try Attempt("http://a:b@p:1", "[2001:db8::1]:443")
    let target = "[2001:db8::1]:443"
    let lines = [
      "CONNECT \(target) HTTP/1.1", "Host: \(target)", "User-Agent: sockeye", "Proxy-Authorization: Basic YTpi", "", "",
    ]
    #expect(try attempt.sent() == Array(lines.joined(separator: "\r\n").utf8))
    try attempt.receive("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 \r\nContent-Length: 5\r\n\r\n", oneByOne: oneByOne)
    #expect(attempt.isConnected)
    try attempt.receive("the server's")
    #expect(try attempt.channel.readInbound(as: ByteBuffer.self) == ByteBuffer(string: "the server's"))
  }

  @Test(
    "A proxy that refuses, or isn't one, ends the attempt",
    arguments: [
      ("HTTP/1.1 407 Who?\r\n\r\n", .authentication), ("HTTP/1.1 403 No\r\n\r\n", .serverReported),
      ("HTTP/1.1 302 Found\r\nLocation: http://login/\r\n\r\n", .serverReported),
      ("HTTP/1.1 502 Bad\r\n\r\n", .network), ("HTTP/1.1 504\r\n\r\n", .network),
      ("SSH-2.0-OpenSSH\r\n\r\n", .peerProtocol), ("HTTP/2 200\r\n\r\n", .peerProtocol),
      ("HTTP/1.1 2000 OK\r\n\r\n", .peerProtocol), ("HTTP/1.1 +20 OK\r\n\r\n", .peerProtocol), ("\n\n", .peerProtocol),
      ("HTTP/1.1 099 OK\r\n\r\n", .peerProtocol), ("\u{16}\u{3}\u{1}\n\n", .peerProtocol),
      // What comes with the answer isn't the server's, who has not been spoken to.
      ("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", .peerProtocol),
    ] as [(String, Failure.Kind)]
  )
  func connectRefused(answer: String, kind: Failure.Kind) throws {
    let attempt = try Attempt("http://p:1", "h:443")
    try attempt.receive(answer)
    #expect(attempt.problem == kind && !attempt.isFurnished && !attempt.channel.isActive)
  }

  @Test("A head without end is cut off, be it one line, many fields, or interim answers for ever")
  func endlessHead() throws {
    for piece in ["a", "X: y\r\n", "HTTP/1.1 103 Hints\r\n\r\n"] {
      let attempt = try Attempt("http://p:1", "h:443")
      try attempt.receive(piece.hasPrefix("HTTP") ? "" : "HTTP/1.1 200 OK\r\n")
      var count = 0
      while attempt.channel.isActive, count <= ConnectNegotiation.longestHead * 2 {
        try attempt.receive(piece)
        count += piece.utf8.count
      }
      #expect(attempt.problem == .peerProtocol && count <= ConnectNegotiation.longestHead + 64)
    }
  }

  // MARK: SOCKS

  @Test("A name is left to the proxy to look up, and an address goes as one", arguments: [false, true])
  func socks(oneByOne: Bool) throws {
    for (host, address) in [
      ("name.example", [3, 12] + Array("name.example".utf8)), ("192.0.2.9", [1, 192, 0, 2, 9]),
      ("[::1]", [4] + [UInt8](repeating: 0, count: 15) + [1]),
    ] as [(String, [UInt8])] {
      let attempt = try Attempt("socks5h://p:1", "\(host):258")
      #expect(try attempt.sent() == [5, 1, 0])
      try attempt.receive([5, 0], oneByOne: oneByOne)
      #expect(try attempt.sent() == [5, 1, 0] + address + [1, 2])
      try attempt.receive([5, 0, 0, 3, 2, 0x61, 0x62, 0, 80], oneByOne: oneByOne)
      #expect(attempt.isConnected)
    }
  }

  @Test("A name and a password are told to a proxy that asks for them, and to no other")
  func socksPassword() throws {
    let attempt = try Attempt("socks5://alice:pw@p:1", "h:80")
    #expect(try attempt.sent() == [5, 2, 0, 2])
    try attempt.receive([5, 2])
    #expect(try attempt.sent() == [1, 5] + Array("alice".utf8) + [2] + Array("pw".utf8))
    try attempt.receive([1, 0])
    #expect(try attempt.sent().prefix(4) == [5, 1, 0, 3])
    let other = try Attempt("socks5://alice:pw@p:1", "h:80")
    _ = try other.sent()
    try other.receive([5, 0])
    #expect(try other.sent().prefix(4) == [5, 1, 0, 3])
  }

  @Test(
    "A SOCKS proxy that refuses, or lies, ends the attempt",
    arguments: [
      ([[5, 0xff]], .authentication), ([[5, 2]], .authentication), ([[5, 1]], .peerProtocol), ([[4]], .peerProtocol),
      ([[0x48, 0x54, 0x54, 0x50]], .peerProtocol), ([[5, 0], [4, 0, 0, 1]], .peerProtocol),
      ([[5, 0], [5, 0, 0, 2, 0, 0]], .peerProtocol), ([[5, 0], [5, 1, 0, 1]], .network),
      ([[5, 0], [5, 2, 0, 1]], .serverReported), ([[5, 0], [5, 5, 0, 1, 0, 0, 0, 0, 0, 0]], .network),
      ([[5, 0], [5, 99, 0, 1]], .network), ([[5, 0], [5, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x48]], .peerProtocol),
    ] as [([[UInt8]], Failure.Kind)]
  )
  func socksRefused(answers: [[UInt8]], kind: Failure.Kind) throws {
    let attempt = try Attempt("socks5://p:1", "h:80")
    for answer in answers { try attempt.receive(answer) }
    #expect(attempt.problem == kind && !attempt.isFurnished && !attempt.channel.isActive)
  }

  @Test("A password that a SOCKS proxy doesn't accept, and what is too long to be told")
  func socksWrongPassword() throws {
    let attempt = try Attempt("socks5://a:b@p:1", "h:80")
    try attempt.receive([5, 2])
    try attempt.receive([1, 1])
    #expect(attempt.problem == .authentication)
    let long = String(repeating: "x", count: 256)
    #expect(throws: Failure.self) { _ = try Attempt("socks5://\(long):b@p:1", "h:80") }
    #expect(throws: Failure.self) { _ = try Attempt("socks5://p:1", "\(long):80") }
  }

  @Test(
    "A server that speaks first is heard where it may, though its words come with the proxy's last",
    arguments: [false, true]
  )
  func serverSpeaksFirst(oneByOne: Bool) throws {
    for (proxy, answer) in [
      ("http://p:1", Array("HTTP/1.1 200 OK\r\n\r\n".utf8)), ("socks5://p:1", [5, 0, 5, 0, 0, 1, 1, 2, 3, 4, 5, 6]),
    ] {
      let attempt = try Attempt(proxy, "h:25", opening: .either)
      try attempt.receive(answer + Array("220 mail\r\n".utf8), oneByOne: oneByOne)
      #expect(attempt.isConnected)
      var heard: [UInt8] = []
      while let buffer = try attempt.channel.readInbound(as: ByteBuffer.self) { heard += buffer.readableBytesView }
      #expect(heard == Array("220 mail\r\n".utf8))
    }
  }

  @Test("A target that would end the request's line, or has no port, is none")
  func targets() throws {
    for (host, port) in [("a b", 80), ("a\r\nX: y", 80), ("a\0b", 80), ("a\u{7f}", 80), ("h", 0)] as [(String, UInt16)]
    {
      #expect(throws: Failure.self) { _ = try ProxyTarget(Endpoint(location: .network(host: host, port: port))) }
    }
    #expect(throws: Failure.self) { _ = try ProxyTarget(Endpoint.parse("unix:/x")) }
    #expect(try ProxyTarget(Endpoint.parse("bücher.example:80")).host == "xn--bcher-kva.example")
    #expect(try ProxyTarget(Endpoint.parse("[2001:db8::1]:80")).host == "2001:db8::1")
  }

  // MARK: Endings

  @Test("A proxy that closes, at any moment, is told of", arguments: ["http://p:1", "socks5://p:1"])
  func closes(proxy: String) throws {
    let answer = proxy.hasPrefix("http") ? Array("HTTP/1.1 200 OK\r\n\r\n".utf8) : [5, 0, 5, 0, 0, 1, 1, 2, 3, 4, 5, 6]
    for count in answer.indices {
      let attempt = try Attempt(proxy, "h:443")
      try attempt.receive(Array(answer[..<count]))
      attempt.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
      #expect(attempt.problem == .network && !attempt.isFurnished, "\(count)")
      let other = try Attempt(proxy, "h:443")
      try other.receive(Array(answer[..<count]))
      _ = try? other.channel.finish()
      #expect(other.problem == .network && !other.isFurnished, "\(count)")
    }
  }

  @Test("A proxy that never comes to an end runs out of time, however busy it is")
  func silent() throws {
    let attempt = try Attempt("http://p:1", "h:443")
    for _ in 0..<20 {
      try attempt.receive("H")
      attempt.channel.embeddedEventLoop.advanceTime(by: .milliseconds(499))
    }
    #expect(attempt.problem == nil)
    attempt.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
    #expect(attempt.problem == .timedOut && !attempt.channel.isActive)
  }
}
