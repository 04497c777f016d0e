import NIOCore

/// What is always true of a channel, seen by a handler and told to `report` where it isn't. It also does what handlers do at
/// the worst of times, as it is told to.
///
/// It is touched on its channel's loop alone, which the thread that has made it turns.
final class ChannelWitness: ChannelDuplexHandler, @unchecked Sendable {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer

  /// What kind of channel it is.
  enum Kind {
    case stream
    case listener
    case datagrams(to: SocketAddress)
  }

  /// How far the channel has come.
  enum Stage: Int, Comparable {
    case fresh, registered, active, inactive, unregistered, removed

    static func < (left: Stage, right: Stage) -> Bool { left.rawValue < right.rawValue }
  }

  /// What a handler does when it is told something.
  enum Reaction: Int, CaseIterable {
    case none, closeWhenRead, echo, writeWhenWritable, closeWhenInactive, endOutputAtEndOfInput, readWhenActive
    case closeWhenActive, closeWhenUnwritable, stopReading
  }

  private let kind: Kind
  /// The channel, once it has one.
  private(set) var channel: (any Channel)?
  private(set) var stage = Stage.fresh
  var reaction: Reaction
  /// Something is being called on the channel that may not fire inbound events.
  var isCalling = false
  /// How much of the stream was written, and read.
  private var written: UInt64 = 0
  private var received: UInt64 = 0
  private var wasWritable = true
  private var isAsked = false
  /// Between a read and the end of its burst.
  private var isReading = false
  private var isInputClosed = false
  /// Writes are numbered as they are made.
  private var writeCount = 0
  private var lastSuccess = -1
  private var firstFailure = Int.max
  /// Something was read that nobody asked for: the channel has to end for it.
  private var hasReadUnasked = false
  /// Whether the bytes are those that the peer wrote.
  private let isTrusted: () -> Bool
  private let report: (String) -> Void
  /// How many promises are owed.
  private(set) var owed = 0

  init(_ kind: Kind, _ reaction: Reaction, isTrusted: @escaping () -> Bool, report: @escaping (String) -> Void) {
    self.kind = kind
    self.reaction = reaction
    self.isTrusted = isTrusted
    self.report = report
  }

  private func check(_ condition: Bool, _ text: @autoclosure () -> String) {
    if !condition { report(text()) }
  }

  private func move(from: Stage..., to next: Stage) {
    check(from.contains(stage), "\(next) after \(stage)")
    stage = next
  }

  // MARK: What the session does

  /// Every stream: it doesn't repeat where packets or buffers do.
  private static let stream = ByteBuffer(
    bytes: (0..<4 * 65_521).map { UInt8(truncatingIfNeeded: $0 % 65_521 * 31 >> 3) }
  )

  /// The bytes at a place of every stream, as many as 3 * 65,521 at most.
  static func bytes(from offset: UInt64, count: Int) -> ByteBuffer {
    guard let bytes = stream.getSlice(at: Int(offset % 65_521), length: count) else {
      preconditionFailure("more than are made")
    }
    return bytes
  }

  /// A promise that has to be fulfilled.
  func promise() -> EventLoopPromise<Void>? {
    guard let channel else { return nil }
    let promise = channel.eventLoop.makePromise(of: Void.self)
    owed += 1
    promise.futureResult.whenComplete { [self] _ in owed -= 1 }
    return promise
  }

  func write(_ count: Int, flushes: Bool) {
    guard let channel else { return }
    let buffer = Self.bytes(from: written, count: count)
    written += UInt64(count)
    let number = writeCount
    writeCount += 1
    let promise = promise()
    promise?.futureResult.whenComplete { [self] result in note(result, ofWrite: number) }
    let data: NIOAny
    switch kind {
    case .stream, .listener: data = NIOAny(buffer)
    case .datagrams(let peer): data = NIOAny(AddressedEnvelope(remoteAddress: peer, data: buffer))
    }
    channel.pipeline.syncOperations.write(data, promise: promise)
    if flushes { channel.pipeline.syncOperations.flush() }
  }

  /// The writes of a stream succeed in their order, and none does behind one that has failed.
  private func note(_ result: Result<Void, any Error>, ofWrite number: Int) {
    guard case .stream = kind else { return }
    switch result {
    case .success:
      check(
        number > lastSuccess && number < firstFailure,
        "write \(number) after \(lastSuccess), before \(firstFailure)"
      )
      lastSuccess = number
    case .failure: firstFailure = min(firstFailure, number)
    }
  }

