import SockeyeSimulator
import SockeyeTCP

/// Two hosts, a network between them, and what their programs do, all drawn from one seed.
///
/// What is drawn is within what honest programs and real networks do: a conversation whose ends both finish what they
/// began must come to its end whole, and hosts that have nothing more to do must fall silent.
struct HostScenario {
  /// What everything here follows from.
  let seed: UInt64
  /// The two directions of the network: from the first host, and from the second.
  let links: [Impairments]
  /// Bytes of the largest packet.
  let mtu: Int
  /// Whether each host sends super-segments.
  let hasOffload: [Bool]
  /// A router on the way, if there is one.
  let router: HostRouter?
  /// The configuration of each host.
  let configurations: [String]
  /// Connections.
  let conversations: [ConversationPlan]
  /// Flows of datagrams.
  let flows: [DatagramPlan]

  /// Draws a scenario.
  init(seed: UInt64) {
    self.seed = seed
    let network = RandomScenario(seed: seed)
    links = [network.links.0, network.links.1]
    // Numbers of its own: the engine's scenario of this seed goes on as it was.
    var generator = SeededGenerator(seed: ~seed)
    let hasIPv6 = generator.chance(0.9)
    let mtu = Self.drawMTU(&generator, least: hasIPv6 ? 1_280 : 296)
    self.mtu = mtu
    let hasOffload = [generator.chance(0.3), generator.chance(0.3)]
    self.hasOffload = hasOffload
    // A super-segment is many packets on the way, whatever its size.
    let router =
      mtu > 1_280 && hasOffload == [false, false] && generator.chance(0.3)
      ? HostRouter(mtu: generator.within(1_280...mtu), answers: generator.chance(0.7)) : nil
    self.router = router
    configurations = (0..<2).map { host in
      var keys = ["ip4=10.0.0.\(host + 1)/24", "mtu=\(mtu)", "seed=\(generator.next())"]
      if hasIPv6 { keys.append("ip6=fd00::\(host + 1)/64") }
      if hasOffload[host] { keys.append("offload=1") }
      keys += Self.drawKeys(&generator)
      // RFC 793 resets a connection for a SYN that comes late or again, in TIME-WAIT too (RFC 1337).
      if !network.isOrderly { keys.removeAll { $0 == "rfc5961=0" } }
      // A cookie is in the acknowledgment that follows the SYN. Where that can be late or come again, the connection may be
      // reset, or be made twice: the price of remembering nothing (RFC 4987 section 3.6).
      let cookies = network.isOrderly && router == nil ? generator.pick(["never", "auto", "always"]) : "never"
      return (keys + ["syn_cookies=\(cookies)"]).joined(separator: ",")
    }
    let count = generator.chance(0.1) ? generator.within(5...40) : generator.within(1...4)
    let largest = count > 4 ? 12 : generator.chance(0.05) ? 19 : 15
    conversations = (0..<count).map { _ in
      ConversationPlan(&generator, hasIPv6: hasIPv6, largest: largest)
    }
    let isCorrupting = links.contains { $0.corruption > 0 }
    flows = (0..<(generator.chance(0.3) ? generator.within(1...3) : 0)).map { _ in
      // Two changes to the fragments of one datagram can undo each other in its checksum.
      DatagramPlan(&generator, hasIPv6: hasIPv6, largest: isCorrupting ? mtu - 48 : 8_000)
    }
  }

  private static func drawMTU(_ generator: inout SeededGenerator, least: Int) -> Int {
    switch generator.below(10) {
    case 0..<6: 1_500
    case 6: 65_535
    case 7: least
    default: generator.within(least...9_000)
    }
  }

