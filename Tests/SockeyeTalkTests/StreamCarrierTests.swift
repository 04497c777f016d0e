import Glibc
import NIOCore
import NIOPosix
import Testing

@testable import SockeyeTalk

@Suite("Sessions: bytes over a stream's channel")
struct StreamCarrierTests {
  /// Says more than a socket takes at once, ends its direction, and notes what it hears of that.
  private final class Speaker: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    static let much = 8 << 20

    let carrier = StreamCarrier()
    let heardEnd: EventLoopPromise<Void>
    let isOut: EventLoopPromise<Void>

    init(_ eventLoop: any EventLoop) {
      heardEnd = eventLoop.makePromise()
      isOut = eventLoop.makePromise()
    }

    func channelActive(context: ChannelHandlerContext) {
      carrier.attach(context)
      carrier.transmit(ByteBuffer(repeating: 7, count: Self.much))
      carrier.perform(.endOutput) { self.isOut.succeed(()) }
      context.read()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      if case ChannelEvent.inputClosed = event { heardEnd.succeed(()) }
    }

    func channelInactive(context: ChannelHandlerContext) {
      carrier.detach()
      for promise in [heardEnd, isOut] { promise.fail(ChannelError.eof) }
    }
  }

  @Test(
    "An end of output is told when everything is out, whether the peer's FIN came before or not",
    arguments: [false, true]
  )
  func endOfOutput(peerEndsFirst: Bool) async throws {
    var ends: [CInt] = [-1, -1]
    try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    defer { close(ends[1]) }
    let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
    let speaker = try await eventLoop.submit { NIOLoopBound(Speaker(eventLoop), eventLoop: eventLoop) }.get()
    let (heardEnd, isOut) = try await eventLoop.submit {
      (speaker.value.heardEnd.futureResult, speaker.value.isOut.futureResult)
    }.get()
    let channel = try await ClientBootstrap(group: eventLoop)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelOption(.autoRead, value: false)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(speaker.value) }
      }
      .withConnectedSocket(ends[0]).get()
    if peerEndsFirst {
      shutdown(ends[1], Int32(SHUT_WR))
      try await heardEnd.get()
    }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var total = 0
    while case let count = read(ends[1], &buffer, buffer.count), count > 0 { total += count }
    #expect(total == Speaker.much)
    try await isOut.get()
    channel.close(promise: nil)
    try? await channel.closeFuture.get()
  }

  @Test("An end of output isn't told where the peer has gone with some of it unread")
  func lostOutput() async throws {
    var ends: [CInt] = [-1, -1]
    try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
    let speaker = try await eventLoop.submit { NIOLoopBound(Speaker(eventLoop), eventLoop: eventLoop) }.get()
    let isOut = try await eventLoop.submit { speaker.value.isOut.futureResult }.get()
    let channel = try await ClientBootstrap(group: eventLoop)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(speaker.value) }
      }
      .withConnectedSocket(ends[0]).get()
    close(ends[1])
    try await channel.closeFuture.get()
    await #expect(throws: (any Error).self) { try await isOut.get() }
  }
}
