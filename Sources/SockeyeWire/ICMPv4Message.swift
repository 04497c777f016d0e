/// An ICMP message (RFC 792): its first eight bytes as a value; what follows is a range of the packet.
public enum ICMPv4Message: Hashable, Sendable {
  /// The length of what a value stands for, in bytes.
  public static let headerLength = 8
  /// ICMP's number in an IPv4 header.
  public static let protocolNumber: UInt8 = 1

  /// Type 0: the answer to an echo request.
  case echoReply(identifier: UInt16, sequence: UInt16)
  /// Type 3: the quoted packet did not arrive; with `fragmentationNeeded`, the MTU of the next hop (RFC 1191), or 0 from
  /// a router that doesn't say.
  case destinationUnreachable(UnreachableCode, mtu: UInt16)
  /// Type 5: a better way for the quoted packet.
  case redirect(code: UInt8, gateway: IPv4Address)
  /// Type 8: asks for the same data back.
  case echoRequest(identifier: UInt16, sequence: UInt16)
  /// Type 11: the quoted packet crossed too many routers (code 0), or was not whole in time (code 1).
  case timeExceeded(code: UInt8)
  /// Type 12: a byte of the quoted packet's header is wrong.
  case parameterProblem(code: UInt8, pointer: UInt8)
  /// Any other, with the four bytes that follow the checksum.
  case other(type: UInt8, code: UInt8, rest: UInt32)

  /// Why a destination can't be reached (RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1).
  public struct UnreachableCode: RawRepresentable, Hashable, Sendable {
    /// The code's number.
    public let rawValue: UInt8

    /// The code of that number.
    public init(rawValue: UInt8) {
      self.rawValue = rawValue
    }

    /// No way to the network.
    public static let network = UnreachableCode(rawValue: 0)
    /// No way to the host.
    public static let host = UnreachableCode(rawValue: 1)
    /// Nothing there speaks the protocol.
    public static let `protocol` = UnreachableCode(rawValue: 2)
    /// Nothing there has the port.
    public static let port = UnreachableCode(rawValue: 3)
    /// Too large for the next hop, and not to be fragmented.
    public static let fragmentationNeeded = UnreachableCode(rawValue: 4)
    /// The source route failed.
    public static let sourceRouteFailed = UnreachableCode(rawValue: 5)
    /// Forbidden by an administrator.
    public static let administrativelyProhibited = UnreachableCode(rawValue: 13)
  }

  /// Whether this reports an error, so that it quotes a packet and must never be answered by an error (RFC 1122 section
  /// 3.2.2).
  public var isError: Bool {
    switch self {
    case .destinationUnreachable, .redirect, .timeExceeded, .parameterProblem: true
    case .other(let type, _, _): type == 4
    case .echoReply, .echoRequest: false
    }
  }
}

extension ICMPv4Message {
  /// Reads the message that is the whole payload of an IPv4 packet. Returns it, and where in `message` the rest lies:
  /// the data of an echo, the quoted packet of an error.
  ///
  /// - Throws: `truncated`, `invalidChecksum`.
  public static func parse(_ message: RawSpan) throws(WireError) -> (message: ICMPv4Message, payload: Range<Int>) {
    guard message.byteCount >= headerLength else { throw .truncated }
    var checksum = InternetChecksum()
    checksum.add(message)
    guard checksum.isValid else { throw .invalidChecksum }
    let code = message.byte(1)
    let (first, second) = (message.bigEndian16(4), message.bigEndian16(6))
    let parsed: ICMPv4Message =
      switch message.byte(0) {
      case 0: .echoReply(identifier: first, sequence: second)
      case 3: .destinationUnreachable(UnreachableCode(rawValue: code), mtu: second)
      case 5: .redirect(code: code, gateway: IPv4Address(rawValue: message.bigEndian32(4)))
      case 8: .echoRequest(identifier: first, sequence: second)
      case 11: .timeExceeded(code: code)
      case 12: .parameterProblem(code: code, pointer: message.byte(4))
      case let type: .other(type: type, code: code, rest: message.bigEndian32(4))
      }
    return (parsed, headerLength..<message.byteCount)
  }

  /// Writes the message and the payload that follows it into `bytes` at `offset`, checksum and all. Returns the length
  /// of both, for which there must be room.
  @discardableResult
  public func emit(into bytes: inout MutableRawSpan, at offset: Int = 0, payload: RawSpan) -> Int {
    let length = Self.headerLength + payload.byteCount
    precondition(offset >= 0 && length <= bytes.byteCount - offset, "no room for the ICMP message")
    let (type, code, rest) = fields
    bytes.store(type, at: offset)
    bytes.store(code, at: offset + 1)
    bytes.storeBigEndian(UInt16(0), at: offset + 2)
    bytes.storeBigEndian(rest, at: offset + 4)
    bytes.copy(payload, at: offset + Self.headerLength)
    var checksum = InternetChecksum()
    checksum.add(bytes, in: offset..<offset + length)
    bytes.storeBigEndian(checksum.checksum, at: offset + 2)
    return length
  }

  private var fields: (type: UInt8, code: UInt8, rest: UInt32) {
    switch self {
    case .echoReply(let identifier, let sequence): (0, 0, UInt32(identifier) << 16 | UInt32(sequence))
    case .destinationUnreachable(let code, let mtu): (3, code.rawValue, UInt32(mtu))
    case .redirect(let code, let gateway): (5, code, gateway.rawValue)
    case .echoRequest(let identifier, let sequence): (8, 0, UInt32(identifier) << 16 | UInt32(sequence))
    case .timeExceeded(let code): (11, code, 0)
    case .parameterProblem(let code, let pointer): (12, code, UInt32(pointer) << 24)
    case .other(let type, let code, let rest): (type, code, rest)
    }
  }
}
