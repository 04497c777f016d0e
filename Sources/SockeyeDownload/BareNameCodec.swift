internal import NIOCore
internal import NIOHTTP1
internal import SockeyeTransport

/// The bare-name protocol in the clothes of HTTP, so that the same download runs over both.
///
/// A request goes out as a name, with no terminator and without closing our side: that is what the protocol's servers
/// know. What comes back until the end of the stream is the file. There is no status: a server that lacks the file
/// answers the one byte `1`, or nothing. Unless that is allowed to be the file, it is taken for what it most likely is,
/// and the failure says so.
final class BareNameCodec: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = HTTPClientResponsePart
  typealias OutboundIn = HTTPClientRequestPart
  typealias OutboundOut = ByteBuffer

  private enum State {
    /// Nothing has come.
    case waiting
    /// The one byte that means "not found", until it is clear whether it is all.
    case heldBack(ByteBuffer)
    case flowing
    case ended
  }

  private static let missing = UInt8(ascii: "1")

  private let url: DownloadURL
  private let name: [UInt8]
  private let allowsAmbiguousReply: Bool
  private var state = State.waiting

  init(url: DownloadURL, name: [UInt8], allowsAmbiguousReply: Bool) {
    self.url = url
    self.name = name
    self.allowsAmbiguousReply = allowsAmbiguousReply
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head: context.write(wrapOutboundOut(ByteBuffer(bytes: name)), promise: promise)
    default: promise?.succeed()
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var buffer = unwrapInboundIn(data)
    guard buffer.readableBytes > 0 else { return }
    switch state {
    case .waiting
    where !allowsAmbiguousReply && buffer.readableBytes == 1 && buffer.readableBytesView.first == Self.missing:
      state = .heldBack(buffer)
      return
    case .waiting: begin(context)
    case .heldBack(var first):
      first.writeBuffer(&buffer)
      buffer = first
      begin(context)
    case .flowing: break
    case .ended: return
    }
    context.fireChannelRead(wrapInboundOut(.body(buffer)))
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
    switch state {
    case .waiting where !allowsAmbiguousReply:
      context.fireErrorCaught(Failure(.serverReported, .ambiguousNothing(url)))
    case .heldBack:
      context.fireErrorCaught(Failure(.serverReported, .ambiguousByte(url)))
    case .waiting, .flowing:
      if case .waiting = state { begin(context) }
      state = .ended
      context.fireChannelRead(wrapInboundOut(.end(nil)))
      context.fireUserInboundEventTriggered(event)
    case .ended: context.fireUserInboundEventTriggered(event)
    }
    state = .ended
  }

  private func begin(_ context: ChannelHandlerContext) {
    state = .flowing
    let head = HTTPResponseHead(version: .http1_0, status: .ok)
    context.fireChannelRead(wrapInboundOut(.head(head)))
  }
}
