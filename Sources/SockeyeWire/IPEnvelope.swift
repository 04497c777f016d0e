/// The IP header around a TCP segment or a datagram, of whichever family its addresses are.
///
/// For those who make whole packets from parts that they have: a capture of a conversation over the kernel's sockets, a
/// test, a simulated host.
public struct IPEnvelope: Hashable, Sendable {
  /// The address of who sends.
  public var source: IPAddress
  /// Who receives; of the same family.
  public var destination: IPAddress
  /// DSCP in the high six bits, ECN in the low two.
  public var trafficClass: UInt8
  /// How many routers the packet may still cross.
  public var hopLimit: UInt8
  /// IPv4's identification.
  public var identification: UInt16

  /// An envelope from its fields. An IPv4 address beside an IPv6 one is taken as the mapped address.
  public init(
    from source: IPAddress,
    to destination: IPAddress,
    trafficClass: UInt8 = 0,
    hopLimit: UInt8 = 64,
    identification: UInt16 = 0
  ) {
    self.source = source
    self.destination = destination
    self.trafficClass = trafficClass
    self.hopLimit = hopLimit
    self.identification = identification
  }

  /// The IP header's length in bytes.
  public var headerLength: Int {
    source.isIPv4 && destination.isIPv4 ? IPv4Header.minimumLength : IPv6Header.length
  }

  /// Writes a whole packet into `bytes`: IP header, `header` with its checksum, and `payload`. Returns its length, which
  /// is `headerLength + header.length + payload.byteCount`; there must be room for that, and the packet must not exceed
  /// what IP can carry.
  @discardableResult
  public func emit(_ header: TCPHeader, payload: RawSpan, into bytes: inout MutableRawSpan) -> Int {
    let length = header.length + payload.byteCount
    let start = emitHeader(protocolNumber: TCPHeader.protocolNumber, payloadLength: length, into: &bytes)
    let end = start + length
    bytes.copy(payload, at: start + header.emit(into: &bytes, at: start))
    let sum = checksum(of: bytes, in: start..<end, protocolNumber: TCPHeader.protocolNumber)
    bytes.storeBigEndian(sum.checksum, at: start + TCPHeader.checksumOffset)
    return end
  }

  /// Writes a whole packet into `bytes`: IP header, `header` with its checksum if it has one, and `payload`. Returns its
  /// length, which is `headerLength + UDPHeader.length + payload.byteCount`; there must be room for that, and the packet
  /// must not exceed what IP can carry.
  @discardableResult
  public func emit(_ header: UDPHeader, payload: RawSpan, into bytes: inout MutableRawSpan) -> Int {
    let length = UDPHeader.length + payload.byteCount
    let start = emitHeader(protocolNumber: UDPHeader.protocolNumber, payloadLength: length, into: &bytes)
    let end = start + length
    bytes.copy(payload, at: start + header.emit(into: &bytes, at: start, payloadLength: payload.byteCount))
    if header.hasChecksum {
      let sum = checksum(of: bytes, in: start..<end, protocolNumber: UDPHeader.protocolNumber)
      bytes.storeBigEndian(sum.udpChecksum, at: start + UDPHeader.checksumOffset)
    }
    return end
  }

  private func emitHeader(protocolNumber: UInt8, payloadLength: Int, into bytes: inout MutableRawSpan) -> Int {
    guard case .v4(let source) = source, case .v4(let destination) = destination else {
      let header = IPv6Header(
        trafficClass: trafficClass,
        nextHeader: protocolNumber,
        hopLimit: hopLimit,
        source: source.asIPv6,
        destination: destination.asIPv6
      )
      return header.emit(into: &bytes, payloadLength: payloadLength)
    }
    let header = IPv4Header(
      trafficClass: trafficClass,
      identification: identification,
      timeToLive: hopLimit,
      protocolNumber: protocolNumber,
      source: source,
      destination: destination
    )
    return header.emit(into: &bytes, payloadLength: payloadLength)
  }

  private func checksum(
    of bytes: borrowing MutableRawSpan,
    in payload: Range<Int>,
    protocolNumber: UInt8
  ) -> InternetChecksum {
    // Of a mixed pair both are mapped, and the mapped prefix 0:0:0:ffff changes the sum, as it should.
    let isIPv6 = !source.isIPv4 || !destination.isIPv4
    var sum = InternetChecksum(
      pseudoHeaderFrom: isIPv6 ? .v6(source.asIPv6) : source,
      to: isIPv6 ? .v6(destination.asIPv6) : destination,
      protocolNumber: protocolNumber,
      length: payload.count
    )
    sum.add(bytes, in: payload)
    return sum
  }
}
