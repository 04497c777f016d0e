internal import NIOCore
internal import SockeyeHost
internal import SockeyeNIO
internal import SockeyeTransport
internal import SockeyeWire

/// Lets datagrams of the machine's clients reach servers of a gateway's child, and back what the servers answer them: until
/// nothing has passed for a while, a client's address and port mean that client inside.
final class DatagramPublisher: @unchecked Sendable {
  // Unchecked for its sessions, which `loop` alone touches: its host calls `take` there; `publish`, which may be called from
  // anywhere, reads constants, and what its socket receives is executed on the loop.

  /// The child's end and the client's, as they are inside.
  private struct Pair: Hashable {
    let server: HostEndpoint
    let client: HostEndpoint
  }

  private struct Session {
    /// The machine's socket that the client has sent to, and the way back to the client.
    var socket: any Channel
    var client: SocketAddress
    var metadata: AddressedEnvelope<ByteBuffer>.Metadata?
    var lastUse: NIODeadline
  }

  private let loop: HostEventLoop
  private let network: GatewayNetwork
  private let most: Int
  private var sessions: [Pair: Session] = [:]

  /// How long a client is remembered with whom nothing passes (RFC 4787 REQ-5 asks for two minutes).
  private static let idleLimit = TimeAmount.minutes(2)

  init(on loop: HostEventLoop, _ configuration: GatewayConfiguration) {
    self.loop = loop
    network = configuration.network
    most = max(configuration.mostDatagramSessions, 1)
  }

  /// Begins to take datagrams at a port of the machine's.
  ///
  /// - Throws: a failure of kind `network` or `usage`.
  func publish(_ published: PublishedPort, by outside: Transport) async throws(Failure) -> Listener {
    let port = published.port
    return try await outside.bindDatagrams(on: published.endpoint) { socket in
      try socket.pipeline.syncOperations.addHandler(
        PublishedDatagrams { envelope in
          self.loop.execute { self.carry(envelope, from: socket, to: port) }
        }
      )
    }
  }

  private func carry(_ envelope: AddressedEnvelope<ByteBuffer>, from socket: any Channel, to port: UInt16) {
    guard let asked = try? HostEndpoint(envelope.remoteAddress) else { return }
    let client = network.source(for: asked)
    let child = client.address.isIPv4 ? IPAddress.v4(network.child4) : .v6(network.child6)
    let pair = Pair(server: HostEndpoint(child, port: port), client: client)
    if sessions[pair] == nil, sessions.count >= most {
      guard let idlest = sessions.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return }
      sessions[idlest.key] = nil
    }
    sessions[pair] = Session(
      socket: socket,
      client: envelope.remoteAddress,
      metadata: envelope.metadata,
      lastUse: loop.now
    )
    loop.host.send(
      StrayMessage(
        carrier: .datagram(sourcePort: client.port, destinationPort: port),
        source: client.address,
        destination: child,
        payload: Array(envelope.data.readableBytesView)
      )
    )
  }

  /// Takes a datagram of the child's that answers a client. Returns whether it is one.
  func take(_ message: StrayMessage) -> Bool {
    guard !sessions.isEmpty, case .datagram(let sourcePort, let destinationPort) = message.carrier else { return false }
    let pair = Pair(
      server: HostEndpoint(message.source, port: sourcePort),
      client: HostEndpoint(message.destination, port: destinationPort)
    )
    guard let session = sessions[pair] else { return false }
    guard loop.now - session.lastUse < Self.idleLimit else {
      sessions[pair] = nil
      return false
    }
    sessions[pair]?.lastUse = loop.now
    session.socket.writeAndFlush(
      AddressedEnvelope(
        remoteAddress: session.client,
        data: ByteBuffer(bytes: message.payload),
        metadata: session.metadata
      ),
      promise: nil
    )
    return true
  }
}

/// Hands on what a published socket receives.
private final class PublishedDatagrams: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>

  private let handOn: (AddressedEnvelope<ByteBuffer>) -> Void

  init(_ handOn: @escaping (AddressedEnvelope<ByteBuffer>) -> Void) {
    self.handOn = handOn
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    handOn(unwrapInboundIn(data))
  }

  /// What is reported of one datagram is no reason to stop.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}
