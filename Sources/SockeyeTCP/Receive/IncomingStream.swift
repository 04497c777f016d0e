/// The receive sequence variables of RFC 9293 section 3.3.1, and the rules by which the window is offered.
struct IncomingStream {
  /// IRS.
  var initial = SequenceNumber(0)
  /// RCV.BUFF: bytes that may be held, consumed ones not counted.
  var buffer: UInt32
  /// Rcv.Wind.Shift (RFC 7323 section 2.3).
  var windowShift: UInt8 = 0
  /// RMSS as it is met with: the most data that one segment has carried so far.
  var segmentSize: UInt16 = 536
  /// RCV.NXT: the first offset that has not arrived.
  var next: StreamOffset = 1
  /// The first offset that the application has not consumed.
  var consumed: StreamOffset = 1
  /// The right edge of the window, the furthest that has been offered.
  var edge: StreamOffset = 1
  /// Last.ACK.sent (RFC 7323 section 4.3): what the last segment sent acknowledged.
  var lastAcknowledgmentSent: StreamOffset = 1
  /// Where the peer's FIN stands, once one has arrived, though data before it may be missing.
  var announcedFin: StreamOffset?
  /// Where the peer's FIN stands, once it and all data before it have arrived.
  var fin: StreamOffset?
  /// RCV.UP: the offset of the first byte that isn't urgent; 0 where there is no urgent data.
  var urgentEnd: StreamOffset = 0

  /// An incoming stream of which nothing has arrived.
  init(buffer: UInt32) {
    self.buffer = buffer
  }

  /// RCV.WND: how much of the window that was offered is left.
  var window: UInt64 { edge > next ? edge - next : 0 }

  /// Bytes in order that the application has not consumed.
  var readableCount: UInt64 { dataNext - consumed }

  /// The offset after the last byte of data in order: RCV.NXT without the FIN.
  var dataNext: StreamOffset { fin ?? next }

  /// The sequence number that stands for `offset`.
  func sequenceNumber(_ offset: StreamOffset) -> UInt32 {
    SequenceNumber(offset: offset, initial: initial).value
  }
}

extension IncomingStream {
  /// The window of a SYN: exactly what is configured, and never scaled (RFC 7323 section 2.2).
  mutating func initialWindow(_ bytes: UInt32) -> UInt16 {
    let field = UInt16(clamping: bytes)
    edge = max(edge, 1 + UInt64(field))
    return field
  }

  /// Where the right edge should stand, by the receiver's avoidance of silly windows.
  ///
  /// RFC 9293 section 3.8.6.2.2 (MUST-39): the edge stays where it is until it can move by a full segment or half of the
  /// buffer, whichever is less. It never moves back (section 3.8.6, SHLD-14).
  func wantedEdge(segmentSize: UInt32) -> StreamOffset {
    let current = max(edge, next)
    let limit = min(consumed + UInt64(buffer), next + (65_535 << UInt64(windowShift)))
    guard limit > current, limit - current >= UInt64(min(buffer / 2, segmentSize)) else { return current }
    return limit
  }

  /// The window field for a segment that is being sent, and notes the edge that it offers.
  ///
  /// A window is told in units of 2^shift, counted from RCV.NXT, so what is told falls short of the edge by less than a
  /// unit, now more, now less (RFC 7323 section 2.4). The edge itself stays, and data up to it is taken.
  mutating func offerWindow(segmentSize: UInt32) -> UInt16 {
    edge = wantedEdge(segmentSize: segmentSize)
    return UInt16(clamping: (edge - next) >> UInt64(windowShift))
  }

  /// Whether the application has made so much room that the peer should be told without waiting for a reason to send.
  ///
  /// That is when the window would at least double, which is also when it opens after having been closed. Lesser
  /// updates travel with the acknowledgments of the data that keeps coming.
  func deservesWindowUpdate(segmentSize: UInt32) -> Bool {
    let wanted = wantedEdge(segmentSize: segmentSize)
    return wanted > edge && wanted - next >= 2 * window
  }

  /// The least shift with which 16 bits can express `bytes` (RFC 7323 section 2.3: never more than 14).
  static func windowShift(for bytes: UInt32) -> UInt8 {
    var shift: UInt8 = 0
    while shift < 14, (65_535 << UInt64(shift)) < UInt64(bytes) { shift += 1 }
    return shift
  }
}
