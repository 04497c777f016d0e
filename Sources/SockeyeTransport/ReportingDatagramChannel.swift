import NIOCore
import Synchronization

/// A kernel's socket for datagrams as a channel that tells, as errors of its pipeline, what ICMP says of them.
///
/// NIO's own channel can't: it knows refusals alone, and traps on every other error that a socket is told of. Since no event
/// loop of NIO's watches a descriptor that isn't of its own, a thread does for all of them (``DescriptorWatch``).
final class ReportingDatagramChannel: Channel, ChannelCore, @unchecked Sendable {
  // What isn't Sendable in it is only touched on the loop. What others may read is atomic, or never changes once the
  // initializer is over (the pipeline).

  let eventLoop: any EventLoop
  let allocator = ByteBufferAllocator()
  let localAddress: SocketAddress?
  let remoteAddress: SocketAddress? = nil
  let parent: (any Channel)? = nil
  private let closePromise: EventLoopPromise<Void>
  // The pipeline wants its channel whole.
  private var pipelineOfSelf: ChannelPipeline!
  private let activity = Atomic(false)
  private let writability = Atomic(true)

  private enum Life {
    case opened(any DatagramSocket)
    case active(any DatagramSocket, DescriptorWatch)
    case closed
  }

  private typealias Write = (envelope: AddressedEnvelope<ByteBuffer>, promise: EventLoopPromise<Void>?)

  private var life: Life
  private let largestDatagram: Int
  private var writes = MarkedCircularBuffer<Write>(initialCapacity: 4)
  private var buffered = 0
  private var isWriting = false
  /// Whether whoever owns the channel has set how far datagrams go.
  private var hasHopLimit = false

  /// The bytes written and not sent above which the channel isn't writable, and below which it is again.
  private static let waterMark = (low: 32 * 1024, high: 64 * 1024)
  /// How many datagrams are taken before other events are looked at.
  private static let readAtOnce = 32

  /// Opens a socket on an event loop.
  static func open(
    options: DatagramOptions,
    on eventLoop: any EventLoop,
    _ initializer: @escaping Transport.Initializer = { _ in },
    _ makeSocket: @escaping @Sendable () throws(IOError) -> any DatagramSocket
  ) -> EventLoopFuture<any Channel> {
    eventLoop.submit {
      let socket = try makeSocket()
      let channel = ReportingDatagramChannel(socket, largestDatagram: options.largestDatagram, on: eventLoop)
      do {
        try initializer(channel)
      } catch {
        channel.close0(error: error, mode: .all, promise: nil)
        throw error
      }
      try channel.activate(socket)
      return channel
    }
  }

  private init(_ socket: any DatagramSocket, largestDatagram: Int, on eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
    life = .opened(socket)
    localAddress = socket.localAddress
    self.largestDatagram = max(1, min(largestDatagram, 65_535))
    closePromise = eventLoop.makePromise(of: Void.self)
    pipelineOfSelf = ChannelPipeline(channel: self)
  }

  var _channelCore: any ChannelCore { self }
  var pipeline: ChannelPipeline { pipelineOfSelf }
  var closeFuture: EventLoopFuture<Void> { closePromise.futureResult }
  var isActive: Bool { activity.load(ordering: .relaxed) }
  var isWritable: Bool { writability.load(ordering: .relaxed) }

  private func activate(_ socket: any DatagramSocket) throws {
    do {
      let watch = try DescriptorWatch(socket.descriptor) { [self] in eventLoop.execute { self.ready() } }
      life = .active(socket, watch)
    } catch {
      close0(error: error, mode: .all, promise: nil)
      throw error
    }
    activity.store(true, ordering: .relaxed)
    pipeline.syncOperations.fireChannelRegistered()
    pipeline.syncOperations.fireChannelActive()
    watch()
  }

  // MARK: Reading

  /// The socket has something: datagrams, errors, or room.
  private func ready() {
    guard case .active(let socket, _) = life else { return }
    report(takeErrors(socket))
    if isActive { read(socket) }
    if isActive { writeFlushed() }
    watch()
  }

  private func watch() {
    guard case .active(_, let watch) = life else { return }
    watch.wait(for: writes.hasMark ? [.readable, .writable] : .readable)
  }

  private func read(_ socket: any DatagramSocket) {
    var hasRead = false
    // Not kept: a socket that waits, as most do, would hold what no datagram of its peer's may ever need.
    var room = [UInt8](repeating: 0, count: largestDatagram)
    for _ in 0..<Self.readAtOnce {
      guard isActive, let (count, source) = socket.receive(into: &room) else { break }
      hasRead = true
      let envelope = AddressedEnvelope(remoteAddress: source, data: ByteBuffer(bytes: room[..<count]))
      pipeline.syncOperations.fireChannelRead(NIOAny(envelope))
    }
    if hasRead, isActive { pipeline.syncOperations.fireChannelReadComplete() }
  }

  /// It reads by itself: a datagram that nobody can take is better dropped in the open than in the kernel.
  func read0() {}

  private func takeErrors(_ socket: any DatagramSocket) -> [any Error] {
    var errors: [any Error] = []
    while let error = socket.takeError() {
      if hasHopLimit, let exceeded = error.exceeded { errors.append(exceeded) } else { errors.append(error.error) }
    }
    return errors
  }

