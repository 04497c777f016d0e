internal import DequeModule
internal import Glibc
internal import NIOCore
internal import SockeyeHost
internal import SockeyeNIO
internal import SockeyeTransport
internal import SockeyeWire

/// Carries the datagrams that a gateway's child sends to whom they are for, and back what comes from there: a session for each
/// pair of ends, with a socket of the machine's, until nothing has passed for a while.
///
/// What ICMP says of them outside is said inside, with what the child sent last.
final class DatagramRelay: @unchecked Sendable {
  // Unchecked for its sessions, which `loop` alone touches: its host calls `take` there, timers are its own, and what sockets of
  // other loops tell hops to it, or is executed on it, first.

  /// Both ends, the child's first.
  private struct Pair: Hashable {
    let source: HostEndpoint
    let destination: HostEndpoint
  }

  private struct Session {
    enum State {
      /// Its socket is being made; what came meanwhile waits.
      case opening(Deque<StrayMessage>)
      case open(any Channel)
      /// What comes is answered by why it isn't carried, which was told once.
      case refused
    }

    let flow: GatewayFlow
    let start: NIODeadline
    var state: State
    var lastUse: NIODeadline
    /// What the child sent last, which errors are about.
    var last: StrayMessage
    var bytesSent: UInt64 = 0
    var bytesReceived: UInt64 = 0
    /// How many routers its socket lets a datagram cross; nil for as many as the system does.
    var hopLimit: UInt8?
  }

  private let loop: HostEventLoop
  private let outside: Transport
  private let gatekeeper: Gatekeeper
  private let network: GatewayNetwork
  /// Where its sockets are: on the gateway's own event loop, where the machine's kernel has them.
  private let socketLoop: any EventLoop
  private let most: Int
  private let report: @Sendable (GatewayEvent) -> Void
  private var sessions = RestingOrder<Pair, Session>()
  /// Bytes of all datagrams that wait for sockets.
  private var waitingBytes = 0
  private var cleaning: Scheduled<Void>?

  /// Datagrams that wait for a session's socket, at most, and bytes of all that wait for one.
  private static let mostWaiting = 64
  private static let mostWaitingBytes = 4 << 20
  /// How long a session lasts when nothing passes: a minute, and for questions to name servers, each from a port of its own, ten
  /// seconds (RFC 4787 REQ-5 allows for that).
  private static let idleLimit = TimeAmount.seconds(60)
  private static let questionLimit = TimeAmount.seconds(10)
  /// What the kernel is asked for to hold datagrams for a session until they are read, in bytes; it gives what it gives everybody.
  private static let receiveBufferSize = 4 << 20
  /// How often sessions are looked through.
  private static let cleaningInterval = TimeAmount.seconds(5)

  init(
    on loop: HostEventLoop,
    to outside: Transport,
    _ gatekeeper: Gatekeeper,
    _ configuration: GatewayConfiguration,
    report: @escaping @Sendable (GatewayEvent) -> Void
  ) {
    self.loop = loop
    self.outside = outside
    self.gatekeeper = gatekeeper
    network = configuration.network
    // In virtual time it is another host of ours that has them, on a loop of its own.
    socketLoop = loop.isInVirtualTime ? outside.eventLoopGroup.next() : loop
    most = max(configuration.mostDatagramSessions, 1)
    self.report = report
  }

  var sessionCount: Int { sessions.count }

  // MARK: From the child

  func take(_ message: StrayMessage) {
    guard case .datagram(let sourcePort, let destinationPort) = message.carrier else { return }
    let pair = Pair(
      source: HostEndpoint(message.source, port: sourcePort),
      destination: HostEndpoint(message.destination, port: destinationPort)
    )
    guard var session = sessions[pair] else { return begin(pair, with: message) }
    session.lastUse = loop.now
    session.last = message.withoutPayload
    switch session.state {
    case .opening where message.hopLimit < 2, .open where message.hopLimit < 2: refuseToForward(message)
    case .opening(var waiting):
      guard waiting.count < Self.mostWaiting, mayWait(message) else { return }
      waiting.append(message)
      session.state = .opening(waiting)
    case .open(let channel):
      send(message, of: pair, &session, by: channel)
    case .refused:
      loop.host.report(.unreachable(.prohibited), about: message)
    }
    sessions[pair] = session
    sessions.use(pair)
  }

