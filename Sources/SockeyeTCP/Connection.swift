public import SockeyeWire

/// One TCP connection (RFC 9293), as a value that does no I/O, reads no clock and never sees payload.
///
/// Its owner tells it what happened and when, and asks what to do:
///
/// 1. Make one with `init(…)` and call `open`, or make one from a listener's segment (`init(accepting:…)`).
/// 2. Give every segment of the connection to `receive`, and keep the bytes that the answer names.
/// 3. Tell it what the application does: `send`, `read`, `close`, `abort`.
/// 4. After any of these, and after `advance(to:)` when `nextDeadline` has come, call `nextSegment` until it
///    answers false, and `nextEvent` until it answers nil. Take a whole batch in before asking for output, so that
///    acknowledgements are aggregated (section 3.10.7.4, MUST-58, MUST-59).
/// 5. Drop it when `state` is closed; in TIME-WAIT, `timeWaitEntry` can stand for it in a few dozen bytes.
///
/// Positions in the public interface count bytes of data from zero, for each direction.
public struct Connection: ~Copyable {
  /// The state (RFC 9293 section 3.3.2).
  public internal(set) var state = ConnectionState.closed
  /// What the connection was told when it was made.
  public internal(set) var configuration: ConnectionConfiguration

  /// A connection that is closed until `open` is called.
  ///
  /// - Parameters:
  ///   - configuration: the settings, read now; see the setters for those that may change later.
  ///   - path: what the network layer says about the way to the peer.
  ///   - ports: the local and the remote port.
  ///   - secrets: what must be unpredictable to others; see `ConnectionSecrets`.
  ///   - now: the time.
  public init(
    configuration: ConnectionConfiguration,
    path: NetworkPath,
    ports: PortPair,
    secrets: ConnectionSecrets,
    now: Instant
  ) {
    self.configuration = configuration
  }

  /// OPEN, active (RFC 9293 section 3.10.1): the SYN is sent by the next `nextSegment`.
  ///
  /// - Parameter cookie: the peer's fast-open cookie, if one is known (RFC 7413): data queued by `send` before the
  ///   first `nextSegment` then goes with the SYN. Only with `ConnectionConfiguration.fastOpen`.
  public mutating func open(cookie: FastOpenCookie? = nil, now: Instant) {}

  // MARK: The application

  /// Bytes that `send` takes now.
  public var sendCapacity: Int { 0 }

  /// SEND (RFC 9293 section 3.10.2): queues bytes that the owner keeps until they are acknowledged.
  ///
  /// - Parameters:
  ///   - count: how many bytes were added to the end of the outgoing stream.
  ///   - push: the data should not wait for more (MAY-15).
  /// - Returns: how many were taken; fewer than `count` where `sendCapacity` was less, none after `close`.
  public mutating func send(_ count: Int, push: Bool = true, now: Instant) -> Int { 0 }

  /// Bytes in order that the application has not read.
  public var readableCount: Int { 0 }

  /// RECEIVE (RFC 9293 section 3.10.3): the application has consumed `count` bytes; at most `readableCount` count.
  public mutating func read(_ count: Int, now: Instant) {}

  /// CLOSE (RFC 9293 section 3.10.4): no more will be sent; a FIN follows what is queued. Reading goes on.
  public mutating func close(now: Instant) {}

  /// The application has gone: it neither sends nor reads any more. Queued data and a FIN are still sent, unless
  /// data was received and not read, or arrives: then the connection is reset (section 3.6.1, SHLD-3).
  public mutating func release(now: Instant) {}

  /// ABORT (RFC 9293 section 3.10.5): a reset is sent where the state asks for one, and the connection is over.
  public mutating func abort(now: Instant) {}

  // MARK: The network

  /// SEGMENT ARRIVES (RFC 9293 section 3.10.7).
  ///
  /// - Parameters:
  ///   - header: the segment's header. Its checksum has been verified and its addresses and ports matched.
  ///   - payloadLength: bytes of data that follow the header.
  ///   - segmentCount: how many segments the network layer coalesced into this one.
  ///   - codepoint: the IP header's ECN field.
  ///   - arrival: when the segment arrived, which may be a little before it is processed. Never decreases.
  public mutating func receive(
    _ header: borrowing TCPHeader,
    payloadLength: Int,
    segmentCount: Int = 1,
    codepoint: ECNCodepoint = .notCapable,
    arrival: Instant
  ) -> Reception { Reception() }

  /// The next segment to send, or a run of them.
  ///
  /// - Parameters:
  ///   - now: the time.
  ///   - maximumSegments: how many full-sized segments the plan may cover: 1 without segmentation offload.
  ///   - plan: receives the plan, if there is one. It counts as sent when this returns true.
  /// - Returns: whether there is something to send. If not, `nextDeadline` tells when to ask again at the latest.
  public mutating func nextSegment(now: Instant, maximumSegments: Int, into plan: inout SegmentPlan) -> Bool { false }

  // MARK: Time

  /// When `advance(to:)` must be called at the latest; `never` if nothing is due.
  public var nextDeadline: Instant { .never }

  /// Runs the timers that are due.
  public mutating func advance(to now: Instant) {}

  // MARK: What happened

  /// Takes the next event, oldest first in the life of a connection; nil when there is none.
  public mutating func nextEvent() -> ConnectionEvent? { nil }

  /// The counters and gauges.
  public func metrics(now: Instant) -> ConnectionMetrics { ConnectionMetrics() }
}

/// The two ports of a connection.
public struct PortPair: Sendable, Hashable {
  /// The port on this side.
  public var local: UInt16
  /// The peer's port.
  public var remote: UInt16

  /// The pair of the given ports.
  public init(local: UInt16, remote: UInt16) {
    self.local = local
    self.remote = remote
  }
}

/// What one connection takes from its host's secret key; see `InitialSequenceNumber`.
public struct ConnectionSecrets: Sendable {
  /// ISS (RFC 6528).
  public var initialSequenceNumber: UInt32
  /// What is added to the timestamp clock (RFC 7323 section 5.4).
  public var timestampOffset: UInt32

  /// The given values.
  public init(initialSequenceNumber: UInt32, timestampOffset: UInt32) {
    self.initialSequenceNumber = initialSequenceNumber
    self.timestampOffset = timestampOffset
  }
}
