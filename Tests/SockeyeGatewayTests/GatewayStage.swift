import NIOConcurrencyHelpers
import NIOCore
import SockeyeHost
import SockeyeNIO
import SockeyeSimulatedNetwork
import SockeyeSimulator
import SockeyeTCP
import SockeyeWire
import Testing

@testable import SockeyeGateway
@testable import SockeyeTransport

/// A gateway in virtual time: a host of ours as the child, one as the machine that the gateway runs on, and a server in the
/// world. What is measured in time or bytes is the same on every machine.
final class GatewayStage {
  static let serverAddress = "198.51.100.7"

  let network: SimulatedNetwork
  let child: SimulatedHost
  let gateway: SimulatedHost
  let machine: SimulatedHost
  let server: SimulatedHost
  let owner: GatewayOwner
  private let reported = NIOLockedValueBox<[GatewayEvent]>([])

  init(seed: UInt64 = 1, _ change: (inout GatewayConfiguration) throws -> Void = { _ in }) throws {
    network = SimulatedNetwork(seed: seed)
    var configuration = GatewayConfiguration()
    try change(&configuration)
    let addresses = configuration.network
    child = network.addHost("child") {
      $0.addresses = [
        InterfaceAddress(.v4(addresses.child4), prefixLength: 24),
        InterfaceAddress(.v6(addresses.child6), prefixLength: 64),
      ]
      $0.gateway4 = addresses.gateway4
      $0.gateway6 = addresses.gateway6
    }
    gateway = network.addHost("gateway") { $0 = $0.answering(for: configuration) }
    let worldly = IPAddress.v4(IPv4Address(198, 51, 100, 1))
    machine = network.addHost("machine", address: worldly) {
      $0.addresses = [InterfaceAddress(worldly, prefixLength: 24)]
    }
    let served = IPAddress.v4(IPv4Address(198, 51, 100, 7))
    server = network.addHost("server", address: served) { $0.addresses = [InterfaceAddress(served, prefixLength: 24)] }
    let loop = try HostEventLoop.cast(gateway.next())
    let outside = Transport.host(on: machine)
    owner = try network.run(
      until: loop.flatSubmit { [reported, configuration] in
        Gateway.answer(on: loop, to: outside, configuration, SharedNames(given: configuration.names)) { event in
          reported.withLockedValue { $0.append(event) }
        }
      }
    )
  }

  /// What the gateway has told so far.
  var events: [GatewayEvent] { reported.withLockedValue { $0 } }

  var records: [StreamRecord] {
    events.compactMap { if case .closed(let record) = $0 { record } else { nil } }
  }

  var failures: [OpeningFailure] {
    events.compactMap { if case .failed(_, let failure) = $0 { failure } else { nil } }
  }

  var refusals: [RefusalReason] {
    events.compactMap { if case .refused(_, let reason) = $0 { reason } else { nil } }
  }

  /// Connects from the child, and tells what arrives to `ears`.
  func connect(
    to address: String = serverAddress,
    port: Int = 80,
    timeout: TimeAmount = .seconds(30),
    _ ears: Ears = Ears()
  ) -> EventLoopFuture<any Channel> {
    HostClientBootstrap(group: child).channelOption(.allowRemoteHalfClosure, value: true).connectTimeout(timeout)
      .channelInitializer { $0.pipeline.addHandler(ears.handler()) }.connect(host: address, port: port)
  }

  /// Listens on the server.
  func listen(
    port: Int = 80,
    autoRead: Bool = true,
    _ body: @escaping @Sendable (any Channel) -> Void = { _ in },
    _ ears: Ears = Ears()
  ) throws {
    try network.run(
      until: HostServerBootstrap(group: server).childChannelOption(.allowRemoteHalfClosure, value: true)
        .childChannelOption(.autoRead, value: autoRead)
        .childChannelInitializer { channel in
          body(channel)
          return channel.pipeline.addHandler(ears.handler())
        }.bind(host: Self.serverAddress, port: port)
    )
  }
}

/// What a side of a stream has heard.
final class Ears: Sendable {
  struct Heard {
    var bytes = 0
    var text = ""
    var isInputClosed = false
    var isInactive = false
    var errors: [CInt] = []
    var channel: (any Channel)?
  }

  private let state = NIOLockedValueBox(Heard())

  var heard: Heard { state.withLockedValue { $0 } }

  func handler() -> some ChannelHandler & Sendable { Listening(state) }

  private final class Listening: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let state: NIOLockedValueBox<Heard>

    init(_ state: NIOLockedValueBox<Heard>) {
      self.state = state
    }

    func channelActive(context: ChannelHandlerContext) {
      let channel = context.channel
      state.withLockedValue { $0.channel = channel }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let buffer = unwrapInboundIn(data)
      state.withLockedValue {
        $0.bytes += buffer.readableBytes
        if $0.text.count < 1000 { $0.text += String(buffer: buffer) }
      }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      if case ChannelEvent.inputClosed = event { state.withLockedValue { $0.isInputClosed = true } }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      state.withLockedValue { $0.errors.append((error as? IOError)?.errnoCode ?? 0) }
    }

    func channelInactive(context: ChannelHandlerContext) {
      state.withLockedValue { $0.isInactive = true }
    }
  }
}
