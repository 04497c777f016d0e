internal import Crypto
internal import Glibc
internal import NIOCore
internal import NIOSSL
internal import SockeyeText
internal import SockeyeTransport
internal import Synchronization

/// The TLS of a client: whom to trust, made when first needed.
final class TLSClient: Sendable {
  private let certificateAuthorities: String?
  private let acceptsAnyCertificate: Bool
  private let fingerprint: SHA256Sum?
  private let context = Mutex<NIOSSLContext?>(nil)

  init(_ options: DownloadOptions) {
    certificateAuthorities = options.certificateAuthorities
    acceptsAnyCertificate = options.acceptsAnyCertificate
    fingerprint = options.certificateFingerprint
  }

  /// A handler that checks for the name of a host, or for its address if it is one; or for a fingerprint and nothing else,
  /// since whoever names one certificate has no need of anybody to vouch for it.
  func handler(for host: String) throws -> NIOSSLClientHandler {
    let context = try self.context.withLock { context in
      if let context { return context }
      var configuration = TLSConfiguration.makeClientConfiguration()
      configuration.applicationProtocols = ["http/1.1"]
      if let file = certificateAuthorities { configuration.trustRoots = .certificates(try Self.certificates(in: file)) }
      if acceptsAnyCertificate { configuration.certificateVerification = .none }
      let made = try NIOSSLContext(configuration: configuration)
      context = made
      return made
    }
    let name = Self.serverName(host)
    guard let fingerprint = self.fingerprint else {
      return try NIOSSLClientHandler(context: context, serverHostname: name)
    }
    return try NIOSSLClientHandler(context: context, serverHostname: name) { chain, promise in
      let isIt = Self.has(fingerprint, try? chain.first?.toDERBytes())
      promise.succeed(isIt ? .certificateVerified : .failed)
    }
  }

  /// Whether a certificate, in DER, has a fingerprint.
  static func has(_ fingerprint: SHA256Sum, _ certificate: [UInt8]?) -> Bool {
    certificate.map { Array(SHA256.hash(data: $0)) } == fingerprint.bytes
  }

  private static func certificates(in file: String) throws(Failure) -> [NIOSSLCertificate] {
    guard let bytes = ArgumentFile.contents(of: file), let found = try? NIOSSLCertificate.fromPEMBytes(bytes),
      !found.isEmpty
    else { throw Failure(.localFile, .cannotReadCertificates(file)) }
    return found
  }

  /// What to put into the handshake. RFC 6066, section 3: an address is no server name.
  static func serverName(_ host: String) -> String? {
    host.contains(":") || (try? SocketAddress(ipAddress: host, port: 0)) != nil ? nil : host
  }
}