  private static func drawKeys(_ generator: inout SeededGenerator) -> [String] {
    // Enough for the worst of these networks, and for a queue that holds a SYN for longer than a dozen tries take: what gives
    // up on them is not wrong, and a SYN that comes after its listener has given up makes a connection that its sender resets.
    var keys = ["syn_retries=200", "data_retries=200"]
    func add(_ share: Double, _ key: String, _ value: Int) {
      if generator.chance(share) { keys.append("\(key)=\(value)") }
    }
    for key in ["sack", "timestamps", "rack", "tail_loss_probe", "prr", "frto", "rfc5961", "autotune"] {
      if generator.chance(0.15) { keys.append("\(key)=0") }
    }
    let receiveBuffer = Int(clamping: generator.logarithmic(bits: 10...19))
    add(0.4, "receive_buffer", receiveBuffer)
    add(0.4, "initial_receive_window", min(receiveBuffer, generator.within(512...65_535)))
    add(0.4, "send_buffer", Int(clamping: generator.logarithmic(bits: 9...19)))
    add(0.4, "initial_congestion_window", generator.within(1...40))
    add(0.3, "window_scale", generator.within(-1...14))
    add(0.3, "ecn", 1)
    add(0.3, "delayed_ack_ms", generator.within(0...200))
    add(0.3, "quick_ack", generator.within(0...32))
    add(0.3, "syn_rto_ms", generator.within(200...3_000))
    add(0.3, "min_rto_ms", generator.within(20...1_000))
    add(0.3, "max_rto_ms", generator.within(5_000...120_000))
    add(0.7, "msl_ms", generator.within(10...5_000))
    add(0.3, "fin_wait2_ms", generator.within(100...60_000))
    add(0.2, "icmp_rate", generator.within(0...100))
    if generator.chance(0.6) { keys.append("congestion=\(generator.pick(["newreno", "cubic", "bbr"]))") }
    return keys
  }
}

extension RandomScenario {
  /// Whether every packet arrives, once and in its turn.
  fileprivate var isOrderly: Bool {
    [links.0, links.1].allSatisfy { (link: Impairments) -> Bool in
      if link.loss != .none || link.corruption > 0 || !link.outages.isEmpty { return false }
      if link.queueBytes != nil || link.queuePackets != nil { return false }
      return link.reordering == 0 && !link.jitterReorders && link.duplication == 0
    }
  }
}

/// What the two programs of a connection do.
struct ConversationPlan {
  var isIPv6: Bool
  /// Which host opens.
  var client: Int
  /// When, in microseconds from the beginning.
  var opensAt: UInt64
  /// Nobody listens.
  var isToNobody: Bool
  /// What the client does, and what the server does.
  var ends: [EndPlan]

  /// Both ends finish what they began, so everything must arrive.
  var isGraceful: Bool { ends.allSatisfy { $0.ending.isGraceful } }

  init(_ generator: inout SeededGenerator, hasIPv6: Bool, largest: Int) {
    isIPv6 = hasIPv6 && generator.chance(0.5)
    client = generator.within(0...1)
    opensAt = generator.chance(0.5) ? 0 : generator.below(2_000_000)
    isToNobody = generator.chance(0.05)
    var first = EndPlan(&generator, largest: largest)
    var second = EndPlan(&generator, largest: generator.chance(0.5) ? 6 : largest)
    // With SYN cookies the server only knows of a connection by what the client says first.
    first.bytes = max(first.bytes, 1)
    first.ending = EndPlan.drawEnding(&generator, own: first.bytes, peer: second.bytes)
    second.ending = EndPlan.drawEnding(&generator, own: second.bytes, peer: first.bytes)
    // One of them must close first.
    if first.ending == .closeAfterPeer, second.ending == .closeAfterPeer { first.ending = .halfClose }
    ends = [first, second]
  }
}

/// What the program at one end of a connection does.
struct EndPlan {
  /// How it ends.
  enum Ending: Equatable {
    /// Writes everything, ends its direction, reads to the end, closes.
    case halfClose
    /// Writes everything, reads to the end, closes.
    case closeAfterPeer
    /// Writes everything and closes; the peer has nothing to say.
    case close
    /// Resets (SO_LINGER with no time) after so many bytes of either direction.
    case reset(after: UInt64)
    /// Closes after so many bytes of either direction, whatever the peer is doing.
    case leave(after: UInt64)

