/// The packet that an ICMP error quotes, as far as it identifies what it belonged to.
///
/// RFC 792 and RFC 4443 promise the IP header and at least eight bytes behind it: the ports and, for TCP, the sequence
/// number, by which RFC 5927 section 4.1 tells a true error from a forged one.
public struct ICMPQuote: Hashable, Sendable {
  /// Who sent the quoted packet: whoever receives the error, if it is true.
  public var source: IPAddress
  /// Whom the quoted packet was for.
  public var destination: IPAddress
  /// What it carried, by IANA's registry.
  public var protocolNumber: UInt8
  /// The first two bytes behind the IP header: for TCP and UDP the port that it was sent from.
  public var sourcePort: UInt16
  /// The next two: for TCP and UDP the port that it was for.
  public var destinationPort: UInt16
  /// The next four: for TCP the sequence number, for an ICMP echo identifier and sequence.
  public var sequenceNumber: UInt32

  /// Reads what is behind the first eight bytes of an ICMP error of either family.
  ///
  /// - Throws: `truncated`, `unsupportedVersion`, `invalidHeaderLength`; `invalidField` for a fragment that isn't the
  ///   first of its packet, which has no ports, or for extension headers that no host would have sent.
  public static func parse(_ bytes: RawSpan) throws(WireError) -> ICMPQuote {
    guard bytes.byteCount > 0 else { throw .truncated }
    return bytes.byte(0) >> 4 == 6 ? try parseIPv6(bytes) : try parseIPv4(bytes)
  }

  private static func parseIPv4(_ bytes: RawSpan) throws(WireError) -> ICMPQuote {
    let (header, payload) = try IPv4Header.parseQuoted(bytes)
    guard header.fragmentOffset == 0 else { throw .invalidField }
    return try ICMPQuote(
      bytes,
      .v4(header.source),
      .v4(header.destination),
      protocolNumber: header.protocolNumber,
      at: payload
    )
  }

  private static func parseIPv6(_ bytes: RawSpan) throws(WireError) -> ICMPQuote {
    let (header, payload) = try IPv6Header.parseQuoted(bytes)
    var number = header.nextHeader
    var rest = payload
    for _ in 0..<IPv6ExtensionHeaders.maximumCount {
      let length: Int
      switch number {
      case IPv6ExtensionHeaders.Number.hopByHop, IPv6ExtensionHeaders.Number.routing,
        IPv6ExtensionHeaders.Number.destinationOptions:
        guard rest.count >= 8 else { throw .truncated }
        length = 8 + 8 * Int(bytes.byte(rest.lowerBound + 1))
      case IPv6FragmentHeader.protocolNumber:
        guard rest.count >= IPv6FragmentHeader.length else { throw .truncated }
        guard IPv6FragmentHeader(bytes, at: rest.lowerBound).offset == 0 else { throw .invalidField }
        length = IPv6FragmentHeader.length
      default:
        return try ICMPQuote(
          bytes,
          .v6(header.source),
          .v6(header.destination),
          protocolNumber: number,
          at: rest
        )
      }
      guard length <= rest.count else { throw .truncated }
      number = bytes.byte(rest.lowerBound)
      rest = rest.lowerBound + length..<rest.upperBound
    }
    throw .tooManyHeaders
  }

  private init(
    _ bytes: RawSpan,
    _ source: IPAddress,
    _ destination: IPAddress,
    protocolNumber: UInt8,
    at rest: Range<Int>
  ) throws(WireError) {
    guard rest.count >= 8 else { throw .truncated }
    self.source = source
    self.destination = destination
    self.protocolNumber = protocolNumber
    sourcePort = bytes.bigEndian16(rest.lowerBound)
    destinationPort = bytes.bigEndian16(rest.lowerBound + 2)
    sequenceNumber = bytes.bigEndian32(rest.lowerBound + 4)
  }
}
