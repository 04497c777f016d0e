internal import Glibc
package import NIOCore
internal import SockeyeHost
internal import SockeyeTCP

/// What streams may be told that other channels may not.
extension StreamChannel {
  func set<Option: ChannelOption>(_ option: Option, to value: Option.Value) -> Bool {
    switch (option, value) {
    case (is ChannelOptions.Types.AllowRemoteHalfClosureOption, let value as Bool):
      allowsRemoteHalfClosure = value
    case (is ChannelOptions.Types.ConnectTimeoutOption, let value as TimeAmount?):
      connectTimeout = value
    case (is ChannelOptions.Types.WriteBufferWaterMarkOption, let value as ChannelOptions.Types.WriteBufferWaterMark):
      pending.waterMark = value
    case (is ChannelOptions.Types.RecvAllocatorOption, let value as any RecvByteBufferAllocator):
      receiveAllocator = value
    default: return false
    }
    return true
  }

  func value<Option: ChannelOption>(of option: Option) -> Option.Value? {
    switch option {
    case is ChannelOptions.Types.AllowRemoteHalfClosureOption: allowsRemoteHalfClosure as? Option.Value
    case is ChannelOptions.Types.ConnectTimeoutOption: connectTimeout as? Option.Value
    case is ChannelOptions.Types.WriteBufferWaterMarkOption: pending.waterMark as? Option.Value
    case is ChannelOptions.Types.BufferedWritableBytesOption: pending.count as? Option.Value
    case is ChannelOptions.Types.RecvAllocatorOption: receiveAllocator as? Option.Value
    default: nil
    }
  }
}

/// Socket options that are more than a number, by NIO's own interface: `SO_LINGER` and `TCP_INFO`, and all that are one.
extension StreamChannel: SocketOptionProvider {
  package func unsafeSetSocketOption<Value: Sendable>(
    level: NIOBSDSocket.OptionLevel,
    name: NIOBSDSocket.Option,
    value: Value
  ) -> EventLoopFuture<Void> {
    loop.submit { [self] in
      guard let socket else { throw ChannelError.ioOnClosedChannel }
      switch value {
      case let value as linger where level.rawValue == SOL_SOCKET && name.rawValue == SO_LINGER:
        var options = try loop.host.options(of: socket)
        // With time to linger, close sends what was written, as it always does here; nobody waits for it.
        options.lingerTime = value.l_onoff == 0 ? nil : .seconds(Int64(max(value.l_linger, 0)))
        try loop.host.setOptions(options, of: socket)
      case let value as CInt:
        try HostSocketOption(level: level.rawValue, name: name.rawValue).set(Int(value), of: socket, in: &loop.host)
      default:
        throw ChannelError.operationUnsupported
      }
    }
  }

  package func unsafeSetSocketOption<Value: Sendable>(
    level: SocketOptionLevel,
    name: SocketOptionName,
    value: Value
  ) -> EventLoopFuture<Void> {
    unsafeSetSocketOption(level: .init(rawValue: CInt(clamping: level)), name: .init(rawValue: name), value: value)
  }

  package func unsafeGetSocketOption<Value: Sendable>(
    level: SocketOptionLevel,
    name: SocketOptionName
  ) -> EventLoopFuture<Value> {
    unsafeGetSocketOption(level: .init(rawValue: CInt(clamping: level)), name: .init(rawValue: name))
  }

  package func unsafeGetSocketOption<Value: Sendable>(
    level: NIOBSDSocket.OptionLevel,
    name: NIOBSDSocket.Option
  ) -> EventLoopFuture<Value> {
    loop.submit { [self] in
      guard let socket else { throw ChannelError.ioOnClosedChannel }
      let answer: Any
      switch (level.rawValue, name.rawValue) {
      case (SOL_SOCKET, SO_LINGER):
        answer = linger(l_onoff: try loop.host.options(of: socket).resetsOnClose ? 1 : 0, l_linger: 0)
      case (CInt(IPPROTO_TCP), TCP_INFO):
        answer = tcp_info(try loop.host.metrics(of: socket))
      case (let level, let name):
        let value = try HostSocketOption(level: level, name: name).value(of: socket, in: &loop.host)
        answer = CInt(clamping: value)
      }
      guard let answer = answer as? Value else { throw ChannelError.operationUnsupported }
      return answer
    }
  }
}

extension tcp_info {
  /// What Linux's `TCP_INFO` tells, of a connection of ours. Times are in microseconds.
  init(_ metrics: ConnectionMetrics) {
    self.init()
    tcpi_rto = UInt32(clamping: metrics.retransmissionTimeout.microseconds)
    tcpi_rtt = UInt32(clamping: metrics.smoothedRoundTripTime.microseconds)
    tcpi_rttvar = UInt32(clamping: metrics.roundTripTimeVariation.microseconds)
    tcpi_rcv_rtt = UInt32(clamping: metrics.receiverRoundTripTime.microseconds)
    tcpi_snd_mss = UInt32(clamping: metrics.sendSegmentSize)
    tcpi_rcv_mss = UInt32(clamping: metrics.receiveSegmentSize)
    tcpi_advmss = UInt32(clamping: metrics.announcedSegmentSize)
    tcpi_pmtu = UInt32(clamping: metrics.pathMTU)
    // Windows are counted in segments.
    let segment = max(1, metrics.sendSegmentSize)
    tcpi_snd_cwnd = UInt32(clamping: metrics.congestionWindow / segment)
    tcpi_snd_ssthresh = UInt32(clamping: metrics.slowStartThreshold / segment)
    tcpi_unacked = UInt32(clamping: metrics.bytesOutstanding / segment)
    tcpi_lost = UInt32(clamping: metrics.bytesLost / segment)
    tcpi_sacked = UInt32(clamping: metrics.bytesSelectivelyAcknowledged / segment)
    tcpi_rcv_space = UInt32(clamping: metrics.receiveBuffer)
    tcpi_backoff = UInt8(clamping: metrics.backoff)
    tcpi_total_retrans = UInt32(clamping: metrics.segmentsRetransmitted)
    tcpi_last_data_sent = UInt32(clamping: metrics.sinceLastDataSent.milliseconds)
    tcpi_last_data_recv = UInt32(clamping: metrics.sinceLastDataReceived.milliseconds)
    tcpi_last_ack_recv = UInt32(clamping: metrics.sinceLastAcknowledgmentReceived.milliseconds)
  }
}
