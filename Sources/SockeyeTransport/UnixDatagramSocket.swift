import Glibc
import NIOCore

/// A kernel's socket for datagrams, as a ``ReportingDatagramChannel`` uses it. Its owner closes it.
protocol DatagramSocket {
  var descriptor: CInt { get }
  /// The address that it is bound to, if it has one.
  var localAddress: SocketAddress? { get }

  /// Sends a datagram.
  ///
  /// - Returns: Whether the socket had room for it; if not, there is room when the socket is writable.
  /// - Throws: What is wrong with it, or what was told of an earlier one: ``takeError()`` tells which.
  func send(_ bytes: ByteBuffer, to address: SocketAddress) throws(IOError) -> Bool

  /// Takes a datagram.
  ///
  /// - Parameter room: Where it is put; what it is too small for is cut.
  /// - Returns: Its length and where it came from; nothing when there is none, or an error comes first.
  func receive(into room: inout [UInt8]) -> (count: Int, source: SocketAddress)?

  /// Takes what was told of a datagram that was sent.
  func takeError() -> DatagramError?
  /// Sets how many routers its datagrams may cross from here on.
  func limitHops(to count: CInt) throws(IOError)
}

extension DatagramSocket {
  func close() { Glibc.close(descriptor) }

  /// Takes a datagram, its address as the system has it.
  func receive(into room: inout [UInt8], _ storage: inout sockaddr_storage) -> Int? {
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let count = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        recvfrom(descriptor, &room, room.count, 0, $0, &length)
      }
    }
    return count >= 0 ? count : nil
  }

  static func check(_ result: CInt, _ name: String) throws(IOError) {
    if result < 0 { throw IOError(errnoCode: errno, reason: name) }
  }
}

/// A Unix domain socket for datagrams.
struct UnixDatagramSocket: DatagramSocket {
  let descriptor: CInt
  let localAddress: SocketAddress?
  /// Whether it speaks to one peer alone, and waits for it where that has no room.
  private let isConnected: Bool

  /// A socket that anybody may send to.
  init(boundTo address: SocketAddress) throws(IOError) {
    descriptor = try Self.open("bind") { descriptor in address.withSocketName { bind(descriptor, $0, $1) } }
    localAddress = address
    isConnected = false
  }

  /// A socket that speaks to one peer, under a name that the system makes up, so that the peer can answer.
  init(connectedTo address: SocketAddress) throws(IOError) {
    descriptor = try Self.open("connect") { descriptor in
      let unnamed = SocketAddress(sockaddr_un(sun_family: sa_family_t(AF_UNIX), sun_path: sockaddr_un().sun_path))
      let bound = unnamed.withSocketName { bind(descriptor, $0, $1) }
      return bound == 0 ? address.withSocketName { connect(descriptor, $0, $1) } : bound
    }
    localAddress = nil
    isConnected = true
  }

  private static func open(_ name: String, _ call: (CInt) -> CInt) throws(IOError) -> CInt {
    let type = CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
    let descriptor = socket(AF_UNIX, type, 0)
    try check(descriptor, "socket")
    guard call(descriptor) == 0 else {
      let error = IOError(errnoCode: errno, reason: name)
      Glibc.close(descriptor)
      throw error
    }
    return descriptor
  }

  func send(_ bytes: ByteBuffer, to address: SocketAddress) throws(IOError) -> Bool {
    let sent = bytes.withUnsafeReadableBytes { bytes in
      guard !isConnected else {
        return Glibc.send(descriptor, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL))
      }
      return address.withSocketName {
        sendto(descriptor, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL), $0, $1)
      }
    }
    if sent >= 0 { return true }
    // A socket that speaks to many is always writable: to wait for one who doesn't read would be to spin, and to hold up all.
    if errno == EAGAIN, isConnected { return false }
    throw IOError(errnoCode: errno, reason: "sendto")
  }

  func receive(into room: inout [UInt8]) -> (count: Int, source: SocketAddress)? {
    var storage = sockaddr_storage()
    guard let count = receive(into: &room, &storage) else { return nil }
    return (count, withUnsafeBytes(of: storage) { SocketAddress($0.loadUnaligned(as: sockaddr_un.self)) })
  }

  func takeError() -> DatagramError? { nil }

  func limitHops(to count: CInt) throws(IOError) { throw IOError(errnoCode: EOPNOTSUPP, reason: "setsockopt") }
}