    var isGraceful: Bool {
      switch self {
      case .halfClose, .closeAfterPeer, .close: true
      case .reset, .leave: false
      }
    }
  }

  /// Bytes that it sends.
  var bytes: UInt64 = 0
  /// The most that it writes at once, and reads.
  var writeSize = 1 << 16
  var readSize = 1 << 16
  /// Where it stops reading for a while, and for how many microseconds.
  var pausesAt = UInt64.max
  var pause: UInt64 = 0
  /// Writes before the connection is open.
  var writesEarly: Bool
  /// Looks at what has come before it takes it.
  var peeks: Bool
  var options: [SocketOption] = []
  var ending = Ending.halfClose

  fileprivate init(_ generator: inout SeededGenerator, largest: Int) {
    if generator.chance(0.85) { bytes = generator.logarithmic(bits: 0...largest) }
    let least = Int(clamping: bytes / 300) + 1
    if generator.chance(0.4) { writeSize = least + Int(clamping: generator.logarithmic(bits: 0...12)) }
    if generator.chance(0.3) { readSize = least + Int(clamping: generator.logarithmic(bits: 0...12)) }
    if generator.chance(0.15) {
      pausesAt = generator.logarithmic(bits: 0...largest)
      pause = generator.logarithmic(bits: 10...24)
    }
    writesEarly = generator.chance(0.3)
    peeks = generator.chance(0.1)
    for option in SocketOption.drawn where generator.chance(0.08) { options.append(option(&generator)) }
  }

  fileprivate static func drawEnding(_ generator: inout SeededGenerator, own: UInt64, peer: UInt64) -> Ending {
    switch generator.below(20) {
    case 0..<9: .halfClose
    case 9..<16: .closeAfterPeer
    case 16, 17: peer == 0 ? .close : .halfClose
    case 18: .reset(after: generator.below(own + peer + 1))
    default: .leave(after: generator.below(own + peer + 1))
    }
  }
}

/// An option of a socket, with Linux's numbers.
struct SocketOption {
  var level: Int32
  var name: Int32
  var value: Int32

  /// What a socket may be told. All leave a connection able to finish.
  fileprivate static let drawn: [@Sendable (inout SeededGenerator) -> SocketOption] = [
    { _ in SocketOption(level: 6, name: 1, value: 1) },  // TCP_NODELAY
    { generator in SocketOption(level: 6, name: 2, value: Int32(generator.within(88...9_000))) },  // TCP_MAXSEG
    { _ in SocketOption(level: 6, name: 3, value: 1) },  // TCP_CORK
    { _ in SocketOption(level: 6, name: 23, value: 8) },  // TCP_FASTOPEN
    { generator in SocketOption(level: 1, name: 7, value: Int32(generator.within(1...100_000))) },  // SO_SNDBUF
    { generator in SocketOption(level: 1, name: 8, value: Int32(generator.within(1...100_000))) },  // SO_RCVBUF
    { generator in SocketOption(level: 0, name: 1, value: Int32(generator.within(0...255))) },  // IP_TOS
  ]

  /// Options that find out about a peer that has gone: SO_KEEPALIVE, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT.
  static let keepAlive = [
    SocketOption(level: 1, name: 9, value: 1), SocketOption(level: 6, name: 4, value: 10),
    SocketOption(level: 6, name: 5, value: 5), SocketOption(level: 6, name: 6, value: 9),
  ]
}

/// A flow of datagrams and its echo.
struct DatagramPlan {
  var isIPv6: Bool
  /// Which host begins.
  var client: Int
  /// Nobody listens.
  var isToNobody: Bool
  /// Bytes of each datagram.
  var sizes: [Int]
  /// Microseconds between them.
  var interval: UInt64

  fileprivate init(_ generator: inout SeededGenerator, hasIPv6: Bool, largest: Int) {
    isIPv6 = hasIPv6 && generator.chance(0.5)
    client = generator.within(0...1)
    isToNobody = generator.chance(0.2)
    let count = generator.within(1...30)
    sizes = (0..<count).map { _ in generator.within(0...largest) }
    interval = generator.below(50_000)
  }
}
