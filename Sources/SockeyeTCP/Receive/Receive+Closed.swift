public import SockeyeWire

/// RFC 9293 section 3.10.7.1: SEGMENT ARRIVES, CLOSED STATE.
public enum ClosedPort {
  /// The answer to a segment for which there is no connection: none to a reset, a reset to anything else, so formed
  /// that the sender of the segment will accept it.
  ///
  /// - Parameters:
  ///   - header: the segment's header.
  ///   - payloadLength: bytes of data that followed the header.
  public static func answer(to header: TCPHeader, payloadLength: Int) -> TCPHeader? {
    guard !header.flags.contains(.rst) else { return nil }
    return reset(answering: header, payloadLength: payloadLength)
  }

  /// <SEQ=SEG.ACK><CTL=RST> where ACK is on; where it is off, <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>.
  static func reset(answering header: TCPHeader, payloadLength: Int) -> TCPHeader {
    var reset = TCPHeader(
      sourcePort: header.destinationPort,
      destinationPort: header.sourcePort,
      sequenceNumber: 0,
      flags: .rst
    )
    if header.flags.contains(.ack) {
      reset.sequenceNumber = header.acknowledgmentNumber
    } else {
      let length = header.sequenceLength(payloadLength: payloadLength)
      reset.acknowledgmentNumber = (SequenceNumber(header.sequenceNumber) + length).value
      reset.flags = [.rst, .ack]
    }
    return reset
  }
}
