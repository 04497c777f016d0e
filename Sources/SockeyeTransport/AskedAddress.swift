import CSockeyeLinux
import Glibc
import NIOCore

/// Has a datagram's answer come from the address that was asked (RFC 1122, section 4.1.3.5): a socket that is bound to every
/// address of the machine sends from the one nearest to the peer, which then takes the answer for somebody else's.
///
/// What was asked stands in an envelope's `packetInfo`. NIO tells it of what arrives, and doesn't heed it in what is written.
final class AskedAddress: ChannelOutboundHandler {
  typealias OutboundIn = AddressedEnvelope<ByteBuffer>
  typealias OutboundOut = AddressedEnvelope<ByteBuffer>

  private typealias Answer = (envelope: OutboundIn, source: NIOPacketInfo, promise: EventLoopPromise<Void>?)

  private var answers = CircularBuffer<Answer>(initialCapacity: 16)
  private var size = 0
  private var retry: Scheduled<Void>?

  /// The bytes that wait for room in the socket beyond which answers are dropped, as a full socket would.
  private static let most = 256 * 1024
  private static let pause = TimeAmount.milliseconds(1)

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    let envelope = unwrapOutboundIn(data)
    // Nobody speaks as a group.
    guard let source = envelope.metadata?.packetInfo, !source.destinationAddress.isMulticast else {
      return context.write(data, promise: promise)
    }
    guard size <= Self.most else {
      promise?.fail(IOError(errnoCode: ENOBUFS, reason: "sendmsg"))
      return
    }
    size += envelope.data.readableBytes
    answers.append((envelope, source, promise))
  }

  func flush(context: ChannelHandlerContext) {
    if retry == nil { sendAnswers(context) }
    context.flush()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    retry?.cancel()
    while let answer = answers.popFirst() { answer.promise?.fail(ChannelError.ioOnClosedChannel) }
  }

  private func sendAnswers(_ context: ChannelHandlerContext) {
    guard !answers.isEmpty else { return }
    let transport = context.pipeline.syncOperations
    _ = try? transport.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { descriptor in
      while let answer = answers.first {
        let number = Self.send(answer, by: descriptor)
        if number == EAGAIN { return sendLater(context) }
        answers.removeFirst()
        size -= answer.envelope.data.readableBytes
        conclude(answer, number, context)
      }
    }
  }

  private func conclude(_ answer: Answer, _ number: CInt, _ context: ChannelHandlerContext) {
    switch number {
    case 0: answer.promise?.succeed(())
    case EINVAL, EADDRNOTAVAIL, ENETUNREACH:
      // What was asked is no address to speak from: a broadcast's, or one that the machine has lost.
      let plain = AddressedEnvelope(remoteAddress: answer.envelope.remoteAddress, data: answer.envelope.data)
      context.writeAndFlush(wrapOutboundOut(plain), promise: answer.promise)
    default: answer.promise?.fail(IOError(errnoCode: number, reason: "sendmsg"))
    }
  }

  /// NIO watches for room only on behalf of what it sends itself.
  private func sendLater(_ context: ChannelHandlerContext) {
    retry = context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) {
      self.retry = nil
      self.sendAnswers(context)
    }
  }

  /// - Returns: 0, or what went wrong.
  private static func send(_ answer: Answer, by descriptor: CInt) -> CInt {
    answer.envelope.data.withUnsafeReadableBytes { bytes in
      answer.source.destinationAddress.withSockAddr { source, _ in
        answer.envelope.remoteAddress.withSockAddr { destination, length in
          while true {
            let sent = sockeye_send_datagram_from(
              descriptor,
              bytes.baseAddress,
              bytes.count,
              destination,
              UInt32(length),
              source,
              UInt32(clamping: answer.source.interfaceIndex)
            )
            if sent >= 0 { return 0 }
            if errno != EINTR { return errno }
          }
        }
      }
    }
  }
}
