internal import NIOCore
internal import SockeyeHost
package import SockeyeTCP

/// A TCP connection as a channel.
package final class StreamChannel: HostChannel, @unchecked Sendable {
  // As of `HostChannel`: what it adds is touched on the loop alone, or is atomic.

  /// What this side may still do.
  enum Output {
    case open
    /// Closed once what was written before has found its way into the socket.
    case closing(EventLoopPromise<Void>?)
    case closed
  }

  /// How what was flushed finds its way into the socket.
  enum Transfer {
    case idle
    /// Being moved: what is flushed meanwhile is moved too.
    case moving
    /// A write has failed: the channel is closed for it once what has arrived was read.
    case failed(any Error)
  }

  var output = Output.open
  /// Nothing more is read: the peer has closed, or the application doesn't want any more.
  var isInputClosed = false
  var allowsRemoteHalfClosure = false
  var connectTimeout: TimeAmount? = .seconds(10)
  var pending = PendingWrites()
  var receiveAllocator: any RecvByteBufferAllocator = AdaptiveRecvByteBufferAllocator()
  var transfer = Transfer.idle

  init(_ socket: Handle, on loop: HostEventLoop, parent: (any Channel)?) {
    super.init(socket, on: loop, parent: parent, isWritable: true)
    // As NIO does for all of its streams: who writes small messages flushes when they are to leave.
    try? HostSocketOption.noDelay.set(1, of: socket, in: &loop.host)
    if parent != nil { refreshAddresses() }
  }

  // MARK: Opening

  override func bind(_ socket: Handle, to endpoint: Endpoint, promise: EventLoopPromise<Void>?) {
    do {
      try loop.host.bind(socket, to: endpoint.address, port: endpoint.port)
      refreshAddresses()
      promise?.succeed(())
    } catch {
      promise?.fail(IOError(error, "bind"))
    }
  }

  override func connect(_ socket: Handle, to endpoint: Endpoint, promise: EventLoopPromise<Void>?) {
    do throws(SocketError) {
      try loop.host.connect(socket, to: endpoint)
      refreshAddresses()
      let timeout = connectTimeout.map { limit in
        loop.scheduleTask(in: limit) { [self] in
          guard lifecycle.isConnecting else { return }
          close0(error: ChannelError.connectTimeout(limit), mode: .all, promise: nil)
        }
      }
      beginConnecting(ChannelLifecycle.Attempt(promise: promise, timeout: timeout))
    } catch {
      let error = IOError(error, "connect to \(SocketAddress(endpoint))")
      promise?.fail(error)
      close0(error: error, mode: .all, promise: nil)
    }
  }

  /// Registers the channel of a connection that the peer has begun, and is active once its handshake is over.
  func openPassively(_ promise: EventLoopPromise<Void>) {
    refreshAddresses()
    let registration = loop.makePromise(of: Void.self)
    registration.futureResult.cascadeFailure(to: promise)
    register0(promise: registration)
    guard lifecycle.isRegistered else { return }
    beginConnecting(ChannelLifecycle.Attempt(promise: promise, timeout: nil))
  }

  /// The counters and gauges of its connection; nil once it is closed. On the loop.
  package var metrics: ConnectionMetrics? {
    guard let socket else { return nil }
    return try? loop.host.metrics(of: socket)
  }

  /// Bytes that arrived and were not read, and bytes that were written and are not acknowledged; nil once it is closed. On the
  /// loop.
  package var queuedCounts: (readable: Int, unacknowledged: Int)? {
    guard let socket else { return nil }
    return try? loop.host.queuedCounts(of: socket)
  }

  override func socketIsReady() {
    guard let socket, let ready = try? loop.host.readiness(of: socket) else { return }
    if lifecycle.isConnecting {
      if let error = try? loop.host.takeError(of: socket) {
        close0(error: IOError(error, "connect"), mode: .all, promise: nil)
        return
      }
      guard ready.contains(.writable) else { return }
      refreshAddresses()
      becomeActive(nil)
    }
    guard lifecycle.isActive else { return }
    if ready.contains(.failed) {
      readToFailure()
      return
    }
    if ready.contains(.writable) { writeFlushed() }
    guard lifecycle.isActive, ready.contains(.readable) else { return }
    if ready.contains(.peerClosed) {
      readToEnd()
      return
    }
    if reading.offer() { readAvailable() }
  }

  // MARK: Reading

  override func readAvailable() {
    if case .failed(let failure) = transfer {
      readToFailure()
      close0(error: failure, mode: .all, promise: nil)
      return
    }
    guard reading == .due, !isInputClosed else { return }
    var hasRead = false
    for _ in 0..<max(1, maxMessagesPerRead) {
      guard let socket, lifecycle.isActive, !isInputClosed else { return }
      do throws(SocketError) {
        let limit = receiveAllocator.nextBufferSize() ?? 65_536
        guard let buffer = try loop.host.read(upTo: limit, from: socket) else {
          endInput()
          return
        }
        _ = receiveAllocator.record(actualReadBytes: buffer.readableBytes)
        reading.answer()
        hasRead = true
        pipeline.syncOperations.fireChannelRead(NIOAny(buffer))
      } catch .wouldBlock {
        reading.exhaust()
        break
      } catch {
        fail(IOError(error, "read"))
        return
      }
    }
    guard hasRead, lifecycle.isActive else { return }
    pipeline.syncOperations.fireChannelReadComplete()
    readIfNeeded()
  }

  /// The peer has closed: what it sent is handed up, asked for or not, so that who doesn't read learns of the end too. It is no
  /// more than the receive buffer holds.
  private func readToEnd() {
    repeat {
      _ = reading.offer()
      _ = reading.ask()
      readAvailable()
    } while lifecycle.isActive && !isInputClosed && reading.isOffered
  }

  override func lookForEnd() {
    guard let socket, let ready = try? loop.host.readiness(of: socket), ready.contains(.peerClosed) else { return }
    readToEnd()
  }

  /// The peer has closed, and all that it sent was read.
  private func endInput() {
    pipeline.syncOperations.fireChannelReadComplete()
    guard lifecycle.isActive, !isInputClosed else { return }
    close0(error: ChannelError.eof, mode: allowsRemoteHalfClosure ? .input : .all, promise: nil)
    reading.answer()
  }

  /// The connection has failed: hands up what arrived before, asked for or not, and ends the channel.
  private func readToFailure() {
    var hasRead = false
    while let socket, lifecycle.isActive {
      do throws(SocketError) {
        guard !isInputClosed, let buffer = try loop.host.read(upTo: 65_536, from: socket) else { break }
        reading.answer()
        hasRead = true
        pipeline.syncOperations.fireChannelRead(NIOAny(buffer))
      } catch .wouldBlock {
        break
      } catch {
        if hasRead { pipeline.syncOperations.fireChannelReadComplete() }
        fail(IOError(error, "read"))
        return
      }
    }
    guard let socket, lifecycle.isActive else { return }
    if hasRead { pipeline.syncOperations.fireChannelReadComplete() }
    if case .failed = transfer { return }
    guard lifecycle.isActive else { return }
    let error = (try? loop.host.takeError(of: socket)) ?? .reset
    fail(IOError(error, "connection"))
  }

  private func fail(_ error: any Error) {
    guard lifecycle.isActive else { return }
    pipeline.syncOperations.fireErrorCaught(error)
    close0(error: error, mode: .all, promise: nil)
  }

  package override func read0() {
    guard !isInputClosed else { return }
    super.read0()
  }

  override func readIfNeeded() {
    guard !isInputClosed else { return }
    super.readIfNeeded()
  }

  // MARK: Writing

  override func buffer(_ data: NIOAny, promise: EventLoopPromise<Void>?) {
    add(unwrapData(data, as: IOData.self), promise: promise)
  }

  override func markFlushed() {
    pending.flush()
  }

  override func writeFlushed() {
    moveFlushed()
  }

  override func failBuffered(_ error: any Error) {
    failWrites(error)
  }

  override func closeHalf(error: any Error, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    close(mode, error: error, promise: promise)
  }

  // MARK: Options

  override func setOwnOption<Option: ChannelOption>(_ option: Option, value: Option.Value) throws -> Bool {
    set(option, to: value)
  }

  override func ownOption<Option: ChannelOption>(_ option: Option) throws -> Option.Value? {
    value(of: option)
  }
}
