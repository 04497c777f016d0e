import NIOCore
import NIOHTTP1
import SockeyeNIO

/// A web application: it answers each request with as many letters as its path says, such as `/1000`.
final class Letters: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private var wanted: Int?

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch Self.unwrapInboundIn(data) {
    case .head(let head): wanted = Int(head.uri.dropFirst()).flatMap { (0...100_000_000).contains($0) ? $0 : nil }
    case .body: break
    case .end: answer(context)
    }
  }

  private func answer(_ context: ChannelHandlerContext) {
    let body = ByteBuffer(repeating: UInt8(ascii: "a"), count: wanted ?? 0)
    let head = HTTPResponseHead(
      version: .http1_1,
      status: wanted == nil ? .notFound : .ok,
      headers: ["Content-Length": "\(body.readableBytes)"]
    )
    context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
    context.write(Self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
  }
}

/// Serves it at port 80 of a host: one on a TUN device, or one of a simulated network.
public func serveLetters(on group: any EventLoopGroup, host: String) -> EventLoopFuture<any Channel> {
  HostServerBootstrap(group: group)
    .childChannelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.configureHTTPServerPipeline()
        try channel.pipeline.syncOperations.addHandler(Letters())
      }
    }
    .bind(host: host, port: 80)
}
