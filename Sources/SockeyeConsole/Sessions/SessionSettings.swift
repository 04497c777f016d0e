internal import NIOCore
internal import SockeyeTalk
internal import SockeyeText
internal import SockeyeTransport

/// What a session is: its protocol, its ends, and how it behaves.
struct SessionSettings: Sendable {
  /// What is spoken, and who begins.
  enum Kind: String, CaseIterable, Sendable {
    case tcpClient = "tcp-client"
    case tcpServer = "tcp-server"
    case udp
    case multicast
    case tlsClient = "tls-client"
    case tlsServer = "tls-server"
    case unixClient = "unix-client"
    case unixServer = "unix-server"
    /// A server that connects to another for each client, and stands between them.
    case forwarder

    var isClient: Bool { self == .tcpClient || self == .tlsClient || self == .unixClient }
    var isDatagram: Bool { self == .udp || self == .multicast }
    var isTLS: Bool { self == .tlsClient || self == .tlsServer }
    var isUnix: Bool { self == .unixClient || self == .unixServer }
  }

  /// What the end of a peer's stream does.
  enum PeerEnd: String, CaseIterable, Sendable {
    case close
    case hold
  }

  /// The settings as they came, to be shown and kept.
  let json: JSONObject
  var name: String
  let kind: Kind
  /// Whom to speak to.
  let remote: Endpoint?
  /// Where to listen, or to connect from.
  let local: Endpoint?
  let encoding: TextEncoding
  let framing: Framing
  /// The framing as it was written.
  let framingText: String
  let idle: TimeAmount?
  let connectTimeout: TimeAmount
  let reconnects: Bool
  let peerEnd: PeerEnd
  let tls: TLSSettings?
  let timeToLive: Int?
  let interface: String?
  let loopback: Bool?
  let broadcast: Bool
  /// Whether segments are kept, for its connections to be drawn.
  let keepsSegments: Bool
  /// What each peer is told again and again, from when it comes.
  let heartbeat: CyclePlan?
  /// What is answered by itself.
  let rules: ReplyRules

  /// How long a name may be, in bytes.
  static let longestName = 200

  /// Reads settings.
  ///
  /// - Throws: An error that names the member that makes no sense.
  init(_ json: JSONObject) throws(ConsoleError) {
    self.json = json
    var members = Members(json)
    guard let kind = try members.choice("protocol", Kind.self) else {
      throw ConsoleError(.usage, .memberMissing("protocol"))
    }
    self.kind = kind
    name = VisibleText.of(
      String(decoding: (try members.string("name") ?? "").utf8.prefix(Self.longestName), as: UTF8.self)
    )
    remote = try Self.endpoint("remote", kind, try members.string("remote"))
    local = try Self.endpoint("local", kind, try members.string("local"))
    framingText = try members.string("framing") ?? "raw"
    encoding = try Self.encoding(try members.string("encoding") ?? "utf-8")
    framing = try Self.framing(framingText)
    idle = try members.duration("idle")
    connectTimeout = try members.duration("connectTimeout") ?? .seconds(10)
    reconnects = try members.bool("reconnect") ?? false
    peerEnd = try members.choice("peerEnd", PeerEnd.self) ?? .close
    tls = try Self.tls(&members, kind)
    timeToLive = try members.integer("ttl", in: 0...255)
    interface = try members.string("interface")
    loopback = try members.bool("loopback")
    broadcast = try members.bool("broadcast") ?? false
    keepsSegments = try members.bool("diagrams") ?? false
    heartbeat = try Self.heartbeat(try members.object("heartbeat"))
    rules = try ReplyRules(&members, encoding)
    try members.finish()
    try check()
  }

  // MARK: Reading

