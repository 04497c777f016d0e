internal import NIOCore
internal import SockeyeHost
public import SockeyeLink
public import SockeyeNIO
public import SockeyeSimulator
internal import SockeyeTCP
public import SockeyeTransport
internal import SockeyeWire

/// Two hosts of our own with a bad network between them, on the machine's clock: what goes in at one end crosses it as
/// packets do, and is sent again where it is lost.
///
/// Each host has an event loop, on a thread of its own. The network is what a simulation's is: from one seed, one
/// sequence of decisions for each direction.
public final class ImpairedPath: Sendable {
  /// The host at the end that opens.
  public let near: HostEventLoopGroup
  /// The host at the other end.
  public let far: HostEventLoopGroup
  private let up: OneWay
  private let down: OneWay

  /// The addresses of the two hosts: TEST-NET-1 (RFC 5737), since no packet ever leaves the process.
  static let nearAddress = "192.0.2.1"
  static let farAddress = "192.0.2.2"

  /// Lays a path.
  ///
  /// - Parameters:
  ///   - specification: what happens to packets: `up` from the near end to the far one, `down` the other way.
  ///   - maximumTransmissionUnit: the longest packet, in bytes, 576...65,535.
  ///   - seed: what all chance on the path derives from; the hosts' secrets come from the system.
  /// - Throws: a failure of kind `other` where the system has no descriptors left.
  public init(
    _ specification: ImpairmentSpecification,
    maximumTransmissionUnit: Int = 1500,
    seed: UInt64
  ) throws(Failure) {
    do throws(LinkError) {
      let nearSleeper = try Sleeper()
      let farSleeper = try Sleeper()
      var generator = SeededGenerator(seed: seed)
      let up = OneWay(specification.up, seed: generator.next(), arrival: farSleeper.waker)
      let down = OneWay(specification.down, seed: generator.next(), arrival: nearSleeper.waker)
      let mtu = maximumTransmissionUnit
      let nearLink = PathLink(outgoing: up, incoming: down, sleeper: nearSleeper)
      let farLink = PathLink(outgoing: down, incoming: up, sleeper: farSleeper)
      near = HostEventLoopGroup(try Self.host(Self.nearAddress, mtu: mtu), on: nearLink)
      far = HostEventLoopGroup(try Self.host(Self.farAddress, mtu: mtu), on: farLink)
      self.up = up
      self.down = down
    } catch {
      throw Failure(.other, .noPath("\(error)"))
    }
  }

  private static func host(_ address: String, mtu: Int) throws(LinkError) -> HostConfiguration {
    var configuration = HostConfiguration(secret: try .fromSystem())
    configuration.addresses = IPAddress(address).map { [InterfaceAddress($0, prefixLength: 24)] } ?? []
    configuration.fit(mtu: mtu, hasOffload: false)
    // What the path delivers is lost nowhere else, also when much of it is due at once.
    configuration.datagramQueueLimit = 16 << 20
    return configuration
  }

  /// What happens to packets from now on; those under way keep what was decided for them.
  public var specification: ImpairmentSpecification {
    get {
      var specification = ImpairmentSpecification()
      specification.up = up.impairments
      specification.down = down.impairments
      return specification
    }
    set {
      up.impairments = newValue.up
      down.impairments = newValue.down
    }
  }

  /// What has happened to packets so far.
  public var counters: PathCounters {
    PathCounters(up: DirectionCounters(up), down: DirectionCounters(down))
  }

  /// Ends both hosts. What connections still hold is lost.
  public func shutDown() async {
    try? await near.shutdownGracefully()
    try? await far.shutdownGracefully()
  }
}

/// What has happened to packets on an impaired path, by direction.
public struct PathCounters: Equatable, Sendable {
  /// Packets from the end that opens.
  public var up: DirectionCounters
  /// Packets towards it.
  public var down: DirectionCounters

  /// The counts of both directions.
  public init(up: DirectionCounters, down: DirectionCounters) {
    self.up = up
    self.down = down
  }
}

/// What has happened to packets of one direction.
public struct DirectionCounters: Equatable, Sendable {
  /// What the link did.
  public var link: LinkCounters
  /// Packets that were dropped because more than 64 MiB would have been under way.
  public var overflowDrops: UInt64

  init(_ direction: OneWay) {
    (link, overflowDrops) = direction.counters
  }

  /// What a bridge's direction did.
  public init(_ link: LinkCounters) {
    self.link = link
    overflowDrops = 0
  }

  /// Packets that never arrived, for whatever reason.
  public var drops: UInt64 { link.drops + overflowDrops }
}
