import SockeyeC
import Testing

/// Options are set before a connection exists and after, and are what they were set to either way.
@Suite("Socket options")
struct OptionTests {
  private struct Option: CustomTestStringConvertible {
    var name: String
    var level: Int32
    var number: Int32
    var value: Int32
    /// What is told, where Linux tells something else than it was given.
    var told: Int32?

    init(_ name: String, _ level: Int32, _ number: Int32, _ value: Int32, told: Int32? = nil) {
      (self.name, self.level, self.number, self.value, self.told) = (name, level, number, value, told)
    }

    var testDescription: String { name }
  }

  private static let options = [
    Option("SO_REUSEADDR", 1, 2, 1), Option("SO_REUSEPORT", 1, 15, 1), Option("SO_SNDBUF", 1, 7, 20_000, told: 40_000),
    Option("SO_RCVBUF", 1, 8, 30_000, told: 60_000), Option("SO_KEEPALIVE", 1, 9, 1), Option("TCP_NODELAY", 6, 1, 1),
    Option("TCP_CORK", 6, 3, 1), Option("TCP_KEEPIDLE", 6, 4, 33), Option("TCP_KEEPINTVL", 6, 5, 7),
    Option("TCP_KEEPCNT", 6, 6, 4), Option("TCP_SYNCNT", 6, 7, 3), Option("TCP_LINGER2", 6, 8, 5),
    Option("TCP_USER_TIMEOUT", 6, 18, 12_345), Option("IP_TOS", 0, 1, 0x28), Option("IP_TTL", 0, 2, 9),
  ]

  @Test(
    "An option is what it was set to: before a connection, as a listener's connection has it, and after",
    arguments: options
  )
  private func setAndGet(option: Option) throws {
    let pair = try #require(Pair())
    let expected = option.told ?? option.value
    let listener = socket(pair.b, 2, 1, 0)
    #expect(set(pair.b, listener, option) == 0)
    #expect(get(pair.b, listener, option) == expected)
    #expect(sockeyeBind(pair.b, listener, address(2, 80)) == 0)
    #expect(listen(pair.b, listener, 4) == 0)
    let client = socket(pair.a, 2, 1, 0)
    _ = sockeyeConnect(pair.a, client, address(2, 80))
    #expect(pair.run { poll(pair.b, listener) & 1 != 0 })
    let server = accept(pair.b, listener, nil, nil)
    #expect(get(pair.b, server, option) == expected)
    #expect(set(pair.a, client, option) == 0)
    #expect(get(pair.a, client, option) == expected)
  }

  @Test("TCP_LINGER2 set after accept is how long FIN-WAIT-2 lasts once its application has gone")
  func lingerAfterAccept() throws {
    let pair = try #require(Pair())
    let (client, server, _) = try #require(connected(pair, isIPv6: false))
    #expect(set(pair.b, server, Option("TCP_LINGER2", 6, 8, 3)) == 0)
    #expect(close(pair.b, server) == 0)
    #expect(pair.run { poll(pair.a, client) & 0x2000 != 0 })
    pair.run(for: 5_000_000)
    // The other side has forgotten the connection: what comes late is reset.
    #expect(sockeyeSend(pair.a, client, [1]) == 1)
    #expect(pair.run { poll(pair.a, client) & 8 != 0 })
  }

  @Test("TCP_CONGESTION set after the connection was made is what governs it")
  func congestionControlAfterConnect() throws {
    let pair = try #require(Pair("congestion=cubic"))
    let (client, server, _) = try #require(connected(pair, isIPv6: false))
    #expect(setsockopt(pair.a, client, 6, 13, "bbr", 3) == 0)
    let data = [UInt8](repeating: 7, count: 100_000)
    var (sent, received) = (0, 0)
    #expect(
      pair.run {
        if sent < data.count { sent += max(0, sockeyeSend(pair.a, client, Array(data[sent...]))) }
        received += max(0, sockeyeReceive(pair.b, server).0)
        return received == data.count
      }
    )
    var name = [UInt8](repeating: 0, count: 16)
    var length: UInt32 = 16
    #expect(getsockopt(pair.a, client, 6, 13, &name, &length) == 0)
    #expect(name.prefix(3) == [0x62, 0x62, 0x72])
  }

  @Test("TCP_KEEPIDLE alone turns no probes on")
  func keepIdleAlone() throws {
    let pair = try #require(Pair())
    let (client, _, _) = try #require(connected(pair, isIPv6: false))
    #expect(set(pair.a, client, Option("TCP_KEEPIDLE", 6, 4, 1)) == 0)
    #expect(get(pair.a, client, Option("SO_KEEPALIVE", 1, 9, 0)) == 0)
    pair.run(for: 2_000_000)
    let before = pair.count
    pair.run(for: 30_000_000)
    #expect(pair.count == before)
  }

  @Test("IP_TOS and IP_TTL may be a single octet")
  func octets() throws {
    let pair = try #require(Pair())
    let s = socket(pair.a, 2, 1, 0)
    for (number, value) in [(1, 0xB8), (2, 7)] as [(Int32, UInt8)] {
      var value = value
      #expect(setsockopt(pair.a, s, 0, number, &value, 1) == 0)
      #expect(get(pair.a, s, Option("", 0, number, 0)) == Int32(value))
      #expect(setsockopt(pair.a, s, 0, number, &value, 0) == -22)
    }
  }

  private func set(_ host: Pair.Host, _ s: Int32, _ option: Option) -> Int32 {
    var value = option.value
    return setsockopt(host, s, option.level, option.number, &value, 4)
  }

  private func get(_ host: Pair.Host, _ s: Int32, _ option: Option) -> Int32? {
    var value: Int32 = -1
    var length: UInt32 = 4
    return getsockopt(host, s, option.level, option.number, &value, &length) == 0 ? value : nil
  }
}
