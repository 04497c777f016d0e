package import NIOCore

/// Talks to a proxy until the connection is the server's, then leaves the pipeline to those who talk to the server.
package final class ProxyHandler: ChannelInboundHandler, RemovableChannelHandler {
  package typealias InboundIn = ByteBuffer
  package typealias InboundOut = ByteBuffer
  package typealias OutboundOut = ByteBuffer

  /// Who may speak first once the connection is the server's.
  package enum Opening {
    /// This side: what comes before it has spoken would be the proxy's own, and be taken for the server's.
    case ours
    /// Either: what comes behind the proxy's last word is the server's.
    case either
  }

  private enum State {
    case negotiating(any ProxyNegotiation, EventLoopPromise<Void>)
    case over
  }

  private let proxy: ProxyServer
  private let limit: TimeAmount
  private let opening: Opening
  private let furnish: () throws -> Void
  private var state: State
  private var unread = ByteBuffer()
  private var timeout: Scheduled<Void>?

  /// - Parameters:
  ///   - limit: How long the proxy may take.
  ///   - opening: Who may speak first to the other.
  ///   - promise: Told when the connection is the server's.
  ///   - furnish: Adds the handlers that talk to the server.
  package init(
    _ negotiation: any ProxyNegotiation,
    with proxy: ProxyServer,
    limit: TimeAmount,
    opening: Opening,
    promise: EventLoopPromise<Void>,
    furnish: @escaping () throws -> Void
  ) {
    state = .negotiating(negotiation, promise)
    self.proxy = proxy
    self.limit = limit
    self.opening = opening
    self.furnish = furnish
  }

  package func handlerAdded(context: ChannelHandlerContext) {
    guard case .negotiating(var negotiation, let promise) = state else { return }
    let first = negotiation.start()
    state = .negotiating(negotiation, promise)
    timeout = context.eventLoop.assumeIsolated().scheduleTask(in: limit) {
      self.fail(Failure(.timedOut, .silent(self.proxy, self.limit.text)), context)
    }
    context.writeAndFlush(wrapOutboundOut(first), promise: nil)
    // Who reads by itself once the server is there doesn't yet.
    context.read()
  }

  package func channelReadComplete(context: ChannelHandlerContext) {
    if case .negotiating = state { return context.read() }
    context.fireChannelReadComplete()
  }

  package func handlerRemoved(context: ChannelHandlerContext) {
    fail(Failure(.network, .closes(proxy)), context)
  }

  package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .negotiating = state else { return }
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
          guard opening == .either || unread.readableBytes == 0 else {
            throw Failure(.peerProtocol, .speaksFirst(proxy))
          }
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
      if unread.readableBytes > 0 {
        context.fireChannelRead(wrapInboundOut(unread))
        context.fireChannelReadComplete()
      }
      context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
      promise.succeed()
    } catch {
      promise.fail(error)
      context.close(promise: nil)
    }
  }

  package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event { fail(Failure(.network, .closes(proxy)), context) }
    context.fireUserInboundEventTriggered(event)
  }

  package func channelInactive(context: ChannelHandlerContext) {
    fail(Failure(.network, .closes(proxy)), context)
    context.fireChannelInactive()
  }

  package func errorCaught(context: ChannelHandlerContext, error: any Error) {
    fail(error as? Failure ?? Failure(.network, .closes(proxy)), context)
  }

  private func fail(_ failure: Failure, _ context: ChannelHandlerContext) {
    guard case .negotiating(_, let promise) = state else { return }
    state = .over
    timeout?.cancel()
    promise.fail(failure)
    context.close(promise: nil)
  }
}
