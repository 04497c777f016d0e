internal import NIOCore
internal import SockeyeTransport

/// Talks to a proxy until the connection is the server's, then leaves the pipeline to those who talk to the server.
final class ProxyHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private enum State {
    case negotiating(any ProxyNegotiation, EventLoopPromise<Void>)
    case over
  }

  private let proxy: ProxyServer
  private let limit: TimeAmount
  private let furnish: () throws -> Void
  private var state: State
  private var unread = ByteBuffer()
  private var timeout: Scheduled<Void>?

  /// - Parameters:
  ///   - limit: How long the proxy may take.
  ///   - promise: Told when the connection is the server's.
  ///   - furnish: Adds the handlers that talk to the server.
  init(
    _ negotiation: any ProxyNegotiation,
    with proxy: ProxyServer,
    limit: TimeAmount,
    promise: EventLoopPromise<Void>,
    furnish: @escaping () throws -> Void
  ) {
    state = .negotiating(negotiation, promise)
    self.proxy = proxy
    self.limit = limit
    self.furnish = furnish
  }

  func handlerAdded(context: ChannelHandlerContext) {
    guard case .negotiating(var negotiation, let promise) = state else { return }
    let first = negotiation.start()
    state = .negotiating(negotiation, promise)
    timeout = context.eventLoop.assumeIsolated().scheduleTask(in: limit) {
      self.fail(Failure(.timedOut, .proxySilent(self.proxy, self.limit.seconds)), context)
    }
    context.writeAndFlush(wrapOutboundOut(first), promise: nil)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    fail(Failure(.network, .proxyCloses(proxy)), context)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var buffer = unwrapInboundIn(data)
    unread.writeBuffer(&buffer)
    do throws(Failure) {
      while case .negotiating(var negotiation, let promise) = state {
        let step = try negotiation.take(&unread)
        state = .negotiating(negotiation, promise)
        switch step {
        case .wait: return
        case .send(let answer): context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
        case .connected:
          // The server has not been told anything yet that it could answer: these bytes would be the proxy's own, and be
          // taken for the server's.
          guard unread.readableBytes == 0 else { throw Failure(.peerProtocol, .proxySpeaksFirst(proxy)) }
          return handOver(promise, context)
        }
      }
    } catch {
      fail(error, context)
    }
  }

  private func handOver(_ promise: EventLoopPromise<Void>, _ context: ChannelHandlerContext) {
    state = .over
    timeout?.cancel()
    do {
      try furnish()
      context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
      promise.succeed()
    } catch {
      promise.fail(error)
      context.close(promise: nil)
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event { fail(Failure(.network, .proxyCloses(proxy)), context) }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    fail(Failure(.network, .proxyCloses(proxy)), context)
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    fail(error as? Failure ?? Failure(.network, .proxyCloses(proxy)), context)
  }

  private func fail(_ failure: Failure, _ context: ChannelHandlerContext) {
    guard case .negotiating(_, let promise) = state else { return }
    state = .over
    timeout?.cancel()
    promise.fail(failure)
    context.close(promise: nil)
  }
}
