import NIOCore
import SockeyeTransport

/// Answers the clients of `bench`, over TCP and UDP on one port.
struct BenchServer {
  let streams: Listener
  let datagrams: Listener

  var addresses: [SocketAddress] { streams.addresses }

  /// Begins to answer.
  ///
  /// - Throws: A failure of kind `network` or `usage`.
  static func start(
    on endpoint: Endpoint,
    over transport: Transport,
    streams streamOptions: ListenOptions,
    datagrams datagramOptions: DatagramOptions
  ) async throws(Failure) -> BenchServer {
    // The system may choose a port for TCP that somebody holds in UDP.
    var attempts = endpoint.port == 0 ? 16 : 1
    while true {
      attempts -= 1
      let streams = try await transport.listen(on: endpoint, options: streamOptions) { channel in
        try channel.pipeline.syncOperations.addHandler(BenchResponder())
      }
      do throws(Failure) {
        let datagrams = try await transport.bindDatagrams(on: endpoint.at(streams), options: datagramOptions) {
          channel in
          try channel.pipeline.syncOperations.addHandler(BenchDatagramResponder())
        }
        return BenchServer(streams: streams, datagrams: datagrams)
      } catch {
        await streams.close()
        guard attempts > 0 else { throw error }
      }
    }
  }

  /// Takes no more clients; those that are there go on until they leave, or the program ends.
  func close() async {
    await streams.close()
    await datagrams.close()
  }
}

extension Endpoint {
  /// The same place, on the port that a listener has got.
  fileprivate func at(_ listener: Listener) -> Endpoint {
    guard case .network(let host, _) = location, let port = listener.addresses.first?.port else { return self }
    return Endpoint(location: .network(host: host, port: UInt16(clamping: port)))
  }
}

/// Does over one connection what its client asks for.
final class BenchResponder: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private enum State {
    case asked(ByteBuffer)
    case discarding(UInt64)
    case sending(BulkSource)
    case echoing
    case exchanging(left: Int)
    case tellingTime
    case over
  }

  private var state = State.asked(ByteBuffer())
  /// A read that waits until the client has taken what it is owed.
  private var heldRead = false

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    take(Self.unwrapInboundIn(data), context)
  }

  private func take(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
    switch state {
    case .asked(var buffer):
      buffer.writeImmutableBuffer(bytes)
      do throws(BenchRequest.NotARequest) {
        guard let request = try BenchRequest.read(from: &buffer) else { return state = .asked(buffer) }
        begin(request, context)
        if buffer.readableBytes > 0 { take(buffer, context) }
      } catch {
        state = .over
        context.close(promise: nil)
      }
    case .discarding(let count): state = .discarding(count + UInt64(bytes.readableBytes))
    case .echoing: context.write(Self.wrapOutboundOut(bytes), promise: nil)
    case .exchanging(let left):
      var bytes = bytes
      let part = bytes.readSlice(length: min(left, bytes.readableBytes)) ?? bytes
      state = .exchanging(left: left - part.readableBytes)
      guard part.readableBytes == left else { return context.write(Self.wrapOutboundOut(part), promise: nil) }
      state = .over
      let written = context.eventLoop.makePromise(of: Void.self)
      written.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
      context.writeAndFlush(Self.wrapOutboundOut(part), promise: written)
    case .tellingTime:
      let standing = BenchStanding(processorNanoseconds: UInt64(ProcessorTime.used.nanoseconds))
      for _ in 0..<bytes.readableBytes { context.write(Self.wrapOutboundOut(standing.bytes), promise: nil) }
    case .sending, .over: break
    }
  }

  private func begin(_ request: BenchRequest, _ context: ChannelHandlerContext) {
    switch request.kind {
    case .discard: state = .discarding(0)
    case .source: state = .sending(BulkSource(context) { _ in })
    case .echo: state = .echoing
    case .exchange: state = .exchanging(left: max(1, Int(request.size)))
    case .processorTime: state = .tellingTime
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    switch state {
    case .echoing, .exchanging, .tellingTime: context.flush()
    default: break
    }
    context.fireChannelReadComplete()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event { inputEnded(context) }
    context.fireUserInboundEventTriggered(event)
  }

  private func inputEnded(_ context: ChannelHandlerContext) {
    switch state {
    case .discarding(let count):
      context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(integer: count)), promise: nil)
    case .sending(let source): source.stop()
    default: context.flush()
    }
    state = .over
    context.close(mode: .output, promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    if case .sending(let source) = state { source.stop() }
    state = .over
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  // MARK: Back-pressure

  func read(context: ChannelHandlerContext) {
    if context.channel.isWritable { context.read() } else { heldRead = true }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable, heldRead {
      heldRead = false
      context.read()
    }
    context.fireChannelWritabilityChanged()
  }
}

/// Answers questions that come as datagrams.
private final class BenchDatagramResponder: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>
  typealias OutboundOut = AddressedEnvelope<ByteBuffer>

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let envelope = Self.unwrapInboundIn(data)
    // What the client's link doesn't take is lost, as datagrams are.
    guard context.channel.isWritable, let answer = BenchDatagram.answer(to: envelope.data) else { return }
    context.write(
      Self.wrapOutboundOut(AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: answer)),
      promise: nil
    )
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.flush()
    context.fireChannelReadComplete()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // An answer that nobody takes any more.
  }
}
