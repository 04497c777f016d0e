package import NIOCore

/// Stands between a socket and TLS, and closes the socket only when it has taken what was written before.
///
/// TLS closes its channel as soon as both directions have ended, perhaps inside a flush, and a channel that is closed gives
/// up what its socket hasn't taken: the rest of what was said, and the `close_notify` by which the peer tells the end from a
/// cut (RFC 8446, section 6.1). Here a close waits for those writes as long as the peer goes on reading; what is read
/// meanwhile is passed over.
package final class CloseBehindWrites: ChannelDuplexHandler {
  /// What the socket brings.
  package typealias InboundIn = ByteBuffer
  /// What goes to the socket.
  package typealias OutboundIn = ByteBuffer

  private enum State {
    case open
    /// This side's direction ends behind what was written.
    case endingOutput(EventLoopFuture<Void>)
    /// A close waits for what was written. It has been some patience ago that so much of it was left.
    case closing(ChannelHandlerContext, left: Int, limit: Scheduled<Void>)
    /// What was written is through, or isn't waited for.
    case abandoned
  }

  /// How long a close waits for a peer that takes nothing.
  package static let patience = TimeAmount.seconds(5)

  private var state = State.open

  /// A handler for one channel, which is to come right behind the socket.
  package init() {}

  /// Lets a close be one at once: one that waits, and those to come.
  package func abandon() {
    let waiting = state
    state = .abandoned
    guard case .closing(let context, _, let limit) = waiting else { return }
    limit.cancel()
    context.close(promise: nil)
  }

  /// Closes behind what was written; the end of this side's direction does by itself.
  package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    switch (mode, state) {
    case (.output, .open):
      let ended = context.eventLoop.makePromise(of: Void.self)
      ended.futureResult.cascade(to: promise)
      state = .endingOutput(ended.futureResult)
      context.close(mode: .output, promise: ended)
    case (.all, .open) where unwritten(context) > 0:
      let written = context.eventLoop.makePromise(of: Void.self)
      wait(for: written.futureResult, context, promise)
      // An empty write behind all others tells when they are through.
      context.writeAndFlush(NIOAny(ByteBuffer()), promise: written)
    case (.all, .endingOutput(let ended)) where unwritten(context) > 0:
      wait(for: ended, context, promise)
    case (.all, .closing): context.channel.closeFuture.cascade(to: promise)
    default: context.close(mode: mode, promise: promise)
    }
  }

  private func wait(
    for written: EventLoopFuture<Void>,
    _ context: ChannelHandlerContext,
    _ promise: EventLoopPromise<Void>?
  ) {
    context.channel.closeFuture.cascade(to: promise)
    watch(context)
    written.assumeIsolated().whenComplete { _ in self.abandon() }
  }

  /// Looks after some patience whether the peer has taken anything.
  private func watch(_ context: ChannelHandlerContext) {
    let left = unwritten(context)
    let limit = context.eventLoop.assumeIsolated().scheduleTask(in: Self.patience) {
      guard case .closing(let context, let before, _) = self.state else { return }
      if self.unwritten(context) < before { self.watch(context) } else { self.abandon() }
    }
    state = .closing(context, left: left, limit: limit)
  }

  private func unwritten(_ context: ChannelHandlerContext) -> Int {
    (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
  }

  /// Passes on what is read until a close waits.
  package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .closing = state { return }
    context.fireChannelRead(data)
  }

  /// Ends a wait with the channel.
  package func channelInactive(context: ChannelHandlerContext) {
    stopWaiting()
    context.fireChannelInactive()
  }

  /// Ends a wait with the handler.
  package func handlerRemoved(context: ChannelHandlerContext) {
    stopWaiting()
  }

  private func stopWaiting() {
    if case .closing(_, _, let limit) = state { limit.cancel() }
    state = .abandoned
  }
}
