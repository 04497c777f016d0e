internal import NIOCore
internal import SockeyeHost

/// A UDP socket as a channel. What is read are `AddressedEnvelope`s; what is written may be, and on a connected channel may
/// also be the bytes alone.
package final class DatagramChannel: HostChannel, @unchecked Sendable {
  // As of `HostChannel`: what it adds is touched on the loop alone, or is atomic.

  private struct Write {
    let destination: Endpoint?
    let bytes: ByteBuffer
    let promise: EventLoopPromise<Void>?
  }

  private var writes = MarkedCircularBuffer<Write>(initialCapacity: 0)
  private var bufferedCount = 0
  private var waterMark = ChannelOptions.Types.WriteBufferWaterMark(low: 32 * 1024, high: 64 * 1024)
  private var isWriting = false
  private var peer: SocketAddress?

  init(_ socket: Handle, on loop: HostEventLoop) {
    super.init(socket, on: loop, parent: nil, isWritable: true)
  }

  override func bind(_ socket: Handle, to endpoint: Endpoint, promise: EventLoopPromise<Void>?) {
    do throws(SocketError) {
      try loop.host.bind(socket, to: endpoint.address, port: endpoint.port)
    } catch {
      promise?.fail(IOError(error, "bind to \(SocketAddress(endpoint))"))
      return
    }
    refreshAddresses()
    guard lifecycle.isRegistered, !lifecycle.isActive else {
      promise?.succeed(())
      return
    }
    becomeActive(promise)
  }

  /// Connects at once, and again if it is asked to: datagrams then come from that peer alone.
  override func connect(_ socket: Handle, to endpoint: Endpoint, promise: EventLoopPromise<Void>?) {
    do throws(SocketError) {
      try loop.host.connect(socket, to: endpoint)
    } catch {
      promise?.fail(IOError(error, "connect to \(SocketAddress(endpoint))"))
      return
    }
    peer = SocketAddress(endpoint)
    // What was written before was for somebody else.
    failBuffered(IOError(.isConnected, "write before connect"))
    refreshAddresses()
    guard !lifecycle.isActive else {
      promise?.succeed(())
      return
    }
    becomeActive(promise)
  }

  override func socketIsReady() {
    guard let socket, lifecycle.isActive, let ready = try? loop.host.readiness(of: socket) else { return }
    if ready.contains(.readable) {
      if reading.offer() { readAvailable() }
    }
    if lifecycle.isActive { writeFlushed() }
  }

  override func readAvailable() {
    guard reading == .due else { return }
    var hasRead = false
    for _ in 0..<max(1, maxMessagesPerRead) {
      guard let socket, lifecycle.isActive else { return }
      do throws(SocketError) {
        let (bytes, source) = try loop.host.readDatagram(from: socket)
        reading.answer()
        hasRead = true
        let envelope = AddressedEnvelope(remoteAddress: SocketAddress(source), data: bytes)
        pipeline.syncOperations.fireChannelRead(NIOAny(envelope))
      } catch .wouldBlock {
        reading.exhaust()
        break
      } catch {
        // An error that ICMP reported is no end of the socket's.
        reading.answer()
        hasRead = true
        pipeline.syncOperations.fireErrorCaught(IOError(error, "read"))
      }
    }
    guard hasRead, lifecycle.isActive else { return }
    pipeline.syncOperations.fireChannelReadComplete()
    readIfNeeded()
  }

  override func buffer(_ data: NIOAny, promise: EventLoopPromise<Void>?) {
    let write: Write
    if let envelope = tryUnwrapData(data, as: AddressedEnvelope<ByteBuffer>.self) {
      guard peer == nil || peer == envelope.remoteAddress else {
        promise?.fail(
          DatagramChannelError.WriteOnConnectedSocketWithInvalidAddress(
            envelopeRemoteAddress: envelope.remoteAddress,
            connectedRemoteAddress: peer ?? envelope.remoteAddress
          )
        )
        return
      }
      do {
        write = Write(destination: try Endpoint(envelope.remoteAddress), bytes: envelope.data, promise: promise)
      } catch {
        promise?.fail(error)
        return
      }
    } else {
      guard peer != nil else {
        promise?.fail(DatagramChannelError.WriteOnUnconnectedSocketWithoutAddress())
        return
      }
      write = Write(destination: nil, bytes: unwrapData(data, as: ByteBuffer.self), promise: promise)
    }
    writes.append(write)
    bufferedCount += write.bytes.readableBytes
    guard bufferedCount > waterMark.high, status.setWritable(false) else { return }
    pipeline.syncOperations.fireChannelWritabilityChanged()
  }

  override func markFlushed() {
    writes.mark()
  }

  override func writeFlushed() {
    guard lifecycle.isActive, !isWriting else { return }
    isWriting = true
    while lifecycle.isActive, let socket, writes.hasMark, let write = writes.first {
      do throws(SocketError) {
        try loop.host.writeDatagram(write.bytes, to: write.destination, from: socket)
        removeFirst()?.succeed(())
      } catch .wouldBlock {
        // The link's queue is full: the turn sends it, and the next one goes on.
        readLater()
        break
      } catch .tooLong {
        removeFirst()?.fail(ChannelError.writeMessageTooLarge)
      } catch {
        removeFirst()?.fail(IOError(error, "write"))
      }
    }
    isWriting = false
    guard lifecycle.isActive, bufferedCount < waterMark.low, status.setWritable(true) else { return }
    pipeline.syncOperations.fireChannelWritabilityChanged()
  }

  private func removeFirst() -> EventLoopPromise<Void>? {
    let write = writes.removeFirst()
    bufferedCount -= write.bytes.readableBytes
    return write.promise
  }

  override func failBuffered(_ error: any Error) {
    let promises = writes.compactMap(\.promise)
    writes = MarkedCircularBuffer(initialCapacity: 0)
    bufferedCount = 0
    for promise in promises { promise.fail(error) }
  }

  override func setOwnOption<Option: ChannelOption>(_ option: Option, value: Option.Value) throws -> Bool {
    switch (option, value) {
    case (is ChannelOptions.Types.WriteBufferWaterMarkOption, let value as ChannelOptions.Types.WriteBufferWaterMark):
      waterMark = value
    default: return false
    }
    return true
  }

  override func ownOption<Option: ChannelOption>(_ option: Option) throws -> Option.Value? {
    switch option {
    case is ChannelOptions.Types.WriteBufferWaterMarkOption: waterMark as? Option.Value
    case is ChannelOptions.Types.BufferedWritableBytesOption: bufferedCount as? Option.Value
    default: nil
    }
  }
}