  /// Counts a datagram among those that wait, if there is room.
  private func mayWait(_ message: StrayMessage) -> Bool {
    guard waitingBytes + message.payload.count <= Self.mostWaitingBytes else { return false }
    waitingBytes += message.payload.count
    return true
  }

  private func begin(_ pair: Pair, with message: StrayMessage) {
    let (flow, refusal) = gatekeeper.judge(.datagrams, from: pair.source, to: pair.destination)
    if refusal == nil, message.hopLimit < 2 { return refuseToForward(message) }
    if sessions.count >= most { endIdlest() }
    var session = Session(
      flow: flow,
      start: loop.now,
      state: .refused,
      lastUse: loop.now,
      last: message.withoutPayload
    )
    if let refusal {
      sessions.insert(session, for: pair)
      report(.refused(flow, refusal))
      loop.host.report(.unreachable(.prohibited), about: message)
    } else {
      session.state = .opening(mayWait(message) ? [message] : [])
      sessions.insert(session, for: pair)
      open(pair, flow)
    }
    clean()
  }

  /// It is the gateway that the last hop led to (RFC 1812 section 5.3.1).
  private func refuseToForward(_ message: StrayMessage) {
    loop.host.report(.hopLimitExceeded(at: network.gateway(isIPv4: message.source.isIPv4)), about: message)
  }

  private func open(_ pair: Pair, _ flow: GatewayFlow) {
    var options = DatagramOptions()
    options.receiveBufferSize = Self.receiveBufferSize
    let route = DatagramRoute(address: flow.destination, source: nil)
    outside.openDatagrams(on: route, options: options, eventLoop: socketLoop)
      .flatMapThrowing { channel in
        let answers = RelayedAnswers(from: flow.destination) { payload in
          self.onLoop { self.answer(payload, to: pair) }
        } fail: { error in
          self.onLoop { self.tell(error, about: pair) }
        }
        try channel.pipeline.syncOperations.addHandler(answers)
        return channel
      }.hop(to: loop).assumeIsolated().whenComplete { result in
        switch result {
        case .success(let channel): self.opened(channel, for: pair)
        case .failure(let error):
          guard let session = self.remove(pair) else { return }
          self.report(.failed(session.flow, OpeningFailure(error)))
          self.loop.host.report(.unreachable(.network), about: session.last)
        }
      }
  }

  private func onLoop(_ body: @escaping @Sendable () -> Void) {
    if loop.inEventLoop { body() } else { loop.execute(body) }
  }

  private func opened(_ channel: any Channel, for pair: Pair) {
    guard var session = sessions[pair], case .opening(let waiting) = session.state, loop.flowOwner != nil else {
      channel.close(promise: nil)
      return
    }
    session.state = .open(channel)
    forgetWaiting(waiting)
    for message in waiting { send(message, of: pair, &session, by: channel) }
    sessions[pair] = session
  }

  private func send(_ message: StrayMessage, of pair: Pair, _ session: inout Session, by channel: any Channel) {
    session.bytesSent += UInt64(message.payload.count)
    // A queue that is full drops what comes, as links do.
    guard channel.isWritable else { return }
    // What crosses the gateway has one hop less before it.
    if session.hopLimit != message.hopLimit - 1 {
      session.hopLimit = message.hopLimit - 1
      let option = ChannelOptions.Types.SocketOption.hopLimit(isIPv4: message.source.isIPv4)
      _ = channel.setOption(option, value: Int(message.hopLimit - 1))
    }
    let envelope = AddressedEnvelope(remoteAddress: session.flow.destination, data: ByteBuffer(bytes: message.payload))
    let sent = channel.eventLoop.makePromise(of: Void.self)
    sent.futureResult.hop(to: loop).assumeIsolated().whenFailure { self.tell($0, about: pair) }
    channel.writeAndFlush(envelope, promise: sent)
  }

  // MARK: To the child