  private static func endpoint(_ name: String, _ kind: Kind, _ text: String?) throws(ConsoleError) -> Endpoint? {
    guard let text, !text.isEmpty else { return nil }
    do throws(Failure) {
      if kind.isUnix { return try Endpoint.parse(text.hasPrefix("unix:") ? text : "unix:\(text)") }
      // An address alone leaves the port to the system.
      if (try? SocketAddress(ipAddress: text, port: 0)) != nil {
        return Endpoint(location: .network(host: text, port: 0))
      }
      let endpoint = try Endpoint.parse(text)
      guard case .network = endpoint.location, endpoint.scheme == nil else {
        throw Failure(.usage, .memberIsNoAddress(name))
      }
      return endpoint
    } catch {
      throw ConsoleError(error)
    }
  }

  private static func encoding(_ name: String) throws(ConsoleError) -> TextEncoding {
    do { return try TextEncoding(name) } catch { throw ConsoleError(error) }
  }

  private static func framing(_ text: String) throws(ConsoleError) -> Framing {
    do { return try Framing.parse(text) } catch { throw ConsoleError(error) }
  }

  private static func heartbeat(_ json: JSONObject?) throws(ConsoleError) -> CyclePlan? {
    guard let json else { return nil }
    var members = Members(json)
    let plan = try CyclePlan(&members)
    try members.finish()
    return plan
  }

  private static func tls(_ members: inout Members, _ kind: Kind) throws(ConsoleError) -> TLSSettings? {
    var settings = TLSSettings()
    settings.authorityFile = try members.string("ca")
    settings.certificateFile = try members.string("certificate")
    settings.keyFile = try members.string("key")
    settings.isInsecure = try members.bool("insecure") ?? false
    return kind.isTLS ? settings : nil
  }

  private func check() throws(ConsoleError) {
    if keepsSegments, kind.isDatagram || kind.isUnix { throw ConsoleError(.usage, .diagramsAreOfTCP) }
    switch kind {
    case .tcpClient, .tlsClient, .unixClient:
      guard remote != nil else { throw ConsoleError(.usage, .memberMissing("remote")) }
    case .tcpServer, .tlsServer, .unixServer:
      guard local != nil else { throw ConsoleError(.usage, .memberMissing("local")) }
    case .forwarder:
      guard remote != nil else { throw ConsoleError(.usage, .memberMissing("remote")) }
      guard local != nil else { throw ConsoleError(.usage, .memberMissing("local")) }
    case .udp:
      guard remote != nil || local != nil else { throw ConsoleError(.usage, .memberMissing("local")) }
    case .multicast:
      guard let remote else { throw ConsoleError(.usage, .memberMissing("remote")) }
      guard group != nil else { throw ConsoleError(.usage, .notGroup(remote.description)) }
    }
  }

  /// The group of a multicast, and its port.
  var group: SocketAddress? {
    guard kind == .multicast, case .network(let host?, let port)? = remote?.location, port != 0,
      let address = try? SocketAddress(ipAddress: host, port: Int(port)), address.isMulticast
    else { return nil }
    return address
  }
}

/// A length of time as the protocol writes it: a number and `ms`, `s`, `m` or `h`.
enum ShortDuration {
  private static let units: [(name: String, milliseconds: Int64)] = [
    ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000),
  ]

  /// The longest that is taken: a week.
  private static let most: Int64 = 7 * 24 * 3_600_000

  static func parse(_ text: String) -> TimeAmount? {
    let digits = text.prefix { ("0"..."9").contains($0) }
    guard let count = Int64(digits), let unit = units.first(where: { $0.name == text.dropFirst(digits.count) }),
      count <= most / unit.milliseconds
    else { return nil }
    return .milliseconds(count * unit.milliseconds)
  }

  static func text(_ amount: TimeAmount) -> String {
    let milliseconds = amount.nanoseconds / 1_000_000
    let unit = units.last { milliseconds >= $0.milliseconds && milliseconds % $0.milliseconds == 0 } ?? units[0]
    return "\(milliseconds / unit.milliseconds)\(unit.name)"
  }
}
