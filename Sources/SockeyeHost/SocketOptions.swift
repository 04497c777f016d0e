public import SockeyeTCP

/// What an application may set for one socket.
public struct SocketOptions: Sendable {
  /// What its connection starts from; a listener's connections start from the listener's.
  public var connection: ConnectionConfiguration
  /// IPv4's time to live, IPv6's hop limit (RFC 9293 section 3.9.1.9, MUST-49).
  public var hopLimit: UInt8 = 64
  /// DSCP, in the high six bits of the byte; the low two are the transport's.
  public var trafficClass: UInt8 = 0
  /// Whether the port may be taken although connections of an earlier listener are in TIME-WAIT. Always so here; kept for
  /// those who ask.
  public var reusesAddress = false
  /// Whether an IPv6 socket leaves IPv4 alone.
  public var isIPv6Only = false
  /// Whether `close` waits for what was written, and for how long (SO_LINGER). Here nothing waits, but a time of zero resets
  /// the connection.
  public var lingerTime: Interval?
  /// After how long without a segment keep-alive probes begin, where `connection.keepAliveIdle` turns them on.
  public var keepAliveIdle = Interval.seconds(7_200)
  /// Hold back what doesn't fill a segment (TCP_CORK).
  public var isCorked = false
  /// Connections that a fast open made whose handshake may be under way at a time; beyond, a SYN's data has to come again.
  public var fastOpenLimit = 256
  /// Bytes of datagrams, overhead included, that may wait to be received.
  public var datagramQueueLimit: Int

  /// Whether closing resets the connection.
  public var resetsOnClose: Bool { lingerTime == .zero }

  init(_ configuration: HostConfiguration) {
    connection = configuration.connection
    keepAliveIdle = connection.keepAliveIdle ?? keepAliveIdle
    datagramQueueLimit = configuration.datagramQueueLimit
  }
}

/// Options that sockets have in common until one is given its own: ten thousand connections of a listener keep one copy.
struct SharedOptions {
  private final class Box {
    let options: SocketOptions

    init(_ options: SocketOptions) {
      self.options = options
    }
  }

  private let box: Box

  init(_ options: SocketOptions) {
    box = Box(options)
  }

  var value: SocketOptions { box.options }
}

/// Which addresses a socket has to do with.
public enum AddressFamily: UInt8, Sendable {
  /// IPv4.
  case v4
  /// IPv6, and IPv4 as mapped addresses unless the socket is told otherwise.
  case v6
}

/// What a socket carries.
public enum SocketKind: UInt8, Sendable {
  /// TCP.
  case stream
  /// UDP.
  case datagram
}
