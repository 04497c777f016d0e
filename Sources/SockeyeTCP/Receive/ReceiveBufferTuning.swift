/// Dynamic right-sizing of the receive buffer (Feng, Fisk 2001; Linux's receive buffer auto-tuning).
///
/// The buffer should hold twice what the application reads in a round trip: then the window is never what limits a
/// sender that can double its rate in one. It only grows, and only up to what is configured, so a peer can't make it
/// hold more than the application would have allowed it anyway.
struct ReceiveBufferTuning {
  /// The round trip as this side sees it; nil before it has been measured.
  private(set) var roundTrip: Interval?
  private var measuredEdge: StreamOffset = 0
  private var measuredSince = Instant.never
  private var readSince = Instant.never
  private var readFrom: StreamOffset = 1
  private var largestRead: UInt64 = 0

  /// Data has arrived in order: measure the round trip, from the echoed timestamp, or, without one, by how long a whole
  /// window takes to arrive.
  mutating func dataArrived(next: StreamOffset, window: UInt64, echoedTime: Instant?, at arrival: Instant) {
    if let echoedTime {
      sample(arrival - echoedTime)
    } else if measuredSince == .never {
      measuredSince = arrival
      measuredEdge = next + window
    } else if next >= measuredEdge {
      sample(arrival - measuredSince)
      measuredSince = arrival
      measuredEdge = next + window
    }
  }

  /// Samples are too long where the peer has waited for its application, never too short: lean towards the short ones.
  private mutating func sample(_ time: Interval) {
    let measured = max(time, .milliseconds(1))
    guard let roundTrip else {
      self.roundTrip = measured
      return
    }
    self.roundTrip = measured < roundTrip ? measured : roundTrip + (measured - roundTrip) / 8
  }

  /// The application has read up to `consumed`: the buffer that it deserves, no less than `buffer`.
  mutating func read(
    upTo consumed: StreamOffset,
    buffer: UInt32,
    maximum: UInt32,
    segmentSize: UInt16,
    at now: Instant
  ) -> UInt32 {
    guard readSince != .never, let roundTrip else {
      readSince = now
      readFrom = consumed
      return buffer
    }
    guard now - readSince >= roundTrip else { return buffer }
    let read = consumed - readFrom
    readSince = now
    readFrom = consumed
    guard read > largestRead else { return buffer }
    largestRead = read
    let wanted = 2 * min(read, UInt64(maximum)) + 16 * UInt64(segmentSize)
    return max(buffer, min(UInt32(clamping: wanted), maximum))
  }
}
