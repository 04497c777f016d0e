import Glibc
public import NIOCore
public import SockeyeTCP

/// What TCP is doing for a stream: the kernel's as TCP_INFO tells it, tcp(7), Sockeye's own as its engine does.
public struct StreamStatus: Sendable {
  /// The connection's state; nothing where the kernel has one without a name.
  public let state: ConnectionState.Name?
  /// The state's name in RFC 9293, section 3.3.2.
  public var stateName: String? { state?.standardName }
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
  /// How much the peer may send ahead, in bytes: as the kernel sizes its buffer, or as the engine has offered.
  public let receiveSpace: Int
  /// The largest segments that are sent, in bytes.
  public let segmentSize: Int
  /// The path's MTU, in bytes.
  public let pathMTU: Int
  /// How many segments were sent again, in all.
  public let retransmissions: Int
  /// How many segments are taken for lost just now.
  public let lost: Int
  /// What Sockeye's own engine knows besides; nothing of the kernel's TCP.
  public let engine: Engine?

  /// Asks whoever's TCP it is.
  ///
  /// - Parameter channel: A stream; asked on its event loop.
  /// - Returns: Nothing where it isn't TCP, or is over.
  public static func of(_ channel: any Channel) -> StreamStatus? {
    guard channel.localAddress?.port != nil else { return nil }
    if let status = ofHost(channel) { return status }
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
    state = ConnectionState.Name(kernelNumber: info.tcpi_state)
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
    engine = nil
  }
}

extension StreamStatus {
  /// What has become of what was sent.
  public enum Delivery: Sendable {
    /// The peer's TCP has all of it.
    case acknowledged
    /// Some of it is on its way.
    case outstanding
    /// The peer reset the connection.
    case lost
  }

  /// What has become of what was sent, of a stream that this side has not closed.
  public var delivery: Delivery { state == .closed ? .lost : sendQueue > 0 ? .outstanding : .acknowledged }

  /// A time in which no answer of the peer's can have come: the round trip, less its usual deviation.
  public var shortestRoundTrip: TimeAmount { max(.zero, roundTrip - roundTripVariation) }
}
