internal import NIOCore

/// Hands on what its channel reads to the other end of a junction, no faster than that takes it. Its channel reads when it
/// is told to: auto-read is off.
final class JunctionEnd: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer

  private enum State {
    /// The other end is being opened. What was read already waits, and perhaps the end of input behind it.
    case waiting(held: [ByteBuffer], hasEnded: Bool)
    /// So many bytes have been handed on that the other end hasn't taken yet.
    case forwarding(Onward, untaken: Int)
    /// The input has ended; so many bytes are left for the other end.
    case ending(Onward, untaken: Int)
    /// What comes is thrown away, and nothing is said about it.
    case silent
    /// All is said.
    case done
  }

  /// Where bytes go, and who is told of the end.
  private struct Onward {
    let channel: any Channel
    let junction: Junction
  }

  /// Bytes that the other end hasn't taken yet, at which nothing more is read, unless said. A read that was on its way comes on
  /// top.
  static let mostUntaken = 256 << 10

  private var state = State.waiting(held: [], hasEnded: false)
  /// The other end has said all: an end of input then ends the channel, without an event of its own.
  private var hasEndedOutput = false
  private var fault: StreamFault?
  private let mostUntaken: Int
  private var context: ChannelHandlerContext?
  /// Bytes that were read here, and the timer that looks whether there are more, once the other direction has ended.
  private var readCount: UInt64 = 0
  private var restTimer: Scheduled<Void>?

  /// - Parameters:
  ///   - fault: what is to happen to the stream that is read here.
  ///   - mostUntaken: bytes that the other end hasn't taken yet, at which nothing more is read.
  init(_ fault: StreamFault? = nil, mostUntaken: Int = JunctionEnd.mostUntaken) {
    self.fault = fault
    self.mostUntaken = mostUntaken
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    restTimer?.cancel()
    restTimer = nil
  }

  /// Ends the junction once nothing has been read here, since nothing came or what did wasn't taken, for as long as that, or up
  /// to twice as long. On the channel's loop.
  func limitRest(to limit: TimeAmount) {
    guard let context, restTimer == nil else { return }
    lookAgain(after: limit, since: readCount, context.eventLoop)
  }

  private func lookAgain(after limit: TimeAmount, since count: UInt64, _ loop: any EventLoop) {
    restTimer = loop.assumeIsolated().scheduleTask(in: limit) {
      guard self.context != nil else { return }
      guard self.readCount != count else { return self.expire() }
      self.lookAgain(after: limit, since: self.readCount, loop)
    }
  }

  /// Begins to hand on. On the channel's loop.
  func join(_ other: any Channel, in junction: Junction) {
    guard case .waiting(let held, let hasEnded) = state, let context else { return junction.cut() }
    state = .forwarding(Onward(channel: other, junction: junction), untaken: 0)
    for buffer in held { forward(buffer) }
    other.flush()
    if hasEnded {
      endInput()
    } else if context.channel.isActive {
      context.read()
    }
  }

  // MARK: What the channel reads

  func channelActive(context: ChannelHandlerContext) {
    // An accepted channel may be joined before it is told that it is open.
    if case .forwarding = state { context.read() }
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let buffer = unwrapInboundIn(data)
    switch state {
    case .waiting(let held, let hasEnded): state = .waiting(held: held + [buffer], hasEnded: hasEnded)
    case .forwarding: forward(buffer)
    case .ending, .silent, .done: break
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    switch state {
    case .forwarding(let onward, let untaken):
      onward.channel.flush()
      if untaken < mostUntaken { context.read() }
    case .silent: context.read()
    case .waiting, .ending, .done: break
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event { endInput() }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    fail()
  }

  func channelInactive(context: ChannelHandlerContext) {
    if hasEndedOutput { endInput() } else { fail() }
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    switch mode {
    case .output: hasEndedOutput = true
    // Whoever closes all of one end closes the other, too.
    case .all: state = .done
    case .input: break
    }
    context.close(mode: mode, promise: promise)
  }

  // MARK: What follows

  private func forward(_ buffer: ByteBuffer) {
    guard case .forwarding(let onward, let untaken) = state, let context else { return }
    var buffer = buffer
    let outcome = fault?.take(&buffer)
    let length = buffer.readableBytes
    readCount &+= UInt64(length)
    if length > 0 {
      state = .forwarding(onward, untaken: untaken + length)
      let loop = context.eventLoop
      let taken = loop.makePromise(of: Void.self)
      onward.channel.write(buffer, promise: taken)
      taken.futureResult.assumeIsolated().whenComplete { result in
        switch result {
        case .success: self.taken(length)
        case .failure: self.fail()
        }
      }
    }
    switch outcome {
    case nil: break
    case .reset: fail()
    case .close:
      onward.channel.flush()
      endInput()
    case .silence:
      onward.channel.flush()
      state = .silent
    }
  }

  /// The other end has taken so many bytes.
  private func taken(_ length: Int) {
    switch state {
    case .forwarding(let onward, let untaken):
      state = .forwarding(onward, untaken: untaken - length)
      if untaken >= mostUntaken, untaken - length < mostUntaken { context?.read() }
    case .ending(let onward, let untaken):
      state = .ending(onward, untaken: untaken - length)
      endOutputIfTaken()
    case .waiting, .silent, .done: break
    }
  }

  private func endInput() {
    switch state {
    case .waiting(let held, _): state = .waiting(held: held, hasEnded: true)
    case .forwarding(let onward, let untaken):
      onward.channel.flush()
      state = .ending(onward, untaken: untaken)
      endOutputIfTaken()
    case .ending, .silent, .done: break
    }
  }

  private func endOutputIfTaken() {
    guard case .ending(let onward, 0) = state else { return }
    state = .done
    onward.channel.close(mode: .output).whenComplete { _ in onward.junction.endDirection(to: onward.channel) }
  }

  private func expire() {
    guard case .forwarding(let onward, _) = state else { return }
    onward.junction.expire()
  }

  private func fail() {
    let before = state
    state = .done
    switch before {
    case .forwarding(let onward, _), .ending(let onward, _): onward.junction.cut()
    case .waiting, .silent, .done: break
    }
  }
}
