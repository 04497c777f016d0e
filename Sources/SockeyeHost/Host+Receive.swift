public import SockeyeTCP
internal import SockeyeWire

/// What surrounds a transport's segment or datagram.
struct Arrival {
  var source: IPAddress
  var destination: IPAddress
  var codepoint: ECNCodepoint
  /// The packet was for all hosts of a link or for a group.
  var isForMany: Bool
  /// The transport's checksum needn't be verified.
  var checksumIsValid: Bool
  /// How many segments were coalesced into the packet.
  var segmentCount: Int
  /// What was left of its time to live, or hop limit.
  var hopLimit: UInt8 = 0
  /// Where the IPv6 byte stands that names the transport.
  var nextHeaderOffset = 6
}

extension Host where Storage: ~Copyable {
  /// Takes in a packet from the link.
  ///
  /// - Parameters:
  ///   - packet: a bare IP packet, perhaps with a link's padding behind it.
  ///   - checksumsAreValid: whether the link has verified the transport's checksum, or it never left the machine.
  ///   - segmentCount: how many TCP segments the link has coalesced into the packet.
  ///   - time: when it arrived.
  @specialized(where Storage == ByteRing)
  public mutating func receive(
    _ packet: RawSpan,
    checksumsAreValid: Bool = false,
    segmentCount: Int = 1,
    at time: Instant
  ) {
    now = max(now, time)
    receive(packet, isLooped: false, checksumsAreValid: checksumsAreValid, segmentCount: segmentCount)
  }

  mutating func receive(_ packet: RawSpan, isLooped: Bool, checksumsAreValid: Bool, segmentCount: Int) {
    statistics.packetsReceived += 1
    guard packet.byteCount > 0 else {
      statistics.malformed += 1
      return
    }
    if packet[0] >> 4 == 6 {
      receiveIPv6(packet, isLooped: isLooped, checksumsAreValid: checksumsAreValid, segmentCount: segmentCount)
    } else {
      receiveIPv4(packet, isLooped: isLooped, checksumsAreValid: checksumsAreValid, segmentCount: segmentCount)
    }
  }

  /// Whether a packet between these addresses may be taken in: for this host, and from where packets can come from
  /// (RFC 1122 section 3.2.1.3, RFC 4291 section 2.7). A packet that claims to be from the host itself is a land attack,
  /// unless it never left it.
  private func admits(_ source: IPAddress, _ destination: IPAddress, isForMany: Bool, isLooped: Bool) -> Bool {
    guard isForMany || routes.isLocal(destination) || answers(for: destination, to: source) else { return false }
    guard !source.isMulticast, !routes.isBroadcast(source) else { return false }
    if isLooped { return true }
    return !source.isUnspecified && !routes.isLocal(source) && !destination.isLoopback
  }

  /// Whether this host answers for an address that isn't its own, asked for from its link. What claims to come from elsewhere has no way back (RFC 2827).
  private func answers(for destination: IPAddress, to source: IPAddress) -> Bool {
    routes.isOnLink(source) && standsFor(destination)
  }

  mutating func receiveIPv4(
    _ packet: RawSpan,
    isLooped: Bool,
    checksumsAreValid: Bool,
    segmentCount: Int
  ) {
    guard let (header, payload) = try? IPv4Header.parse(packet) else {
      statistics.malformed += 1
      return
    }
    let (source, destination) = (IPAddress.v4(header.source), IPAddress.v4(header.destination))
    let isForMany = destination.isMulticast || routes.isBroadcast(destination)
    guard admits(source, destination, isForMany: isForMany, isLooped: isLooped), !Self.hasSourceRoute(header.options)
    else {
      statistics.misaddressed += 1
      return
    }
    let arrival = Arrival(
      source: source,
      destination: destination,
      codepoint: ECNCodepoint(bits: header.trafficClass),
      isForMany: isForMany,
      checksumIsValid: checksumsAreValid,
      segmentCount: segmentCount,
      hopLimit: header.timeToLive
    )
    guard header.isFragment else {
      deliver(packet, payload, protocolNumber: header.protocolNumber, arrival)
      return
    }
    let fragment = FragmentReassembly.Fragment(
      offset: Int(header.fragmentOffset),
      moreFollow: header.moreFragments,
      protocolNumber: header.protocolNumber,
      codepoint: arrival.codepoint
    )
    let key = FragmentReassembly.Key(
      source: source,
      destination: destination,
      identification: UInt32(header.identification),
      protocolNumber: header.protocolNumber
    )
    guard let whole = assemble(fragment, key, packet, payload),
      let packet = Self.joinIPv4(whole)
    else { return }
    receiveIPv4(packet.span.bytes, isLooped: isLooped, checksumsAreValid: false, segmentCount: 1)
  }

  /// A host that doesn't route has no use for source routes, and attackers do (RFC 6274 section 3.13.2.3). Options that
  /// can't be read are none.
  private static func hasSourceRoute(_ options: IPv4Options) -> Bool {
    guard !options.isEmpty else { return false }
    var position = 0
    while let option = try? options.next(after: &position) {
      if option.kind == IPv4Options.Kind.looseSourceRoute || option.kind == IPv4Options.Kind.strictSourceRoute {
        return true
      }
    }
    return false
  }

