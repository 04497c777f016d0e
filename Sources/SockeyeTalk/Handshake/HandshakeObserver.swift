import NIOCore
import NIOSSL

/// Looks on at a handshake from between the network and TLS, and tells what came of it. It changes nothing.
final class HandshakeObserver: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer

  private let isClient: Bool
  private let verification: Verification
  private var hello = ServerHelloReader()

  /// The certificates that the verification of the peer's goes through.
  private final class Verification {
    var seen: [NIOSSLCertificate] = []
    /// A chain is as long as the peer likes.
    static let most = 16

    func see(_ certificate: NIOSSLCertificate) {
      if seen.count < Self.most, !seen.contains(certificate) { seen.append(certificate) }
    }
  }

  private init(isClient: Bool, _ verification: Verification) {
    self.isClient = isClient
    self.verification = verification
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if isClient { hello.take(unwrapInboundIn(data).readableBytesView) }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if !isClient { hello.take(unwrapOutboundIn(data).readableBytesView) }
    context.write(data, promise: promise)
  }

  /// What the handshake came to.
  ///
  /// - Parameter agreed: What ALPN settled on.
  func facts(_ handler: NIOSSLHandler, agreed: String?) -> HandshakeFacts {
    let own = handler.peerCertificate.flatMap { HandshakeFacts.Certificate($0) }
    let others = verification.seen.compactMap { HandshakeFacts.Certificate($0) }
    return HandshakeFacts(
      version: handler.tlsVersion.map(Self.name) ?? "TLS",
      cipher: hello.suite.map(CipherSuite.name),
      applicationProtocol: agreed,
      chain: own.map { HandshakeFacts.chain(from: $0, among: others) } ?? []
    )
  }

  private static func name(_ version: TLSVersion) -> String {
    switch version {
    case .tlsv1: "TLS 1.0"
    case .tlsv11: "TLS 1.1"
    case .tlsv12: "TLS 1.2"
    case .tlsv13: "TLS 1.3"
    }
  }
}

// MARK: Making the handlers

extension HandshakeObserver {
  /// TLS with an observer before it.
  ///
  /// - Parameter isInsecure: Whether nothing depends on what the verification finds, so that it may go on past what it finds.
  static func client(
    _ context: NIOSSLContext,
    host: String?,
    isInsecure: Bool
  ) throws -> (HandshakeObserver, NIOSSLClientHandler) {
    let verification = Verification()
    let maker: any WatchedHandlers.Type = Watching.self
    let handler = try maker.client(context, host) { result, certificate in
      verification.see(certificate)
      return isInsecure ? .certificateVerified : result
    }
    return (HandshakeObserver(isClient: true, verification), handler)
  }

  static func server(_ context: NIOSSLContext) throws -> (HandshakeObserver, NIOSSLServerHandler) {
    let verification = Verification()
    let maker: any WatchedHandlers.Type = Watching.self
    let handler = try maker.server(context) { result, certificate in
      verification.see(certificate)
      return result
    }
    return (HandshakeObserver(isClient: false, verification), handler)
  }
}

/// The library's handlers with a callback that looks on at its own verification.
///
/// They are deprecated in favour of callbacks that have to verify in the library's place, which nobody wants who only wants to
/// see. Through a protocol they are called without a warning.
private protocol WatchedHandlers {
  static func client(
    _ context: NIOSSLContext,
    _ host: String?,
    _ callback: @escaping NIOSSLVerificationCallback
  ) throws -> NIOSSLClientHandler
  static func server(
    _ context: NIOSSLContext,
    _ callback: @escaping NIOSSLVerificationCallback
  ) throws -> NIOSSLServerHandler
}

private enum Watching: WatchedHandlers {
  @available(*, deprecated)
  static func client(
    _ context: NIOSSLContext,
    _ host: String?,
    _ callback: @escaping NIOSSLVerificationCallback
  ) throws -> NIOSSLClientHandler {
    try NIOSSLClientHandler(context: context, serverHostname: host, verificationCallback: callback)
  }

  @available(*, deprecated)
  static func server(
    _ context: NIOSSLContext,
    _ callback: @escaping NIOSSLVerificationCallback
  ) throws -> NIOSSLServerHandler {
    try NIOSSLServerHandler(context: context, verificationCallback: callback)
  }
}
