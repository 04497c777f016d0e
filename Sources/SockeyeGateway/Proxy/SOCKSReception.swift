internal import NIOCore
internal import SockeyeTransport
internal import SockeyeWire

/// A client that speaks SOCKS version 5 (RFC 1928), and says who it is (RFC 1929) where that is wanted.
struct SOCKSReception: ProxyReception {
  static let version: UInt8 = 5

  private enum State {
    case choosingMethod
    case authenticating
    case requesting
  }

  private enum Reply {
    static let done: UInt8 = 0
    static let failure: UInt8 = 1
    static let notAllowed: UInt8 = 2
    static let networkUnreachable: UInt8 = 3
    static let hostUnreachable: UInt8 = 4
    static let refused: UInt8 = 5
    static let expired: UInt8 = 6
    static let unknownCommand: UInt8 = 7
    static let unknownAddress: UInt8 = 8
  }

  /// The version of the exchange of a name and a password.
  private static let passwordVersion: UInt8 = 1

  private let wantsUser: Bool
  private var state = State.choosingMethod

  init(wantsUser: Bool) { self.wantsUser = wantsUser }

  var name: String { "socks5" }

  mutating func take(_ buffer: inout ByteBuffer) throws(ReceptionFault) -> ReceptionStep {
    switch state {
    case .choosingMethod: try takeMethods(&buffer)
    case .authenticating: try takePassword(&buffer)
    case .requesting: try takeRequest(&buffer)
    }
  }

  /// RFC 1928, section 3.
  private mutating func takeMethods(_ buffer: inout ByteBuffer) throws(ReceptionFault) -> ReceptionStep {
    var greeting = buffer
    guard let (_, count) = greeting.readMultipleIntegers(as: (UInt8, UInt8).self),
      let methods = greeting.readSlice(length: Int(count))
    else { return .wait }
    buffer = greeting
    let wanted: UInt8 = wantsUser ? 2 : 0
    guard methods.readableBytesView.contains(wanted) else {
      throw ReceptionFault(answer: ByteBuffer(bytes: [Self.version, 0xff]))
    }
    state = wantsUser ? .authenticating : .requesting
    return .send(ByteBuffer(bytes: [Self.version, wanted]))
  }

  /// RFC 1929, section 2.
  private func takePassword(_ buffer: inout ByteBuffer) throws(ReceptionFault) -> ReceptionStep {
    var exchange = buffer
    guard let (version, length) = exchange.readMultipleIntegers(as: (UInt8, UInt8).self) else { return .wait }
    guard version == Self.passwordVersion else { throw wrongPassword }
    guard let user = exchange.readSlice(length: Int(length)), let count = exchange.readInteger(as: UInt8.self),
      let password = exchange.readSlice(length: Int(count))
    else { return .wait }
    buffer = exchange
    return .check(user: String(buffer: user), password: Array(password.readableBytesView))
  }

  private var wrongPassword: ReceptionFault { ReceptionFault(answer: ByteBuffer(bytes: [Self.passwordVersion, 1])) }

  mutating func checked(_ isUser: Bool) throws(ReceptionFault) -> ReceptionStep {
    guard isUser else { throw wrongPassword }
    state = .requesting
    return .send(ByteBuffer(bytes: [Self.passwordVersion, 0]))
  }

  /// RFC 1928, section 4.
  private func takeRequest(_ buffer: inout ByteBuffer) throws(ReceptionFault) -> ReceptionStep {
    var request = buffer
    guard let (version, command, _) = request.readMultipleIntegers(as: (UInt8, UInt8, UInt8).self) else { return .wait }
    guard version == Self.version else { throw fault(Reply.failure) }
    guard let place = try Self.readPlace(from: &request) else { return .wait }
    buffer = request
    switch command {
    case 1:
      guard let destination = place.destination else { throw fault(Reply.hostUnreachable) }
      return .request(.connect(destination))
    // Where datagrams will come from is no destination: most clients don't know, and write zeros.
    case 3: return .request(.associate(port: place.port))
    // Whoever binds a port of ours would serve others from here.
    default: throw fault(Reply.unknownCommand)
    }
  }

  private func fault(_ reply: UInt8) -> ReceptionFault { ReceptionFault(answer: Self.reply(reply, nil)) }

  /// Reads ATYP, an address or a name, and a port (RFC 1928, section 5).
  ///
  /// - Returns: Nil where more has to come; a destination only where it can be one.
  static func readPlace(
    from buffer: inout ByteBuffer
  ) throws(ReceptionFault) -> (destination: ProxyDestination?, port: UInt16)? {
    guard let kind = buffer.readInteger(as: UInt8.self) else { return nil }
    switch kind {
    case 1:
      guard let (address, port) = buffer.readMultipleIntegers(as: (UInt32, UInt16).self) else { return nil }
      return (ProxyDestination(.address(.v4(IPv4Address(rawValue: address))), port: port), port)
    case 3:
      guard let length = buffer.readInteger(as: UInt8.self), let name = buffer.readSlice(length: Int(length)),
        let port = buffer.readInteger(as: UInt16.self)
      else { return nil }
      return (ProxyDestination(String(buffer: name), port: port), port)
    case 4:
      guard let (high, low, port) = buffer.readMultipleIntegers(as: (UInt64, UInt64, UInt16).self) else { return nil }
      return (ProxyDestination(.address(.v6(IPv6Address(high: high, low: low))), port: port), port)
    default: throw ReceptionFault(answer: reply(Reply.unknownAddress, nil))
    }
  }

  /// Writes an address in the form in which it is read.
  static func write(_ address: SocketAddress?, to buffer: inout ByteBuffer) {
    switch address?.addressBytes {
    case let bytes? where bytes.count == 4: buffer.writeBytes([1] + bytes)
    case let bytes?: buffer.writeBytes([4] + bytes)
    case nil: buffer.writeBytes([1, 0, 0, 0, 0])
    }
    buffer.writeInteger(UInt16(clamping: address?.port ?? 0))
  }

  /// RFC 1928, section 6.
  private static func reply(_ code: UInt8, _ address: SocketAddress?) -> ByteBuffer {
    var reply = ByteBuffer(bytes: [version, code, 0])
    write(address, to: &reply)
    return reply
  }

  func answer(to outcome: ProxyOutcome) -> ByteBuffer {
    switch outcome {
    case .done(let address): Self.reply(Reply.done, address)
    case .refused(.tooMany): Self.reply(Reply.failure, nil)
    case .refused, .failed(.prohibited): Self.reply(Reply.notAllowed, nil)
    case .failed(.refused): Self.reply(Reply.refused, nil)
    case .failed(.networkUnreachable): Self.reply(Reply.networkUnreachable, nil)
    case .failed(.hostUnreachable), .failed(.timedOut), .unknownName: Self.reply(Reply.hostUnreachable, nil)
    case .failed(.noRoom), .failed(.other): Self.reply(Reply.failure, nil)
    }
  }
}
