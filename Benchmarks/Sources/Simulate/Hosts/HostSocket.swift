import CSockeye
import Glibc

/// A socket of one of the hosts: the calls of `sockeye.h` that programs make.
struct HostSocket {
  let host: OpaquePointer
  let number: Int32

  /// A new socket.
  ///
  /// - Throws: `HostFailure`, as all calls here do that can't fail.
  init(_ host: OpaquePointer, isIPv6: Bool, isStream: Bool) throws {
    self.host = host
    let type = isStream ? SOCK_STREAM : SOCK_DGRAM
    number = sockeye_socket(host, isIPv6 ? AF_INET6 : AF_INET, Int32(type.rawValue), 0)
    guard number >= 0 else { throw HostFailure("sockeye_socket: \(number)") }
  }

  private init(_ host: OpaquePointer, number: Int32) {
    self.host = host
    self.number = number
  }

  /// Takes the connection that waits, if there is one, and tells its peer's port.
  func accept() throws -> (socket: HostSocket, port: UInt16)? {
    var address = HostAddress()
    let accepted = address.withPointer { sockeye_accept(host, number, $0, $1) }
    if accepted == -EAGAIN { return nil }
    guard accepted >= 0 else { throw HostFailure("sockeye_accept: \(accepted)") }
    return (HostSocket(host, number: accepted), address.port)
  }

  func bind(port: UInt16, isIPv6: Bool) throws {
    var address = HostAddress(host: nil, port: port, isIPv6: isIPv6)
    let result = address.withPointer { sockeye_bind(host, number, $0, $1.pointee) }
    guard result == 0 else { throw HostFailure("sockeye_bind: \(result)") }
  }

  func listen(backlog: Int32) throws {
    let result = sockeye_listen(host, number, backlog)
    guard result == 0 else { throw HostFailure("sockeye_listen: \(result)") }
  }

  /// Connects to the other host; answers as Linux does.
  func connect(to peer: Int, port: UInt16, isIPv6: Bool) -> Int32 {
    var address = HostAddress(host: peer, port: port, isIPv6: isIPv6)
    return address.withPointer { sockeye_connect(host, number, $0, $1.pointee) }
  }

  func set(_ option: SocketOption) throws {
    var value = option.value
    let result = sockeye_setsockopt(host, number, option.level, option.name, &value, 4)
    guard result == 0 else { throw HostFailure("option \(option.name) of level \(option.level): \(result)") }
  }

  /// Makes `close` a reset (SO_LINGER with no time).
  func setResetOnClose() throws {
    let linger: [Int32] = [1, 0]
    guard sockeye_setsockopt(host, number, 1, 13, linger, 8) == 0 else { throw HostFailure("SO_LINGER") }
  }

  /// The error that waits (SO_ERROR).
  func takeError() -> Int32 {
    var value: Int32 = 0
    var length: socklen_t = 4
    return sockeye_getsockopt(host, number, 1, 4, &value, &length) == 0 ? value : .max
  }

  func poll() -> Int32 { sockeye_poll(host, number) }

  func send(_ bytes: UnsafeRawBufferPointer) -> Int {
    sockeye_sendto(host, number, bytes.baseAddress, bytes.count, 0, nil, 0)
  }

  func receive(_ bytes: UnsafeMutableRawBufferPointer, peeks: Bool = false) -> Int {
    sockeye_recvfrom(host, number, bytes.baseAddress, bytes.count, peeks ? 2 : 0, nil, nil)
  }

  /// Receives a datagram, and who sent it.
  func receive(_ bytes: UnsafeMutableRawBufferPointer, from source: inout HostAddress) -> Int {
    source.length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return source.withPointer { sockeye_recvfrom(host, number, bytes.baseAddress, bytes.count, 0, $0, $1) }
  }

  /// Sends a datagram.
  func send(_ bytes: UnsafeRawBufferPointer, to destination: HostAddress) -> Int {
    var destination = destination
    return destination.withPointer { sockeye_sendto(host, number, bytes.baseAddress, bytes.count, 0, $0, $1.pointee) }
  }

  func shutdownWriting() -> Int32 { sockeye_shutdown(host, number, 1) }

  func close() throws {
    let result = sockeye_close(host, number)
    guard result == 0 else { throw HostFailure("sockeye_close: \(result)") }
  }
}

/// A `struct sockaddr` and its length.
struct HostAddress {
  var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
  private var storage = sockaddr_storage()

  /// Room for any address.
  init() {}

  /// A port of 10.0.0.1 or 10.0.0.2, fd00::1 or fd00::2; of any address for nil.
  init(host: Int?, port: UInt16, isIPv6: Bool) {
    length = isIPv6 ? 28 : 16
    withUnsafeMutableBytes(of: &storage) { bytes in
      bytes.storeBytes(of: sa_family_t(isIPv6 ? AF_INET6 : AF_INET), as: sa_family_t.self)
      bytes.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
      guard let host else { return }
      bytes[isIPv6 ? 8 : 4] = isIPv6 ? 0xFD : 10
      bytes[isIPv6 ? 23 : 7] = UInt8(host + 1)
    }
  }

  /// The port, in the order of this machine.
  var port: UInt16 {
    withUnsafeBytes(of: storage) { UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self)) }
  }

  /// Calls `body` with what the socket interface takes.
  mutating func withPointer<Result>(
    _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Result
  ) -> Result {
    var length = length
    defer { self.length = length }
    return withUnsafeMutablePointer(to: &storage) { storage in
      storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in body(address, &length) }
    }
  }
}
