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

  private static let missing = UInt8(ascii: "1")

  private let url: DownloadURL
  private let name: [UInt8]
  private let allowsAmbiguousReply: Bool
  private var received = 0
  /// A reply of one byte, until it is clear whether it is all.
  private var heldBack: ByteBuffer?
  private var hasBegun = false
  private var hasEnded = false

  init(url: DownloadURL, name: [UInt8], allowsAmbiguousReply: Bool) {
    self.url = url
    self.name = name
    self.allowsAmbiguousReply = allowsAmbiguousReply
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head: context.write(wrapOutboundOut(ByteBuffer(bytes: self.name)), promise: promise)
    default: promise?.succeed()
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var buffer = unwrapInboundIn(data)
    received += buffer.readableBytes
    if received == 1, buffer.readableBytesView.first == Self.missing, !self.allowsAmbiguousReply {
      heldBack = buffer
      return
    }
    begin(context)
    if var first = heldBack {
      heldBack = nil
      first.writeBuffer(&buffer)
      buffer = first
    }
    context.fireChannelRead(wrapInboundOut(.body(buffer)))
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case ChannelEvent.inputClosed = event, !self.hasEnded else {
      return context.fireUserInboundEventTriggered(event)
    }
    hasEnded = true
    if !self.allowsAmbiguousReply, received == 0 || heldBack != nil {
      let answer =
        received == 0
        ? "nothing, which is how this protocol says 'not found', or an empty file"
        : "the single byte '1', which is how this protocol says 'not found', or a file of that one byte"
      let failure = Failure(
        .serverReported,
        "\(self.url): the server answered \(answer); --allow-ambiguous takes it as the file"
      )
      context.fireErrorCaught(failure)
      return
    }
    begin(context)
    context.fireChannelRead(wrapInboundOut(.end(nil)))
    context.fireUserInboundEventTriggered(event)
  }

  private func begin(_ context: ChannelHandlerContext) {
    guard !self.hasBegun else { return }
    hasBegun = true
    let head = HTTPResponseHead(version: .http1_0, status: .ok)
    context.fireChannelRead(wrapInboundOut(.head(head)))
  }
}
