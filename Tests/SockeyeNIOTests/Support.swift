import NIOConcurrencyHelpers
import NIOCore
import SockeyeHost
import SockeyeNIO
import SockeyeSimulatedNetwork
import SockeyeSimulator

/// Two hosts of a simulated network, and channels between them.
///
/// The network runs on the test's thread alone, which is why handlers that are looked at from there need no lock.
struct Pair {
  let network: SimulatedNetwork
  let client: SimulatedHost
  let server: SimulatedHost

  init(seed: UInt64 = 1, impairments: Impairments? = nil) {
    network = SimulatedNetwork(seed: seed, impairments: impairments)
    client = network.addHost("client")
    server = network.addHost("server")
  }

  struct Ends {
    let listener: any Channel
    let client: any Channel
    let server: any Channel
    let clientEvents: Recorder
    let serverEvents: Recorder
  }

  /// Connects the two, both with half-closure allowed, and a recorder at each end.
  ///
  /// - Parameter buffers: bytes of the client's send buffer and of the server's receive buffer.
  func connect(autoRead: Bool = true, halfClosure: Bool = true, buffers: CInt = 65_536) throws -> Ends {
    let (clientEvents, serverEvents) = (Recorder(), Recorder())
    let accepted = server.next().makePromise(of: (any Channel).self)
    let listener = try network.run(
      until: HostServerBootstrap(group: server)
        .childChannelOption(.allowRemoteHalfClosure, value: halfClosure)
        .childChannelOption(.autoRead, value: autoRead)
        .childChannelOption(.socketOption(.so_rcvbuf), value: .init(buffers))
        .childChannelInitializer { channel in
          accepted.succeed(channel)
          return channel.pipeline.addHandler(serverEvents)
        }
        .bind(host: "server", port: 80)
    )
    let channel = try network.run(
      until: HostClientBootstrap(group: client)
        .channelOption(.allowRemoteHalfClosure, value: halfClosure)
        .channelOption(.socketOption(.so_sndbuf), value: .init(buffers))
        .channelInitializer { $0.pipeline.addHandler(clientEvents) }
        .connect(host: "server", port: 80)
    )
    let child = try network.run(until: accepted.futureResult)
    network.run(for: .milliseconds(10))
    return Ends(
      listener: listener,
      client: channel,
      server: child,
      clientEvents: clientEvents,
      serverEvents: serverEvents
    )
  }
}

/// Takes down what a channel tells its pipeline, and all bytes.
final class Recorder: ChannelDuplexHandler, @unchecked Sendable {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer

  private(set) var events: [String] = []
  private(set) var bytes = ByteBuffer()
  private(set) var errors: [any Error] = []

  func channelRegistered(context: ChannelHandlerContext) {
    events.append("registered")
    context.fireChannelRegistered()
  }

  func channelActive(context: ChannelHandlerContext) {
    events.append("active")
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    events.append("inactive")
    context.fireChannelInactive()
  }

  func channelUnregistered(context: ChannelHandlerContext) {
    events.append("unregistered")
    context.fireChannelUnregistered()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    bytes.writeImmutableBuffer(Self.unwrapInboundIn(data))
    context.fireChannelRead(data)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    events.append(context.channel.isWritable ? "writable" : "unwritable")
    context.fireChannelWritabilityChanged()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case ChannelEvent.inputClosed: events.append("input closed")
    case ChannelEvent.outputClosed: events.append("output closed")
    default: break
    }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    errors.append(error)
    events.append("error")
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    events.append("removed")
  }
}

/// Writes back what it reads, and closes its side when the peer has closed.
final class Echo: ChannelInboundHandler, Sendable {
  typealias InboundIn = ByteBuffer

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    context.write(data, promise: nil)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.flush()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event { context.close(mode: .output, promise: nil) }
  }
}

/// What becomes of a future.
final class Outcome: Sendable {
  private let box = NIOLockedValueBox<Result<Void, any Error>?>(nil)

  init<Value>(_ future: EventLoopFuture<Value>) {
    future.map { _ in }.whenComplete { [box] result in box.withLockedValue { $0 = result } }
  }

  var isKnown: Bool { box.withLockedValue { $0 != nil } }

  var isSuccess: Bool {
    if case .success = box.withLockedValue({ $0 }) { return true }
    return false
  }

  var error: (any Error)? {
    if case .failure(let error) = box.withLockedValue({ $0 }) { return error }
    return nil
  }
}

/// A stretch of bytes that doesn't repeat where packets or buffers do.
private let period: [UInt8] = {
  var state: UInt32 = 12_345
  return (0..<65_521).map { _ in
    state = state &* 1_664_525 &+ 1_013_904_223
    return UInt8(truncatingIfNeeded: state >> 24)
  }
}()

func pattern(_ count: Int) -> ByteBuffer {
  var buffer = ByteBufferAllocator().buffer(capacity: count)
  while buffer.readableBytes < count { buffer.writeBytes(period.prefix(count - buffer.readableBytes)) }
  return buffer
}
