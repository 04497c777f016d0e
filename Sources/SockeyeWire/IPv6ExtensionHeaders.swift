/// What the extension headers of an IPv6 packet come to for the host that it is for (RFC 8200 section 4).
public struct IPv6ExtensionHeaders: Hashable, Sendable {
  /// How many headers are followed. RFC 8504 section 5.3 lets a host set a limit; nobody sends more in earnest.
  public static let maximumCount = 8

  /// What follows the headers that were read, by IANA's registry: 59 for nothing.
  public var nextHeader: UInt8
  /// Where in the packet the byte stands that names `nextHeader`, to point at if it isn't known.
  public var nextHeaderOffset: Int
  /// Where in the packet lies what follows; for a fragment its data.
  public var payload: Range<Int>
  /// The fragment header, if the packet is a part of another: reading stopped behind it, and `nextHeaderOffset` is of
  /// the byte that names the fragment header, the last of the unfragmentable part. An atomic fragment is none (RFC
  /// 6946).
  public var fragment: IPv6FragmentHeader?

  /// Numbers of the headers in a next-header field.
  public enum Number {
    /// Options that each router looks at.
    public static let hopByHop: UInt8 = 0
    /// A list of routers to visit.
    public static let routing: UInt8 = 43
    /// Nothing follows.
    public static let none: UInt8 = 59
    /// Options for whom the packet is for.
    public static let destinationOptions: UInt8 = 60
  }

  /// Why a packet's extension headers stop it from being delivered.
  public enum Problem: Error, Hashable, Sendable {
    /// To be dropped in silence: malformed, too many headers, or an option that wants it so.
    case discard
    /// To be dropped, and answered by a parameter problem that points at a byte of the packet. A packet to a multicast
    /// address is only answered with `answersMulticast`.
    case parameterProblem(ICMPv6Message.ParameterCode, pointer: UInt32, answersMulticast: Bool)
  }
}

extension IPv6ExtensionHeaders {
  /// Follows the headers of `packet`, whose IPv6 header and what comes after it `IPv6Header.parse` gave.
  ///
  /// Options are skipped, or stop the packet, as the high bits of their type say (section 4.2). A routing header that
  /// has no segments left is skipped; one that has stops the packet, since a host doesn't route (section 4.4; RFC 5095
  /// forbids type 0). Hop-by-hop options are only known directly behind the IPv6 header.
  ///
  /// - Throws: `Problem`.
  public static func parse(
    _ packet: RawSpan,
    header: IPv6Header,
    payload: Range<Int>
  ) throws(Problem) -> IPv6ExtensionHeaders {
    precondition(payload.lowerBound >= 0 && payload.upperBound <= packet.byteCount, "a payload outside the packet")
    var chain = IPv6ExtensionHeaders(
      nextHeader: header.nextHeader,
      nextHeaderOffset: 6,
      payload: payload,
      fragment: nil
    )
    for position in 0...maximumCount {
      switch chain.nextHeader {
      case Number.hopByHop:
        guard position == 0 else {
          throw .parameterProblem(
            .unrecognizedNextHeader,
            pointer: UInt32(clamping: chain.nextHeaderOffset),
            answersMulticast: false
          )
        }
        try chain.readOptions(packet)
      case Number.destinationOptions:
        try chain.readOptions(packet)
      case Number.routing:
        try chain.readRouting(packet)
      case IPv6FragmentHeader.protocolNumber:
        if try chain.readFragment(packet) { return chain }
      default:
        return chain
      }
    }
    throw .discard
  }

  /// Where the header at the start of the payload ends: its second byte counts words of eight bytes beyond the first.
  private func headerEnd(_ packet: RawSpan) throws(Problem) -> Int {
    guard payload.count >= 8 else { throw .discard }
    let length = 8 + 8 * Int(packet.byte(payload.lowerBound + 1))
    guard length <= payload.count else { throw .discard }
    return payload.lowerBound + length
  }

  private mutating func skip(_ packet: RawSpan, to end: Int) {
    nextHeaderOffset = payload.lowerBound
    nextHeader = packet.byte(payload.lowerBound)
    payload = end..<payload.upperBound
  }

  private mutating func readOptions(_ packet: RawSpan) throws(Problem) {
    let end = try headerEnd(packet)
    var position = payload.lowerBound + 2
    while position < end {
      let type = packet.byte(position)
      // Pad1 is one byte, without a length.
      if type == 0 {
        position += 1
        continue
      }
      guard end - position >= 2 else { throw .discard }
      let length = 2 + Int(packet.byte(position + 1))
      guard length <= end - position else { throw .discard }
      try Self.check(optionType: type, at: position)
      position += length
    }
    skip(packet, to: end)
  }

  /// Section 4.2: the high two bits of an option that isn't known say what to do. PadN (1) is skipped by its own bits,
  /// and so is the router alert (5).
  private static func check(optionType type: UInt8, at position: Int) throws(Problem) {
    switch type >> 6 {
    case 0: return
    case 1: throw .discard
    case let action:
      throw .parameterProblem(
        .unrecognizedOption,
        pointer: UInt32(clamping: position),
        answersMulticast: action == 2
      )
    }
  }

  private mutating func readRouting(_ packet: RawSpan) throws(Problem) {
    let end = try headerEnd(packet)
    let segmentsLeft = packet.byte(payload.lowerBound + 3)
    guard segmentsLeft == 0 else {
      throw .parameterProblem(
        .erroneousField,
        pointer: UInt32(clamping: payload.lowerBound + 2),
        answersMulticast: false
      )
    }
    skip(packet, to: end)
  }

  /// Reads the fragment header. Returns whether the packet is a fragment, which ends the chain.
  private mutating func readFragment(_ packet: RawSpan) throws(Problem) -> Bool {
    guard payload.count >= IPv6FragmentHeader.length else { throw .discard }
    let header = IPv6FragmentHeader(packet, at: payload.lowerBound)
    let data = payload.lowerBound + IPv6FragmentHeader.length..<payload.upperBound
    guard !header.isAtomic else {
      skip(packet, to: data.lowerBound)
      return false
    }
    // Section 4.5: all but the last fragment are whole words of eight bytes; the fault lies in the payload length.
    guard !header.moreFragments || data.count.isMultiple(of: 8) else {
      throw .parameterProblem(.erroneousField, pointer: 4, answersMulticast: false)
    }
    // Section 4.5: nor may the whole exceed what a payload length can say.
    guard Int(header.offset) + data.count <= IPv6Header.maximumPayloadLength else {
      throw .parameterProblem(
        .erroneousField,
        pointer: UInt32(clamping: payload.lowerBound + 2),
        answersMulticast: false
      )
    }
    nextHeader = header.nextHeader
    payload = data
    fragment = header
    return true
  }
}
