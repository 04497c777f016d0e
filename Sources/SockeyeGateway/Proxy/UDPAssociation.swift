internal import NIOCore
internal import SockeyeTransport
internal import SockeyeWire

/// Carries a client's datagrams (RFC 1928, section 7) for as long as the connection stays on which it asked for that.
///
/// Datagrams are taken from the client's own address alone, and answers from those alone to whom it has sent something.
/// Fragments are dropped, as the RFC lets us. Confined to the connection's event loop, on which the sockets are, too.
final class UDPAssociation: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  /// What is known of a destination.
  private enum Knowledge {
    /// It is being looked up; the last datagram to it waits.
    case asked(ByteBuffer)
    /// It is at these addresses; at none where it may not be reached.
    case known([SocketAddress], until: NIODeadline)
  }

  private let control: any Channel
  private let service: ProxyService
  /// The client's address; its port is 0 until it is known.
  private var client: SocketAddress?
  private var inner: [any Channel] = []
  private var outer: [any Channel] = []
  private var isOver = false
  private var destinations: [ProxyDestination: Knowledge] = [:]
  private var asked = 0
  /// Those who may answer.
  private var spokenTo: Set<SocketAddress> = []

  /// To how many addresses a client may speak; datagrams to more are dropped.
  private static let mostSpokenTo = 1024
  /// How many destinations are remembered, how long, and how many are looked up at once.
  private static let mostDestinations = 256
  private static let memory = TimeAmount.seconds(60)
  private static let mostAsked = 8

  init(of control: any Channel, from port: UInt16, in service: ProxyService) {
    self.control = control
    self.service = service
    client = control.remoteAddress
    client?.port = Int(port)
  }

  // MARK: The connection

  /// Nothing more is said there.
  func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

  func channelReadComplete(context: ChannelHandlerContext) { context.read() }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
  }

  func channelInactive(context: ChannelHandlerContext) {
    isOver = true
    for channel in inner + outer { channel.close(promise: nil) }
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  // MARK: Sockets

  /// Makes the sockets.
  ///
  /// - Parameter answer: Told, on the event loop, where the client may send datagrams.
  func open(_ answer: @escaping (ProxyOutcome) -> Void) {
    let loop = control.eventLoop
    let bound = NIOLoopBound((association: self, answer: answer), eventLoop: loop)
    let transport = service.transport
    let ours = Endpoint(location: .network(host: control.localAddress?.hostText, port: 0))
    let theirs = Endpoint(location: .network(host: nil, port: 0))
    Task {
      let inner = try? await transport.bindDatagrams(on: ours) { channel in
        let socket = AssociationSocket { bound.value.association.takeFromClient($0) }
        try channel.pipeline.syncOperations.addHandler(socket)
      }
      let outer = try? await transport.bindDatagrams(on: theirs) { channel in
        let socket = AssociationSocket { bound.value.association.takeFromOthers($0) }
        try channel.pipeline.syncOperations.addHandler(socket)
      }
      let channels = (inner: inner?.channels ?? [], outer: outer?.channels ?? [])
      loop.execute { bound.value.association.opened(channels.inner, channels.outer, bound.value.answer) }
    }
  }

  private func opened(_ inner: [any Channel], _ outer: [any Channel], _ answer: (ProxyOutcome) -> Void) {
    guard !isOver, let place = inner.first?.localAddress, !outer.isEmpty else {
      for channel in inner + outer { channel.close(promise: nil) }
      return answer(.failed(.noRoom))
    }
    self.inner = inner
    self.outer = outer
    answer(.done(place))
    control.read()
  }

  // MARK: Datagrams

  private func takeFromClient(_ envelope: AddressedEnvelope<ByteBuffer>) {
    guard let client, client.addressBytes == envelope.remoteAddress.addressBytes,
      client.port == 0 || client.port == envelope.remoteAddress.port
    else { return }
    var datagram = envelope.data
    guard let (_, fragment) = datagram.readMultipleIntegers(as: (UInt16, UInt8).self), fragment == 0,
      let destination = (try? SOCKSReception.readPlace(from: &datagram))?.destination
    else { return }
    self.client = envelope.remoteAddress
    send(datagram, to: destination)
  }

  private func send(_ datagram: ByteBuffer, to destination: ProxyDestination) {
    let now = control.eventLoop.now
    switch destinations[destination] {
    case .known(let addresses, let end) where now < end: transmit(datagram, to: addresses)
    case .asked: destinations[destination] = .asked(datagram)
    case .known, nil:
      guard asked < Self.mostAsked else { return }
      if destinations.count >= Self.mostDestinations {
        destinations = destinations.filter { if case .asked = $0.value { true } else { false } }
      }
      destinations[destination] = .asked(datagram)
      look(up: destination)
    }
  }

  private func look(up destination: ProxyDestination) {
    asked += 1
    let loop = control.eventLoop
    let bound = NIOLoopBound(self, eventLoop: loop)
    let service = self.service
    Task {
      let lookup = await service.look(
        up: destination,
        before: loop.now + service.configuration.connect.timeout,
        on: loop
      )
      loop.execute { bound.value.found(lookup, destination) }
    }
  }

  private func found(_ lookup: ProxyService.Lookup, _ destination: ProxyDestination) {
    asked -= 1
    guard !isOver, case .asked(let datagram) = destinations[destination] else { return }
    var addresses: [SocketAddress] = []
    switch lookup {
    case .open(let found): addresses = found
    case .refused(let reason): service.report(.refused(client: control.remoteAddress, destination, reason))
    case .unknownName: service.report(.failed(client: control.remoteAddress, destination, nil))
    }
    destinations[destination] = .known(addresses, until: control.eventLoop.now + Self.memory)
    transmit(datagram, to: addresses)
  }

  /// A datagram for which there is no room is lost, as on any network.
  private func transmit(_ datagram: ByteBuffer, to addresses: [SocketAddress]) {
    for address in addresses {
      guard let socket = outer.first(where: { $0.localAddress?.protocol == address.protocol }) else { continue }
      guard socket.isWritable, spokenTo.contains(address) || spokenTo.count < Self.mostSpokenTo else { return }
      spokenTo.insert(address)
      return socket.writeAndFlush(AddressedEnvelope(remoteAddress: address, data: datagram), promise: nil)
    }
  }

  private func takeFromOthers(_ envelope: AddressedEnvelope<ByteBuffer>) {
    guard let client, client.port != 0, spokenTo.contains(envelope.remoteAddress), let socket = inner.first,
      socket.isWritable
    else { return }
    var datagram = ByteBuffer(bytes: [0, 0, 0])
    SOCKSReception.write(envelope.remoteAddress, to: &datagram)
    datagram.writeImmutableBuffer(envelope.data)
    socket.writeAndFlush(AddressedEnvelope(remoteAddress: client, data: datagram), promise: nil)
  }
}

/// Hands on the datagrams of a socket. What is reported of one of them is no reason to stop.
private final class AssociationSocket: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>

  private let take: (AddressedEnvelope<ByteBuffer>) -> Void

  init(_ take: @escaping (AddressedEnvelope<ByteBuffer>) -> Void) { self.take = take }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) { take(unwrapInboundIn(data)) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}
