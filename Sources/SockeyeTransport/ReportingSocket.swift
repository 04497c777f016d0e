import CSockeyeLinux
import Glibc
import NIOCore

/// A UDP socket of the kernel's that is told what ICMP says of its datagrams, and hears everybody all the same: a connected one
/// would be told too (RFC 1122, section 4.1.3.3), and be deaf to a peer that answers from another address or port.
struct ReportingSocket: DatagramSocket {
  let descriptor: CInt
  /// The address that it is bound to.
  let localAddress: SocketAddress?

  /// Opens a socket and binds it.
  ///
  /// - Parameters:
  ///   - source: The local address; port 0 asks the system for one.
  ///   - receiveBufferSize: What the kernel is asked for, in bytes; nothing leaves it to the kernel.
  init(boundTo source: SocketAddress, receiveBufferSize: Int?) throws(IOError) {
    let isIPv6 = source.protocol == .inet6
    let type = CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
    let descriptor = socket(isIPv6 ? AF_INET6 : AF_INET, type, 0)
    do throws(IOError) {
      try Self.check(descriptor, "socket")
      if let size = receiveBufferSize { try Self.set(SOL_SOCKET, SO_RCVBUF, CInt(clamping: size), of: descriptor) }
      if isIPv6 { try Self.set(CInt(IPPROTO_IPV6), IPV6_V6ONLY, 1, of: descriptor) }
      try Self.check(sockeye_keep_datagram_errors(descriptor, isIPv6 ? 1 : 0), "setsockopt")
      try Self.check(source.withSockAddr { bind(descriptor, $0, socklen_t($1)) }, "bind")
      guard let address = Self.localAddress(of: descriptor) else {
        throw IOError(errnoCode: errno, reason: "getsockname")
      }
      localAddress = address
    } catch {
      if descriptor >= 0 { Glibc.close(descriptor) }
      throw error
    }
    self.descriptor = descriptor
  }

  func send(_ bytes: ByteBuffer, to address: SocketAddress) throws(IOError) -> Bool {
    let sent = bytes.withUnsafeReadableBytes { bytes in
      address.withSockAddr { sendto(descriptor, bytes.baseAddress, bytes.count, 0, $0, socklen_t($1)) }
    }
    if sent >= 0 { return true }
    guard errno != EAGAIN, errno != EINTR else { return false }
    throw IOError(errnoCode: errno, reason: "sendto")
  }

  func receive(into room: inout [UInt8]) -> (count: Int, source: SocketAddress)? {
    var storage = sockaddr_storage()
    guard let count = receive(into: &room, &storage), let source = Self.address(storage) else { return nil }
    return (count, source)
  }

  /// Takes what ICMP said of a datagram that was sent.
  func takeError() -> DatagramError? { DatagramError(of: descriptor) }

  func limitHops(to count: CInt) throws(IOError) {
    let isIPv6 = localAddress?.protocol == .inet6
    try Self.set(
      CInt(isIPv6 ? IPPROTO_IPV6 : IPPROTO_IP),
      isIPv6 ? CInt(IPV6_UNICAST_HOPS) : IP_TTL,
      count,
      of: descriptor
    )
  }

  // MARK: System calls

  private static func set(_ level: CInt, _ name: CInt, _ value: CInt, of descriptor: CInt) throws(IOError) {
    var value = value
    try check(setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<CInt>.size)), "setsockopt")
  }

  private static func localAddress(of descriptor: CInt) -> SocketAddress? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    return result == 0 ? address(storage) : nil
  }

  private static func address(_ storage: sockaddr_storage) -> SocketAddress? {
    withUnsafeBytes(of: storage) { bytes in
      switch CInt(storage.ss_family) {
      case AF_INET: SocketAddress(bytes.loadUnaligned(as: sockaddr_in.self))
      case AF_INET6: SocketAddress(bytes.loadUnaligned(as: sockaddr_in6.self))
      default: nil
      }
    }
  }
}
