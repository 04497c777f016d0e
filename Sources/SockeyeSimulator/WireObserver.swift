import SockeyeTCP
import SockeyeWire

/// Watches the segments that one endpoint sends and is delivered, and checks them against the rules of RFC 9293 by a
/// bookkeeping of its own, which shares nothing with the engine but arithmetic on sequence numbers.
struct WireObserver {
  /// What this endpoint's sequence numbers start from, once a SYN has been seen.
  private var initialSent: SequenceNumber?
  /// What the peer's start from.
  private var initialReceived: SequenceNumber?
  /// The window scale and segment size that this endpoint's SYN and the peer's had.
  private var offeredScale: UInt8?
  private var offeredAtFirst: UInt16 = 0
  private var peerScale: UInt8?
  private var peerSegmentSize: Int?
  private var peerHasSpoken = false
  /// The end of what was sent, in sequence space.
  private(set) var sentEnd: StreamOffset = 0
  /// The highest acknowledgment delivered to this endpoint, in sequence space.
  private(set) var acknowledgedEnd: StreamOffset = 0
  /// The right edge of the widest window delivered to this endpoint, in sequence space.
  private(set) var sendEdge: StreamOffset = 1
  /// The highest acknowledgment that this endpoint has sent, in the peer's sequence space.
  private var acknowledgmentSent: StreamOffset = 0
  /// The right edge of the widest window that it offered, in the peer's sequence space.
  private(set) var offeredEdge: StreamOffset = 0
  /// What it has kept of the peer's data.
  var kept = ReceivedRanges()
  /// Where the peer's FIN lies in its sequence space, once one has been delivered.
  private(set) var finReceived: StreamOffset?
  /// Where this endpoint's own FIN lies.
  private(set) var finSent: StreamOffset?

  /// The bytes of options that the default maximum segment size does without.
  private let defaultSegmentSize: Int
  private let pathMTU: Int
  private let networkHeaderLength: Int

  init(path: NetworkPath) {
    defaultSegmentSize = path.version == .v4 ? 536 : 1_220
    networkHeaderLength = (path.version == .v4 ? 20 : 40) + Int(path.networkOptionsLength)
    pathMTU = Int(path.maximumTransmissionUnit)
  }

  /// Whether both sides offered to scale their windows.
  private var scales: Bool { offeredScale != nil && peerScale != nil }

  /// What the window field of this endpoint counts in.
  private var windowUnit: UInt64 { 1 << UInt64(scales ? min(offeredScale ?? 0, 14) : 0) }

  /// Whether everything that was sent has been acknowledged.
  var isEverythingAcknowledged: Bool { acknowledgedEnd >= sentEnd }

  // MARK: What is sent

  /// Checks a segment that the endpoint sends. Returns the rule that it breaks, if any.
  mutating func willSend(
    _ header: TCPHeader,
    payload: Range<UInt64>,
    application: (written: UInt64, acknowledged: UInt64),
    isPathProbe: Bool
  ) -> Violation.Rule? {
    if header.options.length > TCPOptions.maximumLength { return .optionsTooLong }
    if header.flags.contains(.syn) { noteOwnSYN(header) }
    if header.flags.contains(.rst) { return nil }
    // What the program was told is acknowledged it has let go of.
    if !payload.isEmpty, payload.lowerBound < application.acknowledged { return .sentBelowAcknowledged }
    return checkSequence(header, payload: payload, written: application.written, isPathProbe: isPathProbe)
      ?? checkAcknowledgment(header)
  }

  private mutating func noteOwnSYN(_ header: TCPHeader) {
    initialSent = SequenceNumber(header.sequenceNumber)
    offeredScale = header.options.windowScale
    offeredAtFirst = header.window
    sentEnd = max(sentEnd, 1)
  }

  private mutating func checkSequence(
    _ header: TCPHeader,
    payload: Range<UInt64>,
    written: UInt64,
    isPathProbe: Bool
  ) -> Violation.Rule? {
    guard let initialSent else { return header.flags.contains(.ack) ? .sequenceNumberOffPayload : nil }
    let isSYN = header.flags.contains(.syn)
    let isFIN = header.flags.contains(.fin)
    let reference = isSYN ? 0 : max(payload.isEmpty ? sentEnd : payload.lowerBound + 1, 1)
    guard let start = SequenceNumber(header.sequenceNumber).offset(near: reference, initial: initialSent) else {
      return .sequenceNumberOffPayload
    }
    if payload.isEmpty, !isSYN, !isFIN {
      // A probe repeats the number before the first unacknowledged one; nothing else lies outside what was sent.
      return start <= sentEnd ? nil : .sequenceNumberOffPayload
    }
    if !payload.isEmpty {
      if payload.upperBound > written { return .sentBeyondWritten }
      if start + (isSYN ? 1 : 0) != payload.lowerBound + 1 { return .sequenceNumberOffPayload }
      if !isPathProbe, let rule = checkSize(header, payload: payload) { return rule }
    }
    let length = UInt64(payload.count) + (isSYN ? 1 : 0) + (isFIN ? 1 : 0)
    let end = start + length
    if isFIN {
      if end != written + 2 { return .sequenceNumberOffPayload }
      finSent = end - 1
    }
    // A FIN takes a place in the window too, but may go where one byte of data may: as a probe.
    let isProbe = length <= 1 && start <= max(sendEdge, acknowledgedEnd)
    if !isSYN, !isProbe, end > sendEdge { return .sentBeyondWindow }
    sentEnd = max(sentEnd, end)
    return nil
  }