  mutating func receiveIPv6(
    _ packet: RawSpan,
    isLooped: Bool,
    checksumsAreValid: Bool,
    segmentCount: Int,
    wasFragmented: Bool = false
  ) {
    guard let (header, payload) = try? IPv6Header.parse(packet) else {
      statistics.malformed += 1
      return
    }
    let (source, destination) = (IPAddress.v6(header.source), IPAddress.v6(header.destination))
    // An IPv4-mapped address has no business on the wire (RFC 4038 section 4.2): it would pass for an IPv4 peer's.
    guard admits(source, destination, isForMany: destination.isMulticast, isLooped: isLooped),
      header.source.mapped == nil, header.destination.mapped == nil
    else {
      statistics.misaddressed += 1
      return
    }
    var arrival = Arrival(
      source: source,
      destination: destination,
      codepoint: ECNCodepoint(bits: header.trafficClass),
      isForMany: destination.isMulticast,
      checksumIsValid: checksumsAreValid,
      segmentCount: segmentCount,
      hopLimit: header.hopLimit
    )
    let headers: IPv6ExtensionHeaders
    do throws(IPv6ExtensionHeaders.Problem) {
      headers = try IPv6ExtensionHeaders.parse(packet, header: header, payload: payload)
    } catch {
      statistics.malformed += 1
      if case .parameterProblem(let code, let pointer, let answersMulticast) = error {
        answersMulticast
          ? reportErrorEvenIfForMany(.parameterProblem(code, pointer: pointer), about: packet, arrival)
          : reportError(.parameterProblem(code, pointer: pointer), about: packet, arrival)
      }
      return
    }
    arrival.nextHeaderOffset = headers.nextHeaderOffset
    guard let fragment = headers.fragment else {
      deliver(packet, headers.payload, protocolNumber: headers.nextHeader, arrival)
      return
    }
    guard !wasFragmented else {
      // A fragment in a fragment is in no packet that anybody sends.
      statistics.malformed += 1
      return
    }
    if fragment.offset == 0, !IPv6ExtensionHeaders.holdsWholeChain(packet, fragment, payload: headers.payload) {
      statistics.malformed += 1
      reportError(.parameterProblem(.incompleteHeaderChain, pointer: 0), about: packet, arrival)
      return
    }
    let piece = FragmentReassembly.Fragment(
      offset: Int(fragment.offset),
      moreFollow: fragment.moreFragments,
      protocolNumber: fragment.nextHeader,
      nextHeaderOffset: headers.nextHeaderOffset,
      codepoint: arrival.codepoint
    )
    // Which protocol the whole is for doesn't tell packets apart (RFC 8200 section 4.5).
    let key = FragmentReassembly.Key(
      source: source,
      destination: destination,
      identification: fragment.identification,
      protocolNumber: 0
    )
    guard let whole = assemble(piece, key, packet, headers.payload),
      let packet = Self.joinIPv6(whole)
    else { return }
    receiveIPv6(packet.span.bytes, isLooped: isLooped, checksumsAreValid: false, segmentCount: 1, wasFragmented: true)
  }

  private mutating func deliver(
    _ packet: RawSpan,
    _ payload: Range<Int>,
    protocolNumber: UInt8,
    _ arrival: Arrival
  ) {
    switch protocolNumber {
    case TCPHeader.protocolNumber:
      guard verifies(packet, payload, protocolNumber: protocolNumber, arrival) else { return }
      receiveTCP(packet.extracting(payload), arrival)
    case UDPHeader.protocolNumber:
      receiveUDP(packet, payload, arrival)
    case ICMPv4Message.protocolNumber where arrival.destination.isIPv4:
      receiveICMPv4(packet.extracting(payload), arrival)
    case ICMPv6Message.protocolNumber where !arrival.destination.isIPv4:
      receiveICMPv6(packet.extracting(payload), arrival)
    case IPv6ExtensionHeaders.Number.none where !arrival.destination.isIPv4:
      return
    default:
      if arrival.destination.isIPv4 {
        reportError(.destinationUnreachable(.protocol, mtu: 0), about: packet, arrival)
      } else {
        let pointer = UInt32(clamping: arrival.nextHeaderOffset)
        reportError(.parameterProblem(.unrecognizedNextHeader, pointer: pointer), about: packet, arrival)
      }
    }
  }

  /// Whether the checksum of a TCP segment or UDP datagram is right (RFC 9293 section 3.1, MUST-3).
  mutating func verifies(
    _ packet: RawSpan,
    _ payload: Range<Int>,
    protocolNumber: UInt8,
    _ arrival: Arrival
  ) -> Bool {
    if arrival.checksumIsValid { return true }
    var sum = InternetChecksum(
      pseudoHeaderFrom: arrival.source,
      to: arrival.destination,
      protocolNumber: protocolNumber,
      length: payload.count
    )
    sum.add(packet, in: payload)
    if !sum.isValid { statistics.malformed += 1 }
    return sum.isValid
  }
}