  private func report(_ errors: [any Error]) {
    for error in errors where isActive { pipeline.syncOperations.fireErrorCaught(error) }
  }

  // MARK: Writing

  func write0(_ data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard isActive else {
      promise?.fail(ChannelError.ioOnClosedChannel)
      return
    }
    let envelope = unwrapData(data, as: AddressedEnvelope<ByteBuffer>.self)
    writes.append((envelope, promise))
    buffered += envelope.data.readableBytes
    guard buffered > Self.waterMark.high, writability.exchange(false, ordering: .relaxed) else { return }
    pipeline.syncOperations.fireChannelWritabilityChanged()
  }

  func flush0() {
    guard isActive else { return }
    writes.mark()
    writeFlushed()
    if writes.hasMark { watch() }
  }

  private func writeFlushed() {
    guard case .active(let socket, _) = life, !isWriting else { return }
    isWriting = true
    while isActive, writes.hasMark, let write = writes.first {
      do throws(IOError) {
        guard try socket.send(write.envelope.data, to: write.envelope.remoteAddress) else { break }
        removeFirst()?.succeed(())
      } catch {
        // What ICMP said of an earlier datagram says nothing of this one.
        if !reportSoon(socket) { removeFirst()?.fail(error) }
      }
    }
    isWriting = false
    // A refusal of this machine's own is there already; one who is about to close would not be told of it later.
    if isActive { _ = reportSoon(socket) }
    guard isActive, buffered < Self.waterMark.low, !writability.exchange(true, ordering: .relaxed) else { return }
    pipeline.syncOperations.fireChannelWritabilityChanged()
  }

  /// Reports errors from outside of what a handler does.
  ///
  /// - Returns: Whether there are any.
  private func reportSoon(_ socket: any DatagramSocket) -> Bool {
    let errors = takeErrors(socket)
    guard !errors.isEmpty else { return false }
    eventLoop.execute { self.report(errors) }
    return true
  }

  private func removeFirst() -> EventLoopPromise<Void>? {
    let write = writes.removeFirst()
    buffered -= write.envelope.data.readableBytes
    return write.promise
  }

  // MARK: Ending

  func close0(error: any Error, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    guard mode == .all else {
      promise?.fail(ChannelError.operationUnsupported)
      return
    }
    let wasActive = isActive
    switch life {
    case .closed:
      promise?.fail(ChannelError.alreadyClosed)
      return
    case .opened(let socket): socket.close()
    case .active(let socket, let watch):
      watch.end()
      socket.close()
    }
    life = .closed
    activity.store(false, ordering: .relaxed)
    while !writes.isEmpty { removeFirst()?.fail(error) }
    promise?.succeed(())
    if wasActive {
      pipeline.syncOperations.fireChannelInactive()
      pipeline.syncOperations.fireChannelUnregistered()
    }
    // Whoever closes may be a handler: the pipeline stays whole until it has returned.
    eventLoop.execute { [self] in
      removeHandlers(pipeline: pipeline)
      closePromise.succeed(())
    }
  }
}

// MARK: What a channel may be asked besides

extension ReportingDatagramChannel {
  /// There is one: how many routers a datagram may cross, in the socket's family. What was written before may still wait, and is
  /// sent with it.
  func setOption<Option: ChannelOption>(_ option: Option, value: Option.Value) -> EventLoopFuture<Void> {
    let isIPv4 = localAddress?.protocol == .inet
    guard let option = option as? ChannelOptions.Types.SocketOption, option == .hopLimit(isIPv4: isIPv4),
      let count = (value as? Int).map(CInt.init(clamping:))
    else { return eventLoop.makeFailedFuture(ChannelError.operationUnsupported) }
    guard eventLoop.inEventLoop else { return eventLoop.submit { try self.limitHops(to: count) } }
    return eventLoop.makeCompletedFuture { try limitHops(to: count) }
  }

  private func limitHops(to count: CInt) throws {
    guard case .active(let socket, _) = life else { throw ChannelError.ioOnClosedChannel }
    try socket.limitHops(to: count)
    hasHopLimit = true
  }

  func getOption<Option: ChannelOption>(_ option: Option) -> EventLoopFuture<Option.Value> {
    eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
  }

  func localAddress0() throws -> SocketAddress {
    guard let localAddress else { throw ChannelError.unknownLocalAddress }
    return localAddress
  }

  func remoteAddress0() throws -> SocketAddress { throw ChannelError.operationUnsupported }

  /// It is bound and registered from the first.
  func register0(promise: EventLoopPromise<Void>?) { promise?.fail(ChannelError.inappropriateOperationForState) }

  func registerAlreadyConfigured0(promise: EventLoopPromise<Void>?) { register0(promise: promise) }

  func bind0(to: SocketAddress, promise: EventLoopPromise<Void>?) { register0(promise: promise) }

  func connect0(to: SocketAddress, promise: EventLoopPromise<Void>?) {
    promise?.fail(ChannelError.operationUnsupported)
  }

  func triggerUserOutboundEvent0(_ event: Any, promise: EventLoopPromise<Void>?) {
    promise?.fail(ChannelError.operationUnsupported)
  }

  func channelRead0(_ data: NIOAny) {}

  func errorCaught0(error: any Error) {}
}
