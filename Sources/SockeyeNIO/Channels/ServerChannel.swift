package import NIOCore
internal import SockeyeHost

/// A TCP listener as a channel: what it reads are connections.
package final class ServerChannel: HostChannel, @unchecked Sendable {
  // As of `HostChannel`: what it adds is touched on the loop alone, or is atomic.

  private var backlog: Int32 = 128

  init(_ socket: Handle, on loop: HostEventLoop) {
    super.init(socket, on: loop, parent: nil, isWritable: false)
    // As `StreamChannel` has it: connections take it from their listener.
    try? HostSocketOption.noDelay.set(1, of: socket, in: &loop.host)
  }

  override func bind(_ socket: Handle, to endpoint: Endpoint, promise: EventLoopPromise<Void>?) {
    guard lifecycle.isRegistered, !lifecycle.isActive else {
      promise?.fail(ChannelError.inappropriateOperationForState)
      return
    }
    do throws(SocketError) {
      try loop.host.bind(socket, to: endpoint.address, port: endpoint.port)
      try loop.host.listen(socket, backlog: Int(backlog))
    } catch {
      promise?.fail(IOError(error, "bind to \(SocketAddress(endpoint))"))
      return
    }
    refreshAddresses()
    becomeActive(promise)
  }

  override func socketIsReady() {
    if reading.offer(), lifecycle.isActive { readAvailable() }
  }

  override func readAvailable() {
    guard reading == .due else { return }
    var hasRead = false
    for _ in 0..<max(1, maxMessagesPerRead) {
      guard let socket, lifecycle.isActive else { return }
      do throws(SocketError) {
        let accepted = try loop.host.accept(socket)
        reading.answer()
        hasRead = true
        pipeline.syncOperations.fireChannelRead(NIOAny(StreamChannel(accepted, on: loop, parent: self)))
      } catch .wouldBlock {
        reading.exhaust()
        break
      } catch {
        pipeline.syncOperations.fireErrorCaught(IOError(error, "accept"))
        return
      }
    }
    guard hasRead, lifecycle.isActive else { return }
    pipeline.syncOperations.fireChannelReadComplete()
    readIfNeeded()
  }

  /// A connection has come through the pipeline: its handlers are there, and it begins to live.
  package override func channelRead0(_ data: NIOAny) {
    guard let child = tryUnwrapData(data, as: (any Channel).self) as? StreamChannel else { return }
    loop.execute {
      child.register().whenComplete { result in
        switch result {
        case .success: child.becomeActive(nil)
        case .failure: child.close(promise: nil)
        }
      }
    }
  }

  override func setOwnOption<Option: ChannelOption>(_ option: Option, value: Option.Value) throws -> Bool {
    guard option is ChannelOptions.Types.BacklogOption, let value = value as? Int32 else { return false }
    backlog = value
    return true
  }

  override func ownOption<Option: ChannelOption>(_ option: Option) throws -> Option.Value? {
    option is ChannelOptions.Types.BacklogOption ? backlog as? Option.Value : nil
  }
}
