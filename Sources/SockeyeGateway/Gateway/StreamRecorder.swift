internal import NIOCore
internal import SockeyeNIO
internal import SockeyeTCP

/// Takes down what became of a stream, as its channel on the child's side sees it, before the channel forgets.
final class StreamRecorder: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer

  private enum Ending {
    /// Which sides have said all.
    case open(child: Bool, destination: Bool)
    case decided(StreamRecord.Cause)
  }

  private let flow: GatewayFlow
  private let start: NIODeadline
  private var wasActive = false
  private var ending = Ending.open(child: false, destination: false)
  private var metrics: ConnectionMetrics?
  private var bytesSent: UInt64 = 0
  private var bytesReceived: UInt64 = 0

  init(_ flow: GatewayFlow, since start: NIODeadline) {
    self.flow = flow
    self.start = start
  }

  func channelActive(context: ChannelHandlerContext) {
    wasActive = true
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    bytesSent += UInt64(unwrapInboundIn(data).readableBytes)
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    bytesReceived += UInt64(unwrapOutboundIn(data).readableBytes)
    context.write(data, promise: promise)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is Junction.Expiry {
      note(context)
      decide(.expired)
    }
    if case ChannelEvent.inputClosed = event, case .open(_, let destination) = ending {
      note(context)
      ending = .open(child: true, destination: destination)
    }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    // Once its output is closed a channel ends when the child does, which it isn't told otherwise.
    if case .open(_, true) = ending { decide(.finished) }
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    note(context)
    decide(.childFailed)
    context.fireErrorCaught(error)
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    note(context)
    switch (mode, ending) {
    case (.output, .open(let child, _)): ending = .open(child: child, destination: true)
    // Who closes all before both have ended is the junction, for the other side's failure.
    case (.all, .open(let child, let destination)):
      decide(child && destination ? .finished : .destinationFailed)
    default: break
    }
    context.close(mode: mode, promise: promise)
  }

  private func note(_ context: ChannelHandlerContext) {
    metrics = (context.channel as? StreamChannel)?.metrics ?? metrics
  }

  private func decide(_ cause: StreamRecord.Cause) {
    if case .open = ending { ending = .decided(cause) }
  }

  /// What is known once the channel is closed.
  func record(now: NIODeadline) -> StreamRecord {
    var cause: StreamRecord.Cause
    switch ending {
    case .decided(let decided): cause = decided
    case .open(let child, let destination): cause = child && destination ? .finished : .childFailed
    }
    if !wasActive { cause = .childGaveUp }
    let roundTrip = metrics?.smoothedRoundTripTime.nanoseconds ?? 0
    return StreamRecord(
      flow: flow,
      duration: now - start,
      bytesSent: bytesSent,
      bytesReceived: bytesReceived,
      roundTripTime: roundTrip > 0 ? .nanoseconds(roundTrip) : nil,
      retransmissions: UInt64(clamping: metrics?.segmentsRetransmitted ?? 0),
      cause: cause
    )
  }
}
