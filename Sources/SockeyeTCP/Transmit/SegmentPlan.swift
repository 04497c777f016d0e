public import SockeyeWire

/// What a connection wants sent: one segment, or a run of full-sized ones that segmentation offload can cut.
///
/// `header` is the first segment's and is complete but for the checksum. A sender without offload emits
/// `header(ofSegment:)` for each of `segmentCount` segments, with that segment's part of `payload`.
public struct SegmentPlan: Sendable, Equatable {
  /// The header of the whole, as offload wants it: PSH and FIN belong to the last segment. A plan whose CWR
  /// says that the congestion window was reduced (RFC 3168 section 6.1.2) covers one segment only.
  public var header: TCPHeader
  /// Which bytes of the outgoing stream to carry, counted from zero; empty for a segment without data.
  public var payload: Range<UInt64> = 0..<0
  /// Bytes of data in each segment but the last, which may have fewer; at least 1.
  public var segmentSize = 1
  /// What to write into the IP header's ECN field.
  public var codepoint = ECNCodepoint.notCapable
  /// The segment is a probe that may exceed the path MTU: it must not be fragmented, nor its loss be reported.
  public var isPathProbe = false
  /// Some of the data has been sent before.
  public var isRetransmission = false

  /// A plan for a segment without data.
  public init(header: TCPHeader) {
    self.header = header
  }

  /// A plan to be filled in by `Connection.nextSegment`.
  public init() {
    self.init(header: TCPHeader(sourcePort: 0, destinationPort: 0, sequenceNumber: 0, flags: TCPFlags(rawValue: 0)))
  }

  /// How many segments the plan covers: one, or as many as its data fills.
  public var segmentCount: Int {
    let size = max(segmentSize, 1)
    let length = payload.upperBound - payload.lowerBound
    guard length > UInt64(size) else { return 1 }
    return Int(clamping: (length + UInt64(size) - 1) / UInt64(size))
  }

  /// Which bytes of the outgoing stream the segment at `index` carries. `index` is in `0..<segmentCount`.
  public func payload(ofSegment index: Int) -> Range<UInt64> {
    let start = min(payload.lowerBound + UInt64(index) * UInt64(max(segmentSize, 1)), payload.upperBound)
    return start..<min(start + UInt64(max(segmentSize, 1)), payload.upperBound)
  }

  /// The header of the segment at `index`, as if the plan had been cut by offload: sequence numbers advance, PSH
  /// and FIN stay with the last segment.
  public func header(ofSegment index: Int) -> TCPHeader {
    var header = self.header
    let part = payload(ofSegment: index)
    let skipped = part.lowerBound - payload.lowerBound
    header.sequenceNumber = (SequenceNumber(header.sequenceNumber) + UInt32(truncatingIfNeeded: skipped)).value
    if part.upperBound < payload.upperBound { header.flags.subtract([.psh, .fin]) }
    return header
  }
}

/// The two bits that IP carries for explicit congestion notification (RFC 3168 section 5).
public enum ECNCodepoint: UInt8, Sendable {
  /// Not-ECT: the packet's sender doesn't understand marks.
  case notCapable = 0
  /// ECT(1).
  case capable1 = 1
  /// ECT(0).
  case capable0 = 2
  /// CE: a router on the way is congested.
  case congestionExperienced = 3

  /// The code point in the low two bits of `bits`: the last of IPv4's type of service or IPv6's traffic class.
  public init(bits: UInt8) {
    switch bits & 3 {
    case 0: self = .notCapable
    case 1: self = .capable1
    case 2: self = .capable0
    default: self = .congestionExperienced
    }
  }
}

/// What to do with the payload of a segment that `Connection.receive` was told of.
public struct Reception: Sendable, Equatable {
  /// Which bytes of the incoming stream to keep, counted from zero; empty if there is nothing to keep. It may lie
  /// ahead of a gap, and it may overlap bytes that are kept already: they are the same.
  public var kept: Range<UInt64> = 0..<0
  /// Where in the segment's payload the bytes to keep begin.
  public var payloadOffset = 0

  /// The answer that there is nothing to keep.
  public init() {}
}
