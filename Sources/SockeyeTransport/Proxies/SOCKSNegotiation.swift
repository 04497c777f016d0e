package import NIOCore
import SockeyeText

/// SOCKS version 5 (RFC 1928), with a name and a password if the proxy asks for them (RFC 1929).
///
/// swift-nio-extras has a client for it that knows no passwords.
package struct SOCKSNegotiation: ProxyNegotiation {
  private enum State {
    case choosingMethod
    case authenticating
    case connecting
  }

  private enum Method {
    static let none: UInt8 = 0
    static let password: UInt8 = 2
    static let noneAcceptable: UInt8 = 0xff
  }

  private static let version: UInt8 = 5
  /// The version of the exchange of a name and a password.
  private static let passwordVersion: UInt8 = 1

  private let proxy: ProxyServer
  private let target: ProxyTarget
  private let login: [UInt8]
  private let password: [UInt8]
  private var state = State.choosingMethod

  /// - Throws: A failure of kind `usage` where the host, the name or the password is longer than 255 bytes.
  package init(_ proxy: ProxyServer, to target: ProxyTarget) throws(Failure) {
    self.proxy = proxy
    self.target = target
    login = Array((proxy.login ?? "").utf8)
    password = Array(proxy.password.utf8)
    guard target.host.utf8.count <= 255, login.count <= 255, password.count <= 255 else {
      throw Failure(.usage, .tooLongForSOCKS(proxy))
    }
  }

  /// RFC 1928, section 3.
  package func start() -> ByteBuffer {
    let methods = proxy.login == nil ? [Method.none] : [Method.none, Method.password]
    return ByteBuffer(bytes: [Self.version, UInt8(methods.count)] + methods)
  }

  package mutating func take(_ buffer: inout ByteBuffer) throws(Failure) -> ProxyStep {
    switch state {
    case .choosingMethod: try takeMethod(&buffer)
    case .authenticating: try takeVerdict(&buffer)
    case .connecting: try takeReply(&buffer)
    }
  }

  private mutating func takeMethod(_ buffer: inout ByteBuffer) throws(Failure) -> ProxyStep {
    // What speaks something else may send a single byte, or a line that has to be waited for.
    if let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self), first != Self.version {
      throw Failure(.peerProtocol, .notProxy(proxy))
    }
    guard let (_, method) = buffer.readMultipleIntegers(as: (UInt8, UInt8).self) else { return .wait }
    switch method {
    case Method.none: return connect()
    case Method.password where proxy.login != nil:
      state = .authenticating
      let name = [Self.passwordVersion, UInt8(login.count)] + login
      return .send(ByteBuffer(bytes: name + [UInt8(password.count)] + password))
    case Method.password, Method.noneAcceptable:
      throw Failure(.authentication, proxy.login == nil ? .needsName(proxy) : .refusesName(proxy))
    default: throw Failure(.peerProtocol, .notProxy(proxy))
    }
  }

  /// RFC 1929, section 2.
  private mutating func takeVerdict(_ buffer: inout ByteBuffer) throws(Failure) -> ProxyStep {
    guard let (version, status) = buffer.readMultipleIntegers(as: (UInt8, UInt8).self) else { return .wait }
    // Some proxies answer with SOCKS's version here.
    guard version == Self.passwordVersion || version == Self.version else {
      throw Failure(.peerProtocol, .notProxy(proxy))
    }
    guard status == 0 else { throw Failure(.authentication, .refusesName(proxy)) }
    return connect()
  }

  /// RFC 1928, section 4: an address as one, a name as a name.
  private mutating func connect() -> ProxyStep {
    state = .connecting
    var request = ByteBuffer(bytes: [Self.version, 1, 0])
    switch try? SocketAddress(ipAddress: target.host, port: 0).addressBytes {
    case let address? where address.count == 4: request.writeBytes([1] + address)
    case let address?: request.writeBytes([4] + address)
    case nil: request.writeBytes([3, UInt8(truncatingIfNeeded: target.host.utf8.count)] + target.host.utf8)
    }
    request.writeInteger(target.port)
    return .send(request)
  }

  /// RFC 1928, section 6.
  private func takeReply(_ buffer: inout ByteBuffer) throws(Failure) -> ProxyStep {
    var reply = buffer
    guard let (version, code, _, kind) = reply.readMultipleIntegers(as: (UInt8, UInt8, UInt8, UInt8).self) else {
      return .wait
    }
    guard version == Self.version else { throw Failure(.peerProtocol, .notProxy(proxy)) }
    guard code == 0 else { throw refusal(code) }
    let length: Int
    switch kind {
    case 1: length = 4
    case 4: length = 16
    case 3:
      guard let count = reply.readInteger(as: UInt8.self) else { return .wait }
      length = Int(count)
    default: throw Failure(.peerProtocol, .notProxy(proxy))
    }
    guard reply.readSlice(length: length + 2) != nil else { return .wait }
    buffer = reply
    return .connected
  }

  private func refusal(_ code: UInt8) -> Failure {
    // Rules, commands and kinds of addresses are as they are; what is unreachable may not stay so.
    let isLasting = code == 2 || code == 7 || code == 8
    let reason = SOCKSRefusal(rawValue: code)?.phrase ?? .literal("\(code)")
    return Failure(isLasting ? .serverReported : .network, .fails(proxy, target.name, reason))
  }
}
