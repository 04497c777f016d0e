import Glibc
public import NIOCore

/// How a stream stands with the kernel: what the peer's TCP has acknowledged, and how fast it answers.
public struct StreamStanding: Sendable {
  /// What has become of what was sent.
  public enum Delivery: Sendable {
    /// The peer's TCP has all of it.
    case acknowledged
    /// Some of it is on its way.
    case outstanding
    /// The peer reset the connection.
    case lost
  }

  /// What has become of what was sent.
  public let delivery: Delivery
  /// A time in which no answer of the peer's can have come: the round trip, less its usual deviation.
  public let shortestRoundTrip: TimeAmount

  /// Asks the kernel how a stream stands.
  ///
  /// - Parameter channel: A stream; asked on its event loop.
  /// - Returns: Nothing where it isn't the kernel's TCP.
  public static func of(_ channel: any Channel) -> StreamStanding? {
    guard channel.localAddress?.port != nil else { return nil }
    return try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
      of(descriptor: $0)
    } ?? nil
  }

  private static func of(descriptor: CInt) -> StreamStanding? {
    var info = tcp_info()
    var size = socklen_t(MemoryLayout<tcp_info>.size)
    guard getsockopt(descriptor, CInt(IPPROTO_TCP), TCP_INFO, &info, &size) == 0 else { return nil }
    // SIOCOUTQ, tcp(7): the bytes that are unsent or unacknowledged.
    var unacknowledged: CInt = 0
    guard ioctl(descriptor, UInt(TIOCOUTQ), &unacknowledged) == 0 else { return nil }
    // TCP_CLOSE, before this side has closed: a reset.
    let isLost = info.tcpi_state == 7
    return StreamStanding(
      delivery: isLost ? .lost : unacknowledged > 0 ? .outstanding : .acknowledged,
      shortestRoundTrip: .microseconds(max(0, Int64(info.tcpi_rtt) - Int64(info.tcpi_rttvar)))
    )
  }
}
