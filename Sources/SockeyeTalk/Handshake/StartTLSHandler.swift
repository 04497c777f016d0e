import NIOCore
import SockeyeTransport

/// Leads the dialogue before TLS, and then makes room for TLS. What comes meanwhile is nobody else's.
final class StartTLSHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  private var dialogue: StartTLSDialogue
  private let address: String
  private let tls: TLSHandlers
  private var progress = Progress.expected

  private enum Progress {
    case expected
    case talking
    case over
  }

  init(_ language: StartTLSProtocol, with address: String, tls: TLSHandlers) {
    dialogue = StartTLSDialogue(language)
    self.address = address
    self.tls = tls
  }

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { open(context) }
  }

  func channelActive(context: ChannelHandlerContext) {
    open(context)
    context.fireChannelActive()
  }

  /// A channel that was active before this was added to it may say so once more.
  private func open(_ context: ChannelHandlerContext) {
    guard case .expected = progress else { return }
    progress = .talking
    if let opening = dialogue.opening { say(opening, context) }
  }

  private func say(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
    context.writeAndFlush(NIOAny(ByteBuffer(bytes: bytes)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .talking = progress else { return }
    switch dialogue.take(unwrapInboundIn(data).readableBytesView) {
    case .wait: return
    case .say(let bytes): say(bytes, context)
    case .begin: begin(context)
    case .fail(let refusal): fail(refusal, context)
    }
  }

  private func begin(_ context: ChannelHandlerContext) {
    progress = .over
    do {
      let pipeline = context.pipeline.syncOperations
      try pipeline.addHandlers(try tls.client(), position: .after(self))
      pipeline.removeHandler(self, promise: nil)
    } catch {
      context.fireErrorCaught(error)
    }
  }

  private func fail(_ refusal: StartTLSRefusal, _ context: ChannelHandlerContext) {
    progress = .over
    context.fireErrorCaught(Failure(refusal.kind, .startTLSFailed(address, refusal)))
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event, case .talking = progress { fail(.ended, context) }
    context.fireUserInboundEventTriggered(event)
  }
}
