internal import NIOCore
internal import SockeyeHost
internal import SockeyeNIO
internal import SockeyeWire

/// Where a child asks: port 53 of the gateway's own addresses, by UDP and by TCP.
extension NameServer {
  private static let port = 53
  /// Streams with questions that are open at once, and how long one may rest.
  private static let mostStreams = 64
  private static let idleTime = TimeAmount.seconds(10)

  /// Begins to listen on the gateway's addresses. On the loop.
  func listen(on loop: HostEventLoop, _ network: GatewayNetwork) -> EventLoopFuture<Void> {
    let addresses = [IPAddress.v4(network.gateway4), .v6(network.gateway6)].map {
      SocketAddress(HostEndpoint($0, port: UInt16(Self.port)))
    }
    let listeners = addresses.flatMap { address in
      [listenToDatagrams(on: loop, address), listenToStreams(on: loop, address)]
    }
    return EventLoopFuture.andAllSucceed(listeners, on: loop)
  }

  private func listenToDatagrams(on loop: HostEventLoop, _ address: SocketAddress) -> EventLoopFuture<Void> {
    HostDatagramBootstrap(group: loop).channelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.addHandler(NameQuestions(self))
      }
    }.bind(to: address).map { _ in }
  }

  private func listenToStreams(on loop: HostEventLoop, _ address: SocketAddress) -> EventLoopFuture<Void> {
    let count = StreamCount(most: Self.mostStreams)
    return HostServerBootstrap(group: loop)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          guard count.add(until: channel.closeFuture) else { throw ChannelError.ioOnClosedChannel }
          let loop = channel.eventLoop
          let limit = IdleLimit(Self.idleTime)
          let stream = NameStream { message in
            // Who asks and doesn't read would have answers pile up.
            guard channel.isWritable else { return channel.close(promise: nil) }
            self.ask(Array(message.readableBytesView), isStream: true) { answer in
              channel.writeAndFlush(NameStream.framed(answer), promise: nil)
            }
          } ended: { _ in
            // Answers that are still to come have as long as a stream may rest.
            loop.scheduleTask(in: Self.idleTime) { channel.close(promise: nil) }
          }
          try channel.pipeline.syncOperations.addHandlers(limit, stream)
        }
      }.bind(to: address).map { _ in }
  }
}

/// Takes questions that come as datagrams.
private final class NameQuestions: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>

  private let server: NameServer

  init(_ server: NameServer) {
    self.server = server
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let envelope = unwrapInboundIn(data)
    let channel = context.channel
    server.ask(Array(envelope.data.readableBytesView), isStream: false) { answer in
      channel.writeAndFlush(AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: answer), promise: nil)
    }
  }

  /// What is reported of one answer is no reason to stop.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}

/// How many streams there are, on one loop.
private final class StreamCount: @unchecked Sendable {
  // Unchecked for its count: it is made for one listener, whose streams begin and end on the listener's own loop.

  private let most: Int
  private var count = 0

  init(most: Int) {
    self.most = most
  }

  /// Counts one more, if there may be, until its end.
  func add(until end: EventLoopFuture<Void>) -> Bool {
    guard count < most else { return false }
    count += 1
    end.assumeIsolated().whenComplete { _ in self.count -= 1 }
    return true
  }
}

/// Closes a stream on which nothing has come for so long.
private final class IdleLimit: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let time: TimeAmount
  private var timer: Scheduled<Void>?

  init(_ time: TimeAmount) {
    self.time = time
  }

  func handlerAdded(context: ChannelHandlerContext) { begin(context) }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    begin(context)
    context.fireChannelRead(data)
  }

  func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

  private func begin(_ context: ChannelHandlerContext) {
    timer?.cancel()
    let channel = context.channel
    timer = context.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
  }
}
