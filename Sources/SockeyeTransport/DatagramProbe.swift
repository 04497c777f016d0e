import Glibc
public import NIOCore

/// What one empty datagram to an address has shown.
public enum DatagramProbeResult: Sendable {
  /// Somebody answered.
  case answered(SocketAddress, ByteBuffer)
  /// Nothing came: somebody may have received it all the same, or a firewall dropped it.
  case silent(SocketAddress)
  /// It could not be sent, or an ICMP message said that it did not get there.
  case failed(SocketAddress, IOError)
}

/// Asks with one empty datagram whether anybody receives at an address. It waits, and so has no place on an event loop.
///
/// Only a connected socket is told what ICMP says of its datagrams (RFC 1122, section 4.1.3.3). It can't be one of NIO's: they
/// know refusals, and trap on the other errors.
enum DatagramProbe {
  static func run(
    _ address: SocketAddress,
    from source: SocketAddress?,
    patience: TimeAmount
  ) -> DatagramProbeResult {
    do {
      let answer = try exchange(address, from: source, patience: patience)
      return answer.map { .answered(address, $0) } ?? .silent(address)
    } catch {
      return .failed(address, error)
    }
  }

  /// Answers nothing when nothing came in time.
  private static func exchange(
    _ address: SocketAddress,
    from source: SocketAddress?,
    patience: TimeAmount
  ) throws(IOError) -> ByteBuffer? {
    let family = address.protocol == .inet6 ? AF_INET6 : AF_INET
    let type = CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
    let descriptor = try check("socket") { socket(family, type, 0) }
    defer { close(descriptor) }
    if let source { _ = try check("bind") { source.withSockAddr { bind(descriptor, $0, socklen_t($1)) } } }
    _ = try check("connect") { address.withSockAddr { connect(descriptor, $0, socklen_t($1)) } }
    _ = try check("send") { CInt(truncatingIfNeeded: send(descriptor, nil, 0, 0)) }

    let end = NIODeadline.now() + patience
    var room = [UInt8](repeating: 0, count: 65_535)
    while true {
      let left = max(0, (end - .now()).nanoseconds / 1_000_000)
      var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let ready = try check("poll") { poll(&wanted, 1, CInt(clamping: left)) }
      guard ready > 0 else { return nil }
      let count = try check("recv") {
        CInt(truncatingIfNeeded: recv(descriptor, &room, room.count, CInt(MSG_DONTWAIT)))
      }
      if count >= 0 { return ByteBuffer(bytes: room.prefix(Int(count))) }
    }
  }

  /// Calls the system, again where a signal interrupted it; answers -1 where there was nothing yet.
  private static func check(_ name: String, _ call: () -> CInt) throws(IOError) -> CInt {
    while true {
      let result = call()
      if result >= 0 { return result }
      switch errno {
      case EINTR: continue
      case EAGAIN: return -1
      case let number: throw IOError(errnoCode: number, reason: name)
      }
    }
  }
}

extension Transport {
  /// Asks with one empty datagram whether anybody receives at an endpoint: at each of its addresses, in the system's order,
  /// until one isn't known to be closed.
  ///
  /// - Parameters:
  ///   - endpoint: A host and port.
  ///   - options: Families, local address, time limit for names.
  ///   - patience: How long to wait for an answer, or a refusal.
  /// - Returns: What the last of them has shown; nothing where the transport can't know refusals.
  /// - Throws: A failure of kind `network`, `timedOut` or `usage`.
  public func probeDatagrams(
    to endpoint: Endpoint,
    options: ConnectOptions = ConnectOptions(),
    patience: TimeAmount
  ) async throws(Failure) -> DatagramProbeResult? {
    let eventLoop = eventLoopGroup.next()
    let addresses = try await datagramPeer(
      endpoint,
      family: options.family,
      numericOnly: options.numericOnly,
      timeout: options.timeout,
      on: eventLoop
    )
    let local = try await localAddresses(options, on: eventLoop)
    var result: DatagramProbeResult?
    for address in addresses {
      let source = local.first { $0.protocol == address.protocol }
      if !local.isEmpty, source == nil { continue }
      guard let probe = provider.probeDatagrams(to: address, from: source, patience: patience, on: eventLoop) else {
        return nil
      }
      result = try? await probe.get()
      guard case .failed = result else { break }
    }
    if result == nil { throw Failure(.network, "the local address is of another family than \(endpoint)") }
    return result
  }
}
