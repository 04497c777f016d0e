import NIOCore
import NIOSSL
import SockeyeText
import SockeyeTransport

/// How a stream is put inside TLS.
public struct TLSSettings: Sendable {
  /// A file of certificates to trust, in PEM; nothing means those of the system.
  public var authorityFile: String?
  /// Whether the peer's certificate is not looked at.
  public var isInsecure = false
  /// A file with our certificate and those that vouch for it, in PEM.
  public var certificateFile: String?
  /// A file with our private key, in PEM.
  public var keyFile: String?
  /// The oldest version of TLS that is spoken. Those before 1.2 are deprecated (RFC 8996).
  public var oldestVersion = Version.v12
  /// What to offer, or to choose from, by ALPN (RFC 7301), best first; each has 1 to 255 bytes.
  public var applicationProtocols: [String] = []
  /// What is said before TLS begins, when connecting.
  public var startTLS: StartTLSProtocol?
  /// Whether ``ConversationEvent/secured(_:_:)`` is wanted.
  public var reportsHandshake = false

  /// A version of TLS.
  public enum Version: String, Sendable, CaseIterable {
    /// TLS 1.0.
    case v10 = "1.0"
    /// TLS 1.1.
    case v11 = "1.1"
    /// TLS 1.2.
    case v12 = "1.2"
    /// TLS 1.3.
    case v13 = "1.3"

    fileprivate var ofLibrary: TLSVersion {
      switch self {
      case .v10: .tlsv1
      case .v11: .tlsv11
      case .v12: .tlsv12
      case .v13: .tlsv13
      }
    }
  }

  /// The defaults.
  public init() {}

  /// Makes a context for connecting.
  ///
  /// - Throws: A failure of kind `localFile` when a file can't be read.
  func clientContext() throws(Failure) -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    if isInsecure { configuration.certificateVerification = .none }
    try apply(to: &configuration)
    return try context(configuration)
  }

  /// Makes a context for listening.
  ///
  /// - Throws: A failure of kind `usage` when there is no certificate, `localFile` when a file can't be read.
  func serverContext() throws(Failure) -> NIOSSLContext {
    guard let certificateFile else {
      throw Failure(.usage, .needsCertificate)
    }
    let keyFile = self.keyFile ?? certificateFile
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: [],
      privateKey: .privateKey(try privateKey(in: keyFile))
    )
    try apply(to: &configuration)
    if authorityFile != nil, !isInsecure { configuration.certificateVerification = .noHostnameVerification }
    return try context(configuration)
  }

  private func apply(to configuration: inout TLSConfiguration) throws(Failure) {
    configuration.minimumTLSVersion = oldestVersion.ofLibrary
    if let name = applicationProtocols.first(where: { !(1...255).contains($0.utf8.count) }) {
      throw Failure(.usage, .badApplicationProtocol(name))
    }
    configuration.applicationProtocols = applicationProtocols
    if let file = authorityFile {
      configuration.trustRoots = .certificates(try certificates(in: file))
    }
    if let file = certificateFile {
      configuration.certificateChain = try certificates(in: file).map { .certificate($0) }
      configuration.privateKey = .privateKey(try privateKey(in: keyFile ?? file))
    }
  }

  private func privateKey(in file: String) throws(Failure) -> NIOSSLPrivateKey {
    do {
      return try NIOSSLPrivateKey(bytes: ArgumentFile.contents(of: file) ?? [], format: .pem)
    } catch {
      throw Failure(.localFile, .noPrivateKey(file))
    }
  }

  private func certificates(in file: String) throws(Failure) -> [NIOSSLCertificate] {
    let found = (try? NIOSSLCertificate.fromPEMBytes(ArgumentFile.contents(of: file) ?? [])) ?? []
    guard !found.isEmpty else {
      throw Failure(.localFile, .noCertificate(file))
    }
    return found
  }

  private func context(_ configuration: TLSConfiguration) throws(Failure) -> NIOSSLContext {
    do {
      return try NIOSSLContext(configuration: configuration)
    } catch {
      throw Failure(.localFile, .cannotSetUpTLS("\(error)"))
    }
  }
}
