/// An ICMPv6 message (RFC 4443): its first eight bytes as a value; what follows is a range of the packet.
public enum ICMPv6Message: Hashable, Sendable {
  /// The length of what a value stands for, in bytes.
  public static let headerLength = 8
  /// ICMPv6's number in a next-header field.
  public static let protocolNumber: UInt8 = 58

  /// Type 1: the quoted packet did not arrive.
  case destinationUnreachable(UnreachableCode)
  /// Type 2: the quoted packet is larger than the MTU of the next hop.
  case packetTooBig(mtu: UInt32)
  /// Type 3: the quoted packet crossed too many routers (code 0), or was not whole in time (code 1).
  case timeExceeded(code: UInt8)
  /// Type 4: what stands at `pointer` of the quoted packet is wrong.
  case parameterProblem(ParameterCode, pointer: UInt32)
  /// Type 128: asks for the same data back.
  case echoRequest(identifier: UInt16, sequence: UInt16)
  /// Type 129: the answer to an echo request.
  case echoReply(identifier: UInt16, sequence: UInt16)
  /// Any other, with the four bytes that follow the checksum.
  case other(type: UInt8, code: UInt8, rest: UInt32)

  /// Why a destination can't be reached (RFC 4443 section 3.1).
  public struct UnreachableCode: RawRepresentable, Hashable, Sendable {
    /// The code's number.
    public let rawValue: UInt8

    /// The code of that number.
    public init(rawValue: UInt8) {
      self.rawValue = rawValue
    }

    /// No way there.
    public static let noRoute = UnreachableCode(rawValue: 0)
    /// Forbidden by an administrator.
    public static let administrativelyProhibited = UnreachableCode(rawValue: 1)
    /// The source address doesn't reach that far.
    public static let beyondScope = UnreachableCode(rawValue: 2)
    /// No way to the host.
    public static let address = UnreachableCode(rawValue: 3)
    /// Nothing there has the port.
    public static let port = UnreachableCode(rawValue: 4)
  }

  /// What is wrong with a header (RFC 4443 section 3.4, RFC 7112 section 5).
  public struct ParameterCode: RawRepresentable, Hashable, Sendable {
    /// The code's number.
    public let rawValue: UInt8

    /// The code of that number.
    public init(rawValue: UInt8) {
      self.rawValue = rawValue
    }

    /// A field holds a wrong value.
    public static let erroneousField = ParameterCode(rawValue: 0)
    /// A next header that nothing here knows.
    public static let unrecognizedNextHeader = ParameterCode(rawValue: 1)
    /// An option that nothing here knows, and that forbids to skip it.
    public static let unrecognizedOption = ParameterCode(rawValue: 2)
    /// A first fragment that doesn't hold all headers.
    public static let incompleteHeaderChain = ParameterCode(rawValue: 3)
  }

  /// Whether this reports an error, so that it quotes a packet and must never be answered by an error (RFC 4443 section
  /// 2.1 and 2.4).
  public var isError: Bool {
    switch self {
    case .destinationUnreachable, .packetTooBig, .timeExceeded, .parameterProblem: true
    case .other(let type, _, _): type < 128
    case .echoReply, .echoRequest: false
    }
  }
}

extension ICMPv6Message {
  /// Reads the message that is the whole payload of an IPv6 packet from `source` to `destination`. Returns it, and where
  /// in `message` the rest lies: the data of an echo, the quoted packet of an error.
  ///
  /// - Throws: `truncated`, `invalidChecksum`.
  public static func parse(
    _ message: RawSpan,
    from source: IPv6Address,
    to destination: IPv6Address
  ) throws(WireError) -> (message: ICMPv6Message, payload: Range<Int>) {
    guard message.byteCount >= headerLength else { throw .truncated }
    var sum = pseudoHeader(from: source, to: destination, length: message.byteCount)
    sum.add(message)
    guard sum.isValid else { throw .invalidChecksum }
    let code = message.byte(1)
    let rest = message.bigEndian32(4)
    let (first, second) = (message.bigEndian16(4), message.bigEndian16(6))
    let parsed: ICMPv6Message =
      switch message.byte(0) {
      case 1: .destinationUnreachable(UnreachableCode(rawValue: code))
      case 2: .packetTooBig(mtu: rest)
      case 3: .timeExceeded(code: code)
      case 4: .parameterProblem(ParameterCode(rawValue: code), pointer: rest)
      case 128: .echoRequest(identifier: first, sequence: second)
      case 129: .echoReply(identifier: first, sequence: second)
      case let type: .other(type: type, code: code, rest: rest)
      }
    return (parsed, headerLength..<message.byteCount)
  }

  /// Writes the message and the payload that follows it into `bytes` at `offset`, with the checksum of a packet from
  /// `source` to `destination`. Returns the length of both, for which there must be room.
  @discardableResult
  public func emit(
    into bytes: inout MutableRawSpan,
    at offset: Int = 0,
    from source: IPv6Address,
    to destination: IPv6Address,
    payload: RawSpan
  ) -> Int {
    let length = Self.headerLength + payload.byteCount
    precondition(offset >= 0 && length <= bytes.byteCount - offset, "no room for the ICMPv6 message")
    let (type, code, rest) = fields
    bytes.store(type, at: offset)
    bytes.store(code, at: offset + 1)
    bytes.storeBigEndian(UInt16(0), at: offset + 2)
    bytes.storeBigEndian(rest, at: offset + 4)
    bytes.copy(payload, at: offset + Self.headerLength)
    var sum = Self.pseudoHeader(from: source, to: destination, length: length)
    sum.add(bytes, in: offset..<offset + length)
    bytes.storeBigEndian(sum.checksum, at: offset + 2)
    return length
  }

  private static func pseudoHeader(
    from source: IPv6Address,
    to destination: IPv6Address,
    length: Int
  ) -> InternetChecksum {
    InternetChecksum(
      pseudoHeaderFrom: .v6(source),
      to: .v6(destination),
      protocolNumber: protocolNumber,
      length: length
    )
  }

  private var fields: (type: UInt8, code: UInt8, rest: UInt32) {
    switch self {
    case .destinationUnreachable(let code): (1, code.rawValue, 0)
    case .packetTooBig(let mtu): (2, 0, mtu)
    case .timeExceeded(let code): (3, code, 0)
    case .parameterProblem(let code, let pointer): (4, code.rawValue, pointer)
    case .echoRequest(let identifier, let sequence): (128, 0, UInt32(identifier) << 16 | UInt32(sequence))
    case .echoReply(let identifier, let sequence): (129, 0, UInt32(identifier) << 16 | UInt32(sequence))
    case .other(let type, let code, let rest): (type, code, rest)
    }
  }
}
