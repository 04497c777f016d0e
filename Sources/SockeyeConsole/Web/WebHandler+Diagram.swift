internal import NIOCore
internal import NIOHTTP1

/// The pages that show connections.
extension WebHandler {
  /// Draws on another thread, which may take long, and answers then.
  func write(
    _ draw: @escaping @Sendable () -> DiagramPage?,
    _ request: HTTPRequestHead,
    _ context: ChannelHandlerContext
  ) {
    let drawn = context.eventLoop.makeFutureWithTask { draw() }
    drawn.assumeIsolated().whenSuccess { [self] page in
      guard context.channel.isActive else { return }
      guard let page else { return refuse(.notFound, request, context) }
      write(.ok, WebFields.diagram(page.policy), ByteBuffer(bytes: page.html), request, context)
    }
  }
}
