internal import SockeyeHost
internal import SockeyeTCP

/// Levels and names of socket options, as on Linux.
private enum Level {
  static let socket: Int32 = 1
  static let internet: Int32 = 0
  static let internet6: Int32 = 41
  static let tcp: Int32 = 6
}

/// Sets an option of a socket, as the header says of `sockeye_setsockopt`.
@_cdecl("sockeye_setsockopt")
public func setsockopt(
  _ host: UnsafeMutableRawPointer?,
  _ s: Int32,
  _ level: Int32,
  _ option: Int32,
  _ value: UnsafeRawPointer?,
  _ length: UInt32
) -> Int32 {
  guard let value else { return -Errno.fault }
  let bytes = UnsafeRawBufferPointer(start: value, count: Int(length))
  var isKnown = true
  let result = call(host) { library throws(SocketError) in
    let handle = try library.handle(s)
    var options = try library.host.options(of: handle)
    switch level {
    case Level.socket: isKnown = try setSocketOption(option, bytes, in: &options)
    case Level.tcp where option == 12:
      // TCP_QUICKACK is for the present; there is nothing to remember, nor anything to do before there is a connection.
      let isOn = try number(bytes, Int32.min...Int32.max) != 0
      try? library.host.setQuickAcknowledgments(isOn, of: handle)
    case Level.tcp: isKnown = try setTCPOption(option, bytes, in: &options)
    case Level.internet, Level.internet6: isKnown = try setIPOption(level, option, bytes, in: &options)
    default: isKnown = false
    }
    if isKnown { try library.host.setOptions(options, of: handle) }
  }
  return isKnown ? result : -Errno.noProtocolOption
}

/// The number that an option's value is.
private func number(_ bytes: UnsafeRawBufferPointer, _ range: ClosedRange<Int32>) throws(SocketError) -> Int32 {
  guard bytes.count >= 4 else { throw .invalid }
  let value = bytes.loadUnaligned(as: Int32.self)
  guard range.contains(value) else { throw .invalid }
  return value
}

/// The number that an option of IPv4 is, which may be a single octet, as BSD had it.
private func numberOrOctet(_ bytes: UnsafeRawBufferPointer) throws(SocketError) -> Int32 {
  guard let first = bytes.first else { throw .invalid }
  return bytes.count >= 4 ? bytes.loadUnaligned(as: Int32.self) : Int32(first)
}

private func setSocketOption(
  _ option: Int32,
  _ bytes: UnsafeRawBufferPointer,
  in options: inout SocketOptions
) throws(SocketError) -> Bool {
  let any = Int32.min...Int32.max
  switch option {
  case 2, 15: options.reusesAddress = try number(bytes, any) != 0
  case 7:
    // Linux doubles what is asked for, because its overhead counts, and tells the double. Here overhead doesn't count, but
    // programs go by the double.
    options.connection.sendBuffer = UInt32(max(try number(bytes, any), 2048)) * 2
    options.connection.autotunesSendBuffer = false
  case 8:
    let size = UInt32(max(try number(bytes, any), 1152))
    options.connection.receiveBuffer = size
    options.connection.autotune = false
    options.datagramQueueLimit = Int(size)
  case 9:
    let isOn = try number(bytes, any) != 0
    options.connection.keepAliveIdle = isOn ? options.keepAliveIdle : nil
  case 13:
    guard bytes.count >= 8 else { throw .invalid }
    let time = bytes.loadUnaligned(fromByteOffset: 4, as: Int32.self)
    let isOn = bytes.loadUnaligned(as: Int32.self) != 0
    options.lingerTime = isOn ? .seconds(Int64(min(max(time, 0), 1 << 20))) : nil
  default: return false
  }
  return true
}

private func setTCPOption(
  _ option: Int32,
  _ bytes: UnsafeRawBufferPointer,
  in options: inout SocketOptions
) throws(SocketError) -> Bool {
  let any = Int32.min...Int32.max
  switch option {
  case 1: options.connection.nagle = try number(bytes, any) == 0
  case 2: options.connection.maximumSegmentSize = UInt16(try number(bytes, 88...32_767))
  case 3: options.isCorked = try number(bytes, any) != 0
  case 4:
    options.keepAliveIdle = .seconds(Int64(try number(bytes, 1...32_767)))
    if options.connection.keepAliveIdle != nil { options.connection.keepAliveIdle = options.keepAliveIdle }
  case 5: options.connection.keepAliveInterval = .seconds(Int64(try number(bytes, 1...32_767)))
  case 6: options.connection.keepAliveProbes = UInt8(try number(bytes, 1...127))
  case 7: options.connection.synRetries = UInt8(try number(bytes, 1...127))
  case 8:
    let seconds = try number(bytes, any)
    options.connection.finWait2Timeout = seconds < 0 ? .zero : .seconds(Int64(min(seconds, 120)))
  case 13:
    let name = String(decoding: bytes.prefix(15).prefix { $0 != 0 }, as: UTF8.self)
    guard let algorithm = ConfigurationText.congestionControl(name) else { throw .invalid }
    options.connection.congestionControl = algorithm
  case 18:
    let milliseconds = try number(bytes, 0...Int32.max)
    options.connection.userTimeout = milliseconds == 0 ? nil : .milliseconds(Int64(milliseconds))
  case 23:
    let limit = try number(bytes, 0...Int32.max)
    options.connection.fastOpen = limit != 0
    options.fastOpenLimit = Int(limit)
  default: return false
  }
  return true
}

