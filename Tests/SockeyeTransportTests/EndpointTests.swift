import Testing

@testable import SockeyeTransport

@Suite("The grammar of endpoints")
struct EndpointTests {
  @Test(
    "Every form of the grammar is read",
    arguments: [
      ("example.org:80", nil, "example.org", 80),
      ("127.0.0.1:0", nil, "127.0.0.1", 0),
      (":8888", nil, nil, 8888),
      ("*:8888", nil, nil, 8888),
      ("8888", nil, nil, 8888),
      ("[::1]:65535", nil, "::1", 65535),
      ("[fe80::1%eth0]:7", nil, "fe80::1%eth0", 7),
      ("tcp://example.org:80", .tcp, "example.org", 80),
      ("udp://[::1]:53", .udp, "::1", 53),
      ("TLS://example.org:443/", .tls, "example.org", 443),
      ("udp://:53", .udp, nil, 53),
    ] as [(String, Endpoint.Scheme?, String?, UInt16)]
  )
  func forms(text: String, scheme: Endpoint.Scheme?, host: String?, port: UInt16) throws {
    let endpoint = try Endpoint.parse(text)
    #expect(endpoint == Endpoint(scheme: scheme, location: .network(host: host, port: port)))
  }

  @Test("A host and a port may be two words")
  func twoWords() throws {
    #expect(try Endpoint.parse(["::1", "80"]).description == "[::1]:80")
    #expect(try Endpoint.parse(["[::1]", "80"]).description == "[::1]:80")
    #expect(try Endpoint.parse(["udp://example.org", "53"]).description == "udp://example.org:53")
  }

  @Test("A port may be written as the name of its service", arguments: [("ssh", 22), ("http", 80), ("https", 443)])
  func services(name: String, port: UInt16) throws {
    #expect(try Endpoint.parse("example.org:\(name)").port == port)
    #expect(try Endpoint.parse(["[::1]", name]).port == port)
    #expect(ServiceName.name(of: port) == name)
    #expect(ServiceName.port("\(name)/tcp") == nil)
  }

  @Test("A path names a Unix domain socket, as long as it fits into an address")
  func unix() throws {
    #expect(try Endpoint.parse("unix:/run/x").location == .unix(path: "/run/x"))
    #expect(throws: Failure.self) { try Endpoint.parse("unix:") }
    _ = try Endpoint.parse("unix:" + String(repeating: "x", count: 107))
    #expect(throws: Failure.self) { try Endpoint.parse("unix:" + String(repeating: "x", count: 108)) }
  }

  @Test("A name behind an @ is in no file system, and datagrams have a prefix of their own")
  func namesWithoutFiles() throws {
    #expect(try Endpoint.parse("unix:@x y") == Endpoint(location: .abstract(name: "x y")))
    #expect(try Endpoint.parse("unix:./@x") == Endpoint(location: .unix(path: "./@x")))
    #expect(try Endpoint.parse("unixgram:/run/x") == Endpoint(scheme: .udp, location: .unix(path: "/run/x")))
    #expect(try Endpoint.parse("unixgram:@x") == Endpoint(scheme: .udp, location: .abstract(name: "x")))
    _ = try Endpoint.parse("unix:@" + String(repeating: "x", count: 107))
    for text in [
      "unix:@", "unixgram:", "unixgram:@", "unix:@" + String(repeating: "x", count: 108), "unix:@a\0b", "unix:a\0b",
    ] {
      #expect(throws: Failure.self) { try Endpoint.parse(text) }
    }
    #expect(throws: Failure.self) { try Endpoint.parse(["unixgram:x", "7"]) }
  }

  @Test(
    "What is no endpoint is refused as a usage error that shows what was written",
    arguments: [
      "", "example.org", "example.org:", "example.org:65536", "example.org:-1", "example.org:no-such-service",
      "example.org:-http", "::1:80", "[::1]",
      "[::1]80", "[::1:80", "[name]:80", "http://example.org:80", "a b:80", "user@host:80", "host/path:80", "65536",
    ]
  )
  func refused(text: String) {
    do {
      let endpoint = try Endpoint.parse(text)
      Issue.record("read as \(endpoint)")
    } catch {
      #expect(error.kind == .usage)
      #expect(error.message.contains(text))
    }
  }

  @Test(
    "What is printed can be read again",
    arguments: ["example.org:80", ":80", "[::1]:80", "tls://a:1", "unix:/x", "unix:@x", "unixgram:x", "unixgram:@x"]
  )
  func roundTrip(text: String) throws {
    #expect(try Endpoint.parse(text).description == text)
  }
}
