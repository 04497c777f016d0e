package import NIOCore
internal import SockeyeHost
internal import Synchronization

/// What channels over a host's sockets have in common: their life, their addresses, and when they read.
///
/// The order of promises and events is NIO's: a promise is fulfilled before the event that it stands for is fired; the end is
/// `channelInactive`, `channelUnregistered`, and in a later task the handlers' removal and the `closeFuture`.
package class HostChannel: @unchecked Sendable, Channel, ChannelCore {
  // What isn't Sendable in it is only touched on the loop. What others may read has a lock or is atomic, or never changes
  // once the initializer is over (the pipeline).

  // MARK: From any thread

  let loop: HostEventLoop
  package let parent: (any Channel)?
  private let closePromise: EventLoopPromise<Void>
  // The pipeline wants its channel whole.
  private var pipelineOfSelf: ChannelPipeline!
  private let addresses = Mutex<(local: SocketAddress?, remote: SocketAddress?)>((nil, nil))
  private let sharedAllocator = Mutex(ByteBufferAllocator())
  let status: ChannelStatus

  // MARK: On the loop

  /// Counts the channels of a loop in the order in which they were made.
  let number: UInt64
  /// The channel's socket; nil once it is closed.
  private(set) var socket: Handle?
  private(set) var lifecycle = ChannelLifecycle()
  var autoRead = true
  /// Socket options that the host has no use for, as they were set.
  var idleOptions: [HostSocketOption: Int] = [:]
  var maxMessagesPerRead: UInt = 4
  var reading = ReadDemand.none
  /// It is among the channels that the loop gives a turn.
  private var hasTurn = false

  /// A channel over a socket of the loop's host, which becomes its own. On the loop.
  init(_ socket: Handle, on loop: HostEventLoop, parent: (any Channel)?, isWritable: Bool) {
    loop.preconditionInEventLoop()
    self.loop = loop
    self.parent = parent
    self.socket = socket
    status = ChannelStatus(isWritable: isWritable)
    closePromise = loop.makePromise(of: Void.self)
    number = loop.nextChannelNumber()
    pipelineOfSelf = ChannelPipeline(channel: self)
    loop.channels.insert(self, for: socket)
  }

  // MARK: What each kind does in its own way

  /// Something changed at the socket.
  func socketIsReady() { preconditionFailure("a channel of no kind") }
  /// Reads what there is, if a read is pending.
  func readAvailable() { preconditionFailure("a channel of no kind") }
  /// Notices that the peer has closed, whether or not a read was asked for. The channel is active.
  func lookForEnd() {}
  /// Takes data for a later flush. The channel is open.
  func buffer(_ data: NIOAny, promise: EventLoopPromise<Void>?) {
    promise?.fail(ChannelError.operationUnsupported)
  }
  /// Marks what was written as flushed. The channel is open.
  func markFlushed() {}
  /// Writes what is flushed. The channel is active.
  func writeFlushed() {}
  /// Fails what was written and not sent. The channel is closed already.
  func failBuffered(_ error: any Error) {}
  /// Binds, as each kind of socket is bound. The channel is registered.
  func bind(_ socket: Handle, to endpoint: Endpoint, promise: EventLoopPromise<Void>?) {
    promise?.fail(ChannelError.operationUnsupported)
  }
  /// Connects. The channel is registered.
  func connect(_ socket: Handle, to endpoint: Endpoint, promise: EventLoopPromise<Void>?) {
    promise?.fail(ChannelError.operationUnsupported)
  }
  /// Sets an option that not all kinds have. The channel is open. Returns whether it is known.
  func setOwnOption<Option: ChannelOption>(_ option: Option, value: Option.Value) throws -> Bool { false }
  /// Answers an option that not all kinds have; nil if it isn't known. The channel is open.
  func ownOption<Option: ChannelOption>(_ option: Option) throws -> Option.Value? { nil }
  /// Closes one direction. The channel is open.
  func closeHalf(error: any Error, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    promise?.fail(ChannelError.operationUnsupported)
  }
  package func channelRead0(_ data: NIOAny) {}

  // MARK: Channel

  package final var eventLoop: any EventLoop { loop }
  package final var _channelCore: any ChannelCore { self }
  package final var pipeline: ChannelPipeline { pipelineOfSelf }
  package final var closeFuture: EventLoopFuture<Void> { closePromise.futureResult }
  package final var isActive: Bool { status.isActive }
  package final var isWritable: Bool { status.isWritable }
  package final var localAddress: SocketAddress? { addresses.withLock { $0.local } }
  package final var remoteAddress: SocketAddress? { addresses.withLock { $0.remote } }

  package final var allocator: ByteBufferAllocator {
    get { sharedAllocator.withLock { $0 } }
    set { sharedAllocator.withLock { $0 = newValue } }
  }

  // MARK: Reading

  /// Asks for a read if reads are asked for by themselves.
  func readIfNeeded() {
    guard lifecycle.isActive, !reading.isAsked, autoRead else { return }
    pipeline.syncOperations.read()
  }

  package func read0() {
    guard lifecycle.isOpen else { return }
    if reading.ask() { readLater() }
  }

  /// Takes a turn at reading, and writing, once those that are waiting have had theirs: never from inside of what a handler
  /// does.
  func readLater() {
    guard !hasTurn, lifecycle.isActive else { return }
    hasTurn = true
    loop.readers.append(self)
  }

  /// The turn has come.
  final func readWhenReady() {
    hasTurn = false
    guard lifecycle.isActive else { return }
    readAvailable()
    if lifecycle.isActive { lookForEnd() }
    if lifecycle.isActive { writeFlushed() }
  }

  // MARK: Life

  package final func register0(promise: EventLoopPromise<Void>?) {
    guard lifecycle.isOpen else {
      promise?.fail(ChannelError.ioOnClosedChannel)
      return
    }
    guard loop.isOpen else {
      pipeline.syncOperations.fireErrorCaught(EventLoopError.shutdown)
      close0(error: EventLoopError.shutdown, mode: .all, promise: nil)
      promise?.fail(EventLoopError.shutdown)
      return
    }
    guard lifecycle.register() else {
      promise?.fail(ChannelError.inappropriateOperationForState)
      return
    }
    promise?.succeed(())
    pipeline.syncOperations.fireChannelRegistered()
  }

  /// Registers and activates a channel whose socket is connected or bound already.
  package final func registerAlreadyConfigured0(promise: EventLoopPromise<Void>?) {
    guard lifecycle.isOpen else {
      promise?.fail(ChannelError.ioOnClosedChannel)
      return
    }
    let registration = loop.makePromise(of: Void.self)
    registration.futureResult.cascadeFailure(to: promise)
    register0(promise: registration)
    guard lifecycle.isRegistered else { return }
    becomeActive(promise)
  }

  /// The connection is there, or the socket is bound.
  final func becomeActive(_ promise: EventLoopPromise<Void>?) {
    guard lifecycle.isOpen else {
      promise?.fail(ChannelError.ioOnClosedChannel)
      return
    }
    let attempt = lifecycle.beginActivation()
    attempt?.timeout?.cancel()
    status.setActive(true)
    attempt?.promise?.succeed(())
    promise?.succeed(())
    guard lifecycle.finishActivation() else { return }
    pipeline.syncOperations.fireChannelActive()
    guard lifecycle.isActive else { return }
    writeFlushed()
    // What came before anybody was told of this socket is looked for once.
    _ = reading.offer()
    readLater()
    readIfNeeded()
  }

  /// Begins to open a connection.
  final func beginConnecting(_ attempt: ChannelLifecycle.Attempt) {
    lifecycle.beginConnecting(attempt)
  }

  package final func bind0(to address: SocketAddress, promise: EventLoopPromise<Void>?) {
    guard let socket else {
      promise?.fail(ChannelError.ioOnClosedChannel)
      return
    }
    do {
      try bind(socket, to: Endpoint(address), promise: promise)
    } catch {
      promise?.fail(error)
    }
  }

  package final func connect0(to address: SocketAddress, promise: EventLoopPromise<Void>?) {
    guard let socket else {
      promise?.fail(ChannelError.ioOnClosedChannel)
      return
    }
    guard !lifecycle.isConnecting else {
      promise?.fail(ChannelError.connectPending)
      return
    }
    guard lifecycle.isRegistered else {
      promise?.fail(ChannelError.inappropriateOperationForState)
      return
    }
    do {
      try connect(socket, to: Endpoint(address), promise: promise)
    } catch {
      promise?.fail(error)
      close0(error: error, mode: .all, promise: nil)
    }
  }

  package final func write0(_ data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard lifecycle.isOpen else {
      promise?.fail(ChannelError.ioOnClosedChannel)
      return
    }
    buffer(data, promise: promise)
  }

  package final func flush0() {
    guard lifecycle.isOpen else { return }
    markFlushed()
    if lifecycle.isActive { writeFlushed() }
  }

  package final func close0(error: any Error, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    guard lifecycle.isOpen, let socket else {
      promise?.fail(ChannelError.alreadyClosed)
      return
    }
    guard mode == .all else {
      closeHalf(error: error, mode: mode, promise: promise)
      return
    }
    // Nobody is called until all of the state is that of a closed channel.
    let farewell = lifecycle.close()
    status.setActive(false)
    self.socket = nil
    loop.channels.remove(socket)
    loop.close(socket)
    failBuffered(error)
    farewell.attempt?.timeout?.cancel()
    farewell.attempt?.promise?.fail(error)
    promise?.succeed(())
    if farewell.wasActive { pipeline.syncOperations.fireChannelInactive() }
    if farewell.wasRegistered { pipeline.syncOperations.fireChannelUnregistered() }
    // Whoever closes may be a handler: the pipeline stays whole until it has returned.
    loop.execute { [self] in
      removeHandlers(pipeline: pipeline)
      closePromise.succeed(())
      addresses.withLock { $0 = (nil, nil) }
    }
  }

  package func triggerUserOutboundEvent0(_ event: Any, promise: EventLoopPromise<Void>?) {
    promise?.fail(ChannelError.operationUnsupported)
  }

  package final func errorCaught0(error: any Error) {}

  // MARK: Addresses

  /// Takes the socket's addresses over into what others may read.
  final func refreshAddresses() {
    let (local, remote) = (try? localAddress0(), try? remoteAddress0())
    addresses.withLock { $0 = (local, remote) }
  }

  package final func localAddress0() throws -> SocketAddress {
    guard let socket else { throw ChannelError.ioOnClosedChannel }
    return SocketAddress(try loop.host.localEndpoint(of: socket))
  }

  package final func remoteAddress0() throws -> SocketAddress {
    guard let socket else { throw ChannelError.ioOnClosedChannel }
    return SocketAddress(try loop.host.remoteEndpoint(of: socket))
  }
}