  /// Closes, which tells of the end at once.
  func close(_ mode: CloseMode) {
    let before = isCalling
    isCalling = false
    channel?.close(mode: mode, promise: promise())
    isCalling = before
  }

  /// Calls what may not fire inbound events.
  func call(_ body: (any Channel) -> Void) {
    guard let channel else { return }
    let before = isCalling
    isCalling = true
    body(channel)
    isCalling = before
  }

  /// What is true between turns.
  func settle() {
    check(!hasReadUnasked || stage > .active || isInputClosed, "a read that nobody asked for, and no end")
    check(!isReading, "a read without its end")
    guard let channel else { return }
    check(channel.isActive == (stage == .active), "active is \(channel.isActive) when \(stage)")
  }

  /// What is true once the loop has ended.
  func finish() {
    guard channel != nil else { return }
    check(owed == 0, "\(owed) promises that nobody has fulfilled")
    check(stage == .removed, "\(stage) at the end")
  }

  // MARK: What the channel tells

  func handlerAdded(context: ChannelHandlerContext) {
    channel = context.channel
    owed += 1
    context.channel.closeFuture.whenComplete { [self] _ in
      owed -= 1
      check(stage == .removed || stage == .unregistered || stage == .fresh, "closed when \(stage)")
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    move(from: .unregistered, .fresh, to: .removed)
  }

  func channelRegistered(context: ChannelHandlerContext) {
    move(from: .fresh, to: .registered)
    context.fireChannelRegistered()
  }

  func channelActive(context: ChannelHandlerContext) {
    move(from: .registered, to: .active)
    check(context.channel.isActive, "told to be active when it isn't")
    check(context.channel.localAddress != nil, "active without an address")
    switch reaction {
    case .closeWhenActive: close(.all)
    case .readWhenActive: read(context: context)
    default: break
    }
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    move(from: .active, to: .inactive)
    isReading = false
    check(!isCalling, "its end from inside of a call")
    check(!context.channel.isActive, "told to be inactive when it isn't")
    if reaction == .closeWhenInactive { close(.all) }
    // What is written to a channel that is gone has to fail.
    write(1, flushes: true)
    context.fireChannelInactive()
  }

  func channelUnregistered(context: ChannelHandlerContext) {
    move(from: .inactive, .registered, to: .unregistered)
    context.fireChannelUnregistered()
  }

  func read(context: ChannelHandlerContext) {
    isAsked = true
    context.read()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    check(stage == .active, "a read when \(stage)")
    check(!isCalling, "a read from inside of a call")
    check(!isInputClosed, "a read after the end of input")
    if !isAsked, !isReading { hasReadUnasked = true }
    isAsked = false
    isReading = true
    switch kind {
    case .stream: take(Self.unwrapInboundIn(data), context)
    case .listener, .datagrams: context.fireChannelRead(data)
    }
  }

  private func take(_ buffer: ByteBuffer, _ context: ChannelHandlerContext) {
    check(buffer.readableBytes > 0, "a read of nothing")
    if isTrusted() {
      let isRight = buffer == Self.bytes(from: received, count: buffer.readableBytes)
      check(isRight, "other bytes than were written, from \(received)")
    }
    received += UInt64(buffer.readableBytes)
    switch reaction {
    case .closeWhenRead: close(.all)
    case .echo where written < 1 << 20: write(buffer.readableBytes, flushes: true)
    case .stopReading: context.channel.setOption(.autoRead, value: false).whenFailure { _ in }
    default: break
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    check(stage == .active, "the end of a read when \(stage)")
    check(!isCalling, "the end of a read from inside of a call")
    isReading = false
    context.fireChannelReadComplete()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    check(context.channel.isWritable != wasWritable, "a change of writability that is none")
    wasWritable = context.channel.isWritable
    switch reaction {
    case .writeWhenWritable where wasWritable && written < 1 << 20: write(5000, flushes: true)
    case .closeWhenUnwritable where !wasWritable: close(.all)
    default: break
    }
    context.fireChannelWritabilityChanged()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event {
      check(!isInputClosed, "the end of input twice")
      check(stage == .active, "the end of input when \(stage)")
      isInputClosed = true
      if reaction == .endOutputAtEndOfInput { close(.output) }
    }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    check(!isCalling, "an error from inside of a call")
    context.fireErrorCaught(error)
  }
}