private func setIPOption(
  _ level: Int32,
  _ option: Int32,
  _ bytes: UnsafeRawBufferPointer,
  in options: inout SocketOptions
) throws(SocketError) -> Bool {
  switch (level, option) {
  case (Level.internet, 1): options.trafficClass = UInt8(truncatingIfNeeded: try numberOrOctet(bytes))
  case (Level.internet6, 67):
    // -1 asks for the default.
    options.trafficClass = UInt8(max(try number(bytes, -1...255), 0))
  case (Level.internet, 2):
    let value = try numberOrOctet(bytes)
    guard (1...255).contains(value) || value == -1 else { throw .invalid }
    options.hopLimit = value == -1 ? 64 : UInt8(value)
  case (Level.internet6, 16):
    let value = try number(bytes, -1...255)
    options.hopLimit = value == -1 ? 64 : UInt8(value)
  case (Level.internet6, 26): options.isIPv6Only = try number(bytes, Int32.min...Int32.max) != 0
  default: return false
  }
  return true
}

/// Tells an option of a socket, as the header says of `sockeye_getsockopt`.
@_cdecl("sockeye_getsockopt")
public func getsockopt(
  _ host: UnsafeMutableRawPointer?,
  _ s: Int32,
  _ level: Int32,
  _ option: Int32,
  _ value: UnsafeMutableRawPointer?,
  _ length: UnsafeMutablePointer<UInt32>?
) -> Int32 {
  guard let value, let length else { return -Errno.fault }
  var isKnown = true
  let result = call(host) { library throws(SocketError) in
    let handle = try library.handle(s)
    let options = try library.host.options(of: handle)
    var answer: [UInt8]?
    switch (level, option) {
    case (Level.socket, 3): answer = bytes(try library.host.kind(of: handle) == .stream ? 1 : 2)
    case (Level.socket, 4): answer = bytes(try library.host.takeError(of: handle)?.number ?? 0)
    case (Level.tcp, 11):
      answer = TCPInfo.bytes(try library.host.metrics(of: handle))
    case (Level.tcp, 13):
      answer = congestionControlName(options)
    case (Level.tcp, 2):
      let metrics = try? library.host.metrics(of: handle)
      answer = bytes(Int32(clamping: metrics?.sendSegmentSize ?? Int(options.connection.maximumSegmentSize ?? 536)))
    case (Level.socket, 13):
      let seconds = (options.lingerTime ?? .zero).milliseconds / 1_000
      answer = bytes(options.lingerTime == nil ? 0 : 1) + bytes(Int32(clamping: seconds))
    default: answer = numberOption(level, option, options).map(bytes)
    }
    guard let answer else {
      isKnown = false
      return
    }
    let count = min(answer.count, Int(length.pointee))
    UnsafeMutableRawBufferPointer(start: value, count: count).copyBytes(from: answer.prefix(count))
    length.pointee = UInt32(count)
  }
  return isKnown ? result : -Errno.noProtocolOption
}

private func bytes(_ value: Int32) -> [UInt8] {
  withUnsafeBytes(of: value) { [UInt8]($0) }
}

private func congestionControlName(_ options: SocketOptions) -> [UInt8] {
  let name =
    switch options.connection.congestionControl {
    case .newReno: "newreno"
    case .cubic: "cubic"
    case .bbr: "bbr"
    case .supplied(let controller): "\(controller.name)"
    }
  return [UInt8](name.utf8) + [0]
}

private func numberOption(_ level: Int32, _ option: Int32, _ options: SocketOptions) -> Int32? {
  let connection = options.connection
  switch (level, option) {
  case (Level.socket, 2), (Level.socket, 15): return options.reusesAddress ? 1 : 0
  case (Level.socket, 7): return Int32(clamping: connection.sendBuffer)
  // The window that a buffer of Linux's offers is half of it.
  case (Level.socket, 8): return Int32(clamping: UInt64(connection.receiveBuffer) * 2)
  case (Level.socket, 9): return connection.keepAliveIdle == nil ? 0 : 1
  case (Level.tcp, 1): return connection.nagle ? 0 : 1
  case (Level.tcp, 3): return options.isCorked ? 1 : 0
  case (Level.tcp, 4): return Int32(clamping: options.keepAliveIdle.milliseconds / 1000)
  case (Level.tcp, 5): return Int32(clamping: connection.keepAliveInterval.milliseconds / 1000)
  case (Level.tcp, 6): return Int32(connection.keepAliveProbes)
  case (Level.tcp, 7): return Int32(connection.synRetries)
  case (Level.tcp, 8): return Int32(clamping: connection.finWait2Timeout.milliseconds / 1000)
  case (Level.tcp, 18): return Int32(clamping: connection.userTimeout?.milliseconds ?? 0)
  case (Level.tcp, 23): return connection.fastOpen ? Int32(clamping: options.fastOpenLimit) : 0
  case (Level.internet, 1), (Level.internet6, 67): return Int32(options.trafficClass)
  case (Level.internet, 2), (Level.internet6, 16): return Int32(options.hopLimit)
  case (Level.internet6, 26): return options.isIPv6Only ? 1 : 0
  default: return nil
  }
}
