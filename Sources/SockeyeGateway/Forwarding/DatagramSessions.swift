internal import DequeModule
internal import NIOCore
internal import SockeyeTransport

/// Gives each sender of datagrams a socket of its own onwards, and sends back what comes there.
final class DatagramSessions: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>

  private enum Session {
    /// Its socket is being made; what came meanwhile waits.
    case opening(Deque<ByteBuffer>)
    case open(any Channel, lastUse: NIODeadline)
  }

  private let destination: SocketAddress
  private let open: (@escaping Transport.Initializer) -> EventLoopFuture<any Channel>
  private var sessions: [SocketAddress: Session] = [:]
  private var cleaning: RepeatedTask?

  /// Senders at once, at most; datagrams of others are lost, as on a busy network.
  private static let most = 1024
  /// Datagrams that wait for a session's socket, at most.
  private static let mostWaiting = 64
  /// How long a sender's socket is kept when nothing passes (RFC 4787 asks for two minutes at least where there is memory).
  private static let idleLimit = TimeAmount.minutes(2)

  /// - Parameters:
  ///   - destination: where datagrams go.
  ///   - open: makes a socket; what its initializer is given answers by it.
  init(to destination: SocketAddress, open: @escaping (@escaping Transport.Initializer) -> EventLoopFuture<any Channel>)
  {
    self.destination = destination
    self.open = open
  }

  func handlerAdded(context: ChannelHandlerContext) {
    let loop = context.eventLoop
    let bound = NIOLoopBound(self, eventLoop: loop)
    cleaning = loop.scheduleRepeatedTask(initialDelay: Self.idleLimit, delay: Self.idleLimit) { _ in
      bound.value.closeIdle(now: loop.now)
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    cleaning?.cancel()
    for case .open(let channel, _) in sessions.values { channel.close(promise: nil) }
    sessions.removeAll()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let envelope = unwrapInboundIn(data)
    switch sessions[envelope.remoteAddress] {
    case .open(let channel, _):
      sessions[envelope.remoteAddress] = .open(channel, lastUse: context.eventLoop.now)
      send(envelope.data, by: channel)
    case .opening(var waiting):
      guard waiting.count < Self.mostWaiting else { return }
      waiting.append(envelope.data)
      sessions[envelope.remoteAddress] = .opening(waiting)
    case nil:
      guard sessions.count < Self.most else { return }
      sessions[envelope.remoteAddress] = .opening([envelope.data])
      makeSocket(for: envelope.remoteAddress, context)
    }
  }

  /// What is reported of one datagram is no reason to stop.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {}

  private func makeSocket(for sender: SocketAddress, _ context: ChannelHandlerContext) {
    let channel = context.channel
    let answered = NIOLoopBound(self, eventLoop: context.eventLoop)
    let socket = open { socket in
      try socket.pipeline.syncOperations.addHandler(
        DatagramAnswers {
          channel.writeAndFlush(AddressedEnvelope(remoteAddress: sender, data: $0), promise: nil)
          channel.eventLoop.execute { answered.value.touch(sender, now: channel.eventLoop.now) }
        }
      )
    }
    socket.hop(to: context.eventLoop).assumeIsolated().whenComplete { result in
      guard case .opening(let waiting) = self.sessions[sender] else {
        if case .success(let socket) = result { socket.close(promise: nil) }
        return
      }
      switch result {
      case .success(let socket):
        self.sessions[sender] = .open(socket, lastUse: channel.eventLoop.now)
        for datagram in waiting { self.send(datagram, by: socket) }
      case .failure: self.sessions[sender] = nil
      }
    }
  }

  private func send(_ datagram: ByteBuffer, by socket: any Channel) {
    socket.writeAndFlush(AddressedEnvelope(remoteAddress: destination, data: datagram), promise: nil)
  }

  private func touch(_ sender: SocketAddress, now: NIODeadline) {
    guard case .open(let channel, _) = sessions[sender] else { return }
    sessions[sender] = .open(channel, lastUse: now)
  }

  private func closeIdle(now: NIODeadline) {
    for case (let sender, .open(let channel, let lastUse)) in sessions where now - lastUse >= Self.idleLimit {
      channel.close(promise: nil)
      sessions[sender] = nil
    }
  }
}

/// Hands on what a sender's socket receives.
private final class DatagramAnswers: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>

  private let handOn: (ByteBuffer) -> Void

  init(_ handOn: @escaping (ByteBuffer) -> Void) {
    self.handOn = handOn
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    handOn(unwrapInboundIn(data).data)
  }

  /// What is reported of one datagram is no reason to stop.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}