  private func checkSize(_ header: TCPHeader, payload: Range<UInt64>) -> Violation.Rule? {
    // RFC 9293 section 3.7.1: the maximum segment size counts data and no options, yet what is sent must leave room
    // for its own options.
    let announced = peerHasSpoken ? peerSegmentSize ?? defaultSegmentSize : pathMTU - networkHeaderLength - 20
    let optionLength = header.options.length
    if payload.count + optionLength > announced { return .segmentTooLarge }
    if payload.count + optionLength + 20 + networkHeaderLength > pathMTU { return .segmentTooLarge }
    return nil
  }

  private mutating func checkAcknowledgment(_ header: TCPHeader) -> Violation.Rule? {
    guard header.flags.contains(.ack), let initialReceived else { return nil }
    guard
      let acknowledged = SequenceNumber(header.acknowledgmentNumber)
        .offset(near: acknowledgmentSent, initial: initialReceived)
    else { return .acknowledgmentWentBack }
    if acknowledged < acknowledgmentSent { return .acknowledgmentWentBack }
    var limit = kept.contiguousEnd + 1
    if let finReceived, finReceived == limit { limit += 1 }
    if acknowledged > limit { return .acknowledgedWhatWasNotKept }
    acknowledgmentSent = acknowledged
    let shift = scales && !header.flags.contains(.syn) ? min(offeredScale ?? 0, 14) : 0
    let edge = acknowledged + UInt64(header.window) << UInt64(shift)
    // The window field drops the bits that the scale shifts out, which is no shrinking (RFC 7323 section 2.4).
    // Past the peer's FIN there is no window to speak of.
    // A SYN that is sent again can't say more than 65,535, whatever was offered between.
    if edge + windowUnit <= offeredEdge, finReceived == nil, !header.flags.contains(.syn) { return .windowShrank }
    offeredEdge = max(offeredEdge, edge)
    return nil
  }

  // MARK: What arrives

  /// Notes a segment that is about to be delivered to the endpoint.
  mutating func willReceive(_ header: TCPHeader, payloadLength: Int) {
    if header.flags.contains(.rst) { return }
    if header.flags.contains(.syn) {
      initialReceived = SequenceNumber(header.sequenceNumber)
      peerScale = header.options.windowScale
      peerSegmentSize = header.options.maximumSegmentSize.map { Int($0) }
      peerHasSpoken = true
      offeredEdge = max(offeredEdge, 1 + UInt64(offeredAtFirst))
    }
    if header.flags.contains(.fin), let start = sequenceStart(header) {
      finReceived = start + UInt64(clamping: payloadLength) + (header.flags.contains(.syn) ? 1 : 0)
    }
    guard header.flags.contains(.ack), let initialSent else { return }
    let number = SequenceNumber(header.acknowledgmentNumber)
    guard let acknowledged = number.offset(near: sentEnd, initial: initialSent), acknowledged <= sentEnd else { return }
    acknowledgedEnd = max(acknowledgedEnd, acknowledged)
    let shift = scales && !header.flags.contains(.syn) ? min(peerScale ?? 0, 14) : 0
    sendEdge = max(sendEdge, acknowledged + UInt64(header.window) << UInt64(shift))
  }

  /// Checks what the endpoint keeps of a segment that was delivered to it. Returns the rule that it breaks, if any.
  mutating func didReceive(
    _ header: TCPHeader,
    payloadLength: Int,
    reception: Reception,
    rangeLimit: Int
  ) -> Violation.Rule? {
    guard !reception.kept.isEmpty else { return nil }
    guard let start = sequenceStart(header) else { return .keptWhatWasNotSent }
    let data = start + (header.flags.contains(.syn) ? 1 : 0)
    guard data >= 1, reception.payloadOffset >= 0 else { return .keptWhatWasNotSent }
    let segment = (data - 1)..<(data - 1 + UInt64(clamping: payloadLength))
    guard reception.kept.lowerBound >= segment.lowerBound, reception.kept.upperBound <= segment.upperBound,
      reception.kept.lowerBound - segment.lowerBound == UInt64(clamping: reception.payloadOffset)
    else { return .keptWhatWasNotSent }
    // A probe of a window that was rounded down to nothing may be taken: there is room for what was not told.
    if reception.kept.upperBound + 1 >= offeredEdge + windowUnit { return .keptBeyondWindow }
    kept.insert(reception.kept)
    if kept.pending.count > rangeLimit { return .tooManyRanges }
    return nil
  }

  /// Where a segment from the peer begins in its sequence space.
  private func sequenceStart(_ header: TCPHeader) -> StreamOffset? {
    guard let initialReceived else { return nil }
    let reference = header.flags.contains(.syn) ? 0 : kept.contiguousEnd + 1
    return SequenceNumber(header.sequenceNumber).offset(near: reference, initial: initialReceived)
  }
}
