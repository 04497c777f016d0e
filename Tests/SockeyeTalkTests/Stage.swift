import NIOCore
import NIOEmbedded
import SockeyeText
import SockeyeTransport

@testable import SockeyeTalk

/// Where sessions are tested: a channel without a network, a clock that is turned by hand, and whoever owns the session.
final class Stage: SessionOwner, ConversationObserver {
  let channel = EmbeddedChannel()
  private let wire = Wire()
  private(set) var heard: [String] = []
  private(set) var notices: [String] = []
  private(set) var cause: CloseCause?
  private(set) var stalls = 0
  var isReady = true
  var onReady: (() -> Void)?

  var observer: any ConversationObserver { self }
  var reads: Int { wire.reads }
  var isHalfClosed: Bool { wire.isHalfClosed }

  /// What would be the kernel's side of the channel: counts reads, and half-closes where an embedded channel can't.
  private final class Wire: ChannelOutboundHandler {
    typealias OutboundIn = Any
    var reads = 0
    var isHalfClosed = false

    func read(context: ChannelHandlerContext) { reads += 1 }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
      guard mode == .output else { return context.close(mode: mode, promise: promise) }
      isHalfClosed = true
      promise?.succeed()
    }
  }

  /// A session over the channel.
  ///
  /// - Parameter handlers: What stands between the network and the session.
  func streamSession(
    behind handlers: [any ChannelHandler] = [],
    _ configure: (inout ConversationConfiguration) -> Void
  ) throws -> StreamSession {
    var configuration = ConversationConfiguration()
    configure(&configuration)
    let address = try SocketAddress(ipAddress: "192.0.2.1", port: 7)
    let peer = Peer(number: 1, remoteAddress: address, localAddress: nil)
    let session = StreamSession(channel: channel, peer: peer, owner: self, configuration: configuration)
    try channel.pipeline.syncOperations.addHandlers([wire] + handlers + [session])
    try channel.connect(to: address).wait()
    return session
  }

  func datagramSession(_ configure: (inout ConversationConfiguration) -> Void) throws -> DatagramSession {
    var configuration = ConversationConfiguration()
    configure(&configuration)
    let address = try SocketAddress(ipAddress: "192.0.2.1", port: 7)
    try channel.connect(to: address).wait()
    let peer = Peer(number: 1, remoteAddress: address, localAddress: nil)
    return DatagramSession(channel: channel, peer: peer, owner: self, configuration: configuration)
  }

  func say(_ text: String) throws { try say(Array(text.utf8)) }

  func say(_ bytes: [UInt8]) throws {
    channel.pipeline.fireChannelRead(ByteBuffer(bytes: bytes))
    channel.pipeline.fireChannelReadComplete()
  }

  func endInput() { channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }

  func pass(_ time: TimeAmount) { channel.embeddedEventLoop.advanceTime(by: time) }

  /// What was sent since this was last asked.
  func sent() throws -> String {
    var all = ""
    while let buffer = try channel.readOutbound(as: ByteBuffer.self) { all += String(buffer: buffer) }
    return all
  }

  /// Which datagrams were sent since this was last asked.
  func datagrams() throws -> [String] {
    var all: [String] = []
    while let envelope = try channel.readOutbound(as: AddressedEnvelope<ByteBuffer>.self) {
      all.append(String(buffer: envelope.data))
    }
    return all
  }

  func conversation(_ event: ConversationEvent) {
    switch event {
    case .received(_, let message): heard.append(String(buffer: message.payload))
    case .notice(_, let phrase): notices.append(phrase.english)
    default: break
    }
  }

  func sessionOpened(_ session: Session) { session.serve() }
  func session(_ session: Session, heard message: Message) {}
  func sessionInputEnded(_ session: Session) { if session.isAllAnswered { session.finish(.peerFinished) } }
  func sessionBecameWritable(_ session: Session) {}
  func sessionStalled(_ session: Session) { stalls += 1 }
  func sessionLeaving(_ session: Session) {}
  func sessionClosed(_ session: Session, cause: CloseCause) { self.cause = cause }
}
