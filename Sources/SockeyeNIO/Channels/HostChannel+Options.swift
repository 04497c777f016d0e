package import NIOCore
internal import SockeyeHost

/// Options. One that a channel doesn't know is an error of who sets it, and told as such; a socket option that the host has
/// no use for is taken and has no effect: applications set them in good faith.
extension HostChannel {
  package final func setOption<Option: ChannelOption>(_ option: Option, value: Option.Value) -> EventLoopFuture<Void> {
    guard loop.inEventLoop else { return loop.submit { [self] in try set(option, value) } }
    let promise = loop.makePromise(of: Void.self)
    promise.completeWith(Swift.Result { try set(option, value) })
    return promise.futureResult
  }

  package final func getOption<Option: ChannelOption>(_ option: Option) -> EventLoopFuture<Option.Value> {
    guard loop.inEventLoop else { return loop.submit { [self] in try get(option) } }
    let promise = loop.makePromise(of: Option.Value.self)
    promise.assumeIsolated().completeWith(Swift.Result { try get(option) })
    return promise.futureResult
  }

  package final var syncOptions: (any NIOSynchronousChannelOptions)? { SynchronousOptions(channel: self) }

  private struct SynchronousOptions: NIOSynchronousChannelOptions {
    let channel: HostChannel

    func setOption<Option: ChannelOption>(_ option: Option, value: Option.Value) throws {
      channel.loop.preconditionInEventLoop()
      try channel.set(option, value)
    }

    func getOption<Option: ChannelOption>(_ option: Option) throws -> Option.Value {
      channel.loop.preconditionInEventLoop()
      return try channel.get(option)
    }
  }

  private func set<Option: ChannelOption>(_ option: Option, _ value: Option.Value) throws {
    guard let socket else { throw ChannelError.ioOnClosedChannel }
    if try setOwnOption(option, value: value) { return }
    switch (option, value) {
    case (is ChannelOptions.Types.AutoReadOption, let value as Bool):
      let before = autoRead
      autoRead = value
      // Whoever turns it off withdraws what was asked for by itself.
      if value, !before { readIfNeeded() } else if !value { reading.answer() }
    case (is ChannelOptions.Types.AllocatorOption, let value as ByteBufferAllocator):
      allocator = value
    case (is ChannelOptions.Types.MaxMessagesPerReadOption, let value as UInt):
      maxMessagesPerRead = value
    case (let option as ChannelOptions.Types.SocketOption, let value as SocketOptionValue):
      let known = HostSocketOption(option)
      if case .other = known { idleOptions[known] = Int(value) }
      try known.set(Int(value), of: socket, in: &loop.host)
    case (is ChannelOptions.Types.WriteSpinOption, _), (is ChannelOptions.Types.RecvAllocatorOption, _),
      (is ChannelOptions.Types.DatagramVectorReadMessageCountOption, _):
      // How system calls are to be made: there are none.
      return
    default:
      throw ChannelError.operationUnsupported
    }
  }

  private func get<Option: ChannelOption>(_ option: Option) throws -> Option.Value {
    guard let socket else { throw ChannelError.ioOnClosedChannel }
    if let value = try ownOption(option) { return value }
    let value: Any
    switch option {
    case is ChannelOptions.Types.AutoReadOption: value = autoRead
    case is ChannelOptions.Types.AllocatorOption: value = allocator
    case is ChannelOptions.Types.MaxMessagesPerReadOption: value = maxMessagesPerRead
    case is ChannelOptions.Types.WriteSpinOption: value = UInt(0)
    case is ChannelOptions.Types.RecvAllocatorOption: value = FixedSizeRecvByteBufferAllocator(capacity: 2048)
    case is ChannelOptions.Types.DatagramVectorReadMessageCountOption: value = 0
    case let option as ChannelOptions.Types.SocketOption:
      let known = HostSocketOption(option)
      value = SocketOptionValue(clamping: try idleOptions[known] ?? known.value(of: socket, in: &loop.host))
    default: throw ChannelError.operationUnsupported
    }
    guard let value = value as? Option.Value else { throw ChannelError.operationUnsupported }
    return value
  }
}
