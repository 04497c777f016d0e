import Glibc
public import NIOCore

/// What the kernel's TCP is doing for a stream: TCP_INFO, tcp(7).
public struct StreamStatus: Sendable {
  /// The name that RFC 9293, section 3.3.2, gives the connection's state.
  public let state: String
  /// The smoothed round trip.
  public let roundTrip: TimeAmount
  /// How much the round trip varies.
  public let roundTripVariation: TimeAmount
  /// The retransmission time-out.
  public let retransmissionTimeout: TimeAmount
  /// How much may be on its way, in bytes.
  public let congestionWindow: Int
  /// Where slow start ends, in bytes; nothing before anything was lost.
  public let slowStartThreshold: Int?
  /// What is sent and not acknowledged, or not sent yet, in bytes.
  public let sendQueue: Int
  /// What arrived and wasn't read, in bytes.
  public let receiveQueue: Int
  /// How much the peer may send ahead, as the kernel sizes its buffer, in bytes.
  public let receiveSpace: Int
  /// The largest segments that are sent, in bytes.
  public let segmentSize: Int
  /// The path's MTU, in bytes.
  public let pathMTU: Int
  /// How many segments were sent again, in all.
  public let retransmissions: Int
  /// How many segments are taken for lost just now.
  public let lost: Int

  private static let states = [
    "", "ESTABLISHED", "SYN-SENT", "SYN-RECEIVED", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT", "CLOSED", "CLOSE-WAIT",
    "LAST-ACK",
    "LISTEN", "CLOSING",
  ]

  /// Asks the kernel.
  ///
  /// - Parameter channel: A stream; asked on its event loop.
  /// - Returns: Nothing where it isn't the kernel's TCP.
  static func of(_ channel: any Channel) -> StreamStatus? {
    guard channel.localAddress?.port != nil else { return nil }
    return try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
      StreamStatus(descriptor: $0)
    } ?? nil
  }

  private init?(descriptor: CInt) {
    var info = tcp_info()
    var size = socklen_t(MemoryLayout<tcp_info>.size)
    guard getsockopt(descriptor, CInt(IPPROTO_TCP), TCP_INFO, &info, &size) == 0 else { return nil }
    // SIOCOUTQ and SIOCINQ, tcp(7).
    var unacknowledged: CInt = 0
    var unread: CInt = 0
    guard ioctl(descriptor, UInt(TIOCOUTQ), &unacknowledged) == 0, ioctl(descriptor, UInt(FIONREAD), &unread) == 0
    else {
      return nil
    }
    state = Int(info.tcpi_state) < Self.states.count ? Self.states[Int(info.tcpi_state)] : ""
    roundTrip = .microseconds(Int64(info.tcpi_rtt))
    roundTripVariation = .microseconds(Int64(info.tcpi_rttvar))
    retransmissionTimeout = .microseconds(Int64(info.tcpi_rto))
    let segment = Int(info.tcpi_snd_mss)
    segmentSize = segment
    congestionWindow = Int(info.tcpi_snd_cwnd) * segment
    // TCP_INFINITE_SSTHRESH of the kernel's.
    slowStartThreshold = info.tcpi_snd_ssthresh >= 0x7FFF_FFFF ? nil : Int(info.tcpi_snd_ssthresh) * segment
    sendQueue = Int(unacknowledged)
    receiveQueue = Int(unread)
    receiveSpace = Int(info.tcpi_rcv_space)
    pathMTU = Int(info.tcpi_pmtu)
    retransmissions = Int(info.tcpi_total_retrans)
    lost = Int(info.tcpi_lost)
  }
}

extension ConversationClient {
  /// What TCP is doing for the peer. To be called on the transport's event loop.
  ///
  /// - Returns: Nothing where the peer isn't there, or its stream isn't the kernel's TCP.
  public func status(of peer: Int) -> StreamStatus? { peer == 1 ? core.value.life.session?.status : nil }
}

extension ConversationServer {
  /// What TCP is doing for a peer. To be called on the transport's event loop.
  ///
  /// - Returns: Nothing where the peer isn't there, or its stream isn't the kernel's TCP.
  public func status(of peer: Int) -> StreamStatus? { core.value.clientele.find(peer)?.status }
}

extension Session {
  fileprivate var status: StreamStatus? {
    (carrier as? StreamCarrier)?.context.flatMap { StreamStatus.of($0.channel) }
  }
}
