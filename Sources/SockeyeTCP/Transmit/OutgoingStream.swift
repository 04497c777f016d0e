/// The send sequence variables of RFC 9293 section 3.3.1, except SND.UNA and SND.NXT, which `LossRecovery` owns.
struct OutgoingStream {
  /// ISS.
  let initial: SequenceNumber
  /// The application has closed: a FIN stands at `dataEnd`.
  var isClosed = false
  /// What `speculativeEnd` ends has been sent more than once.
  var speculationIsRepeated = false
  /// Snd.Wind.Shift (RFC 7323 section 2.3).
  var windowShift: UInt8 = 0
  /// The offset after the last byte that the application has queued.
  var dataEnd: StreamOffset = 1
  /// The offset after the last byte that the application wants pushed.
  var pushedEnd: StreamOffset = 1
  /// The offset after the last segment sent that was less than full (Nagle's rule in Minshall's form).
  var smallSegmentEnd: StreamOffset = 0
  /// SND.UP: the offset of the first byte that isn't urgent; 0 where there is no urgent data.
  var urgentEnd: StreamOffset = 0

  /// The end of what was sent without telling the loss recovery: the byte of a zero-window probe, or data with a SYN.
  ///
  /// It is sent again as new data unless the peer acknowledges it first, so it needs no timer of its own.
  var speculativeEnd: StreamOffset = 0
  /// When `speculativeEnd` was last sent.
  var speculativeTime = Instant.never

  /// SND.WND in bytes; counts from SND.UNA.
  var window: UInt32 = 0
  /// MAX.SND.WND: the largest window that the peer has offered (RFC 5961 section 5, RFC 9293 section 3.8.6.2.1).
  var maximumWindow: UInt32 = 0
  /// SND.WL1: where the segment began that last updated the window, in the incoming stream.
  var windowUpdateStart: StreamOffset = 0
  /// SND.WL2: what that segment acknowledged.
  var windowUpdateAcknowledgment: StreamOffset = 0

  /// What the peer announced as its MSS, or the default (RFC 9293 section 3.7.1).
  var peerSegmentSize: UInt16
  /// Bytes of data in a full-sized segment: Eff.snd.MSS, less the options that every segment carries.
  var segmentSize: UInt16

  /// The offset after everything queued, the FIN included.
  var end: StreamOffset { isClosed ? dataEnd + 1 : dataEnd }

  /// The sequence number that stands for `offset`.
  func sequenceNumber(_ offset: StreamOffset) -> UInt32 {
    SequenceNumber(offset: offset, initial: initial).value
  }

  /// Takes the window of a segment that is newer than the one that last set it (RFC 9293 section 3.10.7.4, fifth step).
  ///
  /// SND.WL1 and SND.WL2 keep a segment that was overtaken from bringing back an old window. An acknowledgment that
  /// advances is newer whatever its sequence number: the RFC, which compares that first, leaves an old window standing
  /// before a new SND.UNA when the peer sends data again, and so sends beyond what the peer offered. The window is
  /// unsigned and held in 32 bits (MUST-1, REC-1): 16 bits shifted by at most 14.
  ///
  /// - Returns: whether the window changed.
  mutating func updateWindow(field: UInt16, start: StreamOffset, acknowledgment: StreamOffset) -> Bool {
    guard windowUpdateAcknowledgment < acknowledgment || windowUpdateStart <= start else { return false }
    windowUpdateStart = max(windowUpdateStart, start)
    windowUpdateAcknowledgment = acknowledgment
    let offered = UInt32(field) << UInt32(windowShift)
    let changed = offered != window
    window = offered
    maximumWindow = max(maximumWindow, offered)
    return changed
  }
}