  private func answer(_ payload: ByteBuffer, to pair: Pair) {
    guard let session = sessions[pair] else { return }
    sessions[pair]?.lastUse = loop.now
    sessions[pair]?.bytesReceived += UInt64(payload.readableBytes)
    sessions.use(pair)
    loop.host.send(session.last.answer(Array(payload.readableBytesView)))
  }

  /// An error of the socket's is told as ICMP tells it (RFC 1122 section 3.2.2.1).
  private func tell(_ error: any Error, about pair: Pair) {
    guard let session = sessions[pair] else { return }
    if let router = (error as? HopLimitExceeded).flatMap({ try? HostEndpoint($0.router) })?.address {
      return loop.host.report(.hopLimitExceeded(at: router), about: session.last)
    }
    guard let number = (error as? IOError)?.errnoCode else {
      if case ChannelError.writeMessageTooLarge = error { tellTooLong(session.last) }
      return
    }
    switch number {
    case ECONNREFUSED: loop.host.report(.unreachable(.port), about: session.last)
    case EHOSTUNREACH, EHOSTDOWN: loop.host.report(.unreachable(.host), about: session.last)
    case ENETUNREACH, ENETDOWN: loop.host.report(.unreachable(.network), about: session.last)
    case EACCES, EPERM: loop.host.report(.unreachable(.prohibited), about: session.last)
    case EMSGSIZE: tellTooLong(session.last)
    default: break
    }
  }

  /// The socket doesn't say how much the path takes: what every IPv6 link does, and nearly every other (RFC 8200 section 5).
  private func tellTooLong(_ message: StrayMessage) {
    loop.host.report(.tooLong(most: 1280), about: message)
  }

  // MARK: Ends

  private func clean() {
    guard cleaning == nil, !sessions.isEmpty else { return }
    cleaning = loop.scheduleTask(in: Self.cleaningInterval) { [weak self] in
      guard let self else { return }
      cleaning = nil
      endIdle()
      clean()
    }
  }

  private func endIdle() {
    let now = loop.now
    for pair in sessions.keys(fromOldestWhile: { now - $0.lastUse >= Self.questionLimit }) {
      guard let lastUse = sessions[pair]?.lastUse else { continue }
      let limit = pair.destination.port == 53 ? Self.questionLimit : Self.idleLimit
      if now - lastUse >= limit { end(pair) }
    }
  }

  /// As many as may be: the one that has rested longest gives way to a new one.
  private func endIdlest() {
    if let idlest = sessions.oldest { end(idlest.key) }
  }

  private func end(_ pair: Pair) {
    guard let session = remove(pair) else { return }
    guard case .open(let channel) = session.state else { return }
    channel.close(promise: nil)
    report(
      .datagramsEnded(
        DatagramRecord(
          flow: session.flow,
          duration: session.lastUse - session.start,
          bytesSent: session.bytesSent,
          bytesReceived: session.bytesReceived
        )
      )
    )
  }

  private func remove(_ pair: Pair) -> Session? {
    let session = sessions.remove(pair)
    if case .opening(let waiting) = session?.state { forgetWaiting(waiting) }
    return session
  }

  private func forgetWaiting(_ messages: Deque<StrayMessage>) {
    for message in messages { waitingBytes -= message.payload.count }
  }

  /// Closes all sockets: the gateway ends.
  func stop() {
    for pair in sessions.keys { end(pair) }
    cleaning?.cancel()
  }
}

/// Hands on what a session's socket receives from whom it was made for: nobody else was asked.
private final class RelayedAnswers: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>

  private let peer: SocketAddress
  private let handOn: (ByteBuffer) -> Void
  private let fail: (any Error) -> Void

  init(from peer: SocketAddress, handOn: @escaping (ByteBuffer) -> Void, fail: @escaping (any Error) -> Void) {
    self.peer = peer
    self.handOn = handOn
    self.fail = fail
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let envelope = unwrapInboundIn(data)
    guard envelope.remoteAddress == peer else { return }
    handOn(envelope.data)
  }

  /// What is reported of one datagram is no reason to stop.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    fail(error)
  }
}

extension StrayMessage {
  /// What an answer or an error has to know of it.
  fileprivate var withoutPayload: StrayMessage {
    var message = self
    message.payload = []
    return message
  }
}
