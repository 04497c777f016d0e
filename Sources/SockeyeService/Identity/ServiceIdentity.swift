import Crypto
import FoundationEssentials
import NIOCore
public import NIOSSL
import SockeyeText
public import SockeyeTransport
import SwiftASN1
import X509

/// The certificate and key by which a service proves to be itself.
public struct ServiceIdentity: Sendable {
  /// What TLS needs.
  public let configuration: TLSConfiguration
  /// The SHA-256 of the certificate, by which people can compare it: `AB:CD:…`.
  public let fingerprint: String

  /// Reads a certificate chain and its key from PEM files.
  ///
  /// - Throws: A failure of kind `localFile`.
  public init(certificatePath: String, keyPath: String) throws(Failure) {
    let chain: [NIOSSLCertificate]
    let key: NIOSSLPrivateKey
    do {
      chain = try NIOSSLCertificate.fromPEMBytes(ArgumentFile.contents(of: certificatePath) ?? [])
    } catch {
      throw Failure(.localFile, .cannotReadCertificate(certificatePath))
    }
    do {
      key = try NIOSSLPrivateKey(bytes: ArgumentFile.contents(of: keyPath) ?? [], format: .pem)
    } catch {
      throw Failure(.localFile, .cannotReadKey(keyPath))
    }
    guard let first = chain.first, let bytes = try? first.toDERBytes() else {
      throw Failure(.localFile, .noCertificate(certificatePath))
    }
    self.init(chain: chain, key: key, firstInDER: bytes)
  }

  /// Makes a key, and a certificate that nobody but its own key has signed.
  ///
  /// - Parameters:
  ///   - names: Names and addresses that the certificate is to be good for.
  ///   - now: Seconds since 1970.
  /// - Throws: A failure of kind `tls`.
  public static func selfSigned(names: [String], now: Int64) throws(Failure) -> ServiceIdentity {
    try ServiceIdentity(pem: selfSignedPEM(names: names, now: now))
  }

  /// A certificate and its key, in PEM, as ``selfSigned(names:now:)`` makes them.
  static func selfSignedPEM(names: [String], now: Int64) throws(Failure) -> [UInt8] {
    do {
      let key = P256.Signing.PrivateKey()
      let certificate = try certificate(key: key, names: names, now: now)
      return Array("\(try certificate.serializeAsPEM().pemString)\n\(key.pemRepresentation)\n".utf8)
    } catch {
      throw Failure(.tls, .cannotMakeCertificate("\(error)"))
    }
  }

  /// Reads a certificate and its key from one text in PEM.
  ///
  /// - Throws: A failure of kind `tls`.
  init(pem: [UInt8]) throws(Failure) {
    do {
      let chain = try NIOSSLCertificate.fromPEMBytes(pem)
      let key = try NIOSSLPrivateKey(bytes: pem, format: .pem)
      guard let first = chain.first else { throw NIOSSLError.failedToLoadCertificate }
      self.init(chain: chain, key: key, firstInDER: try first.toDERBytes())
      validUntil = Int64(first.notValidAfter)
    } catch {
      throw Failure(.tls, .cannotUseKept("\(error)"))
    }
  }

  /// When a certificate read from one text ends, in seconds since 1970.
  private(set) var validUntil: Int64 = 0

  private init(chain: [NIOSSLCertificate], key: NIOSSLPrivateKey, firstInDER bytes: [UInt8]) {
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) },
      privateKey: .privateKey(key)
    )
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    self.configuration = configuration
    fingerprint = SHA256.hash(data: bytes).map { byte in
      let digits = String(byte, radix: 16, uppercase: true)
      return digits.utf8.count == 1 ? "0" + digits : digits
    }.joined(separator: ":")
  }

  /// Some thirteen months, from an hour ago, for clocks that differ.
  private static func certificate(key: P256.Signing.PrivateKey, names: [String], now: Int64) throws -> Certificate {
    let name = try DistinguishedName { CommonName(names.first ?? "sockeye") }
    let alternatives = names.map { name -> GeneralName in
      guard let address = try? SocketAddress(ipAddress: name, port: 0) else { return .dnsName(name) }
      return .ipAddress(ASN1OctetString(contentBytes: Self.packed(address)[...]))
    }
    let start = Date(timeIntervalSince1970: Double(now) - 3600)
    return try Certificate(
      version: .v3,
      serialNumber: .init(),
      publicKey: .init(key.publicKey),
      notValidBefore: start,
      notValidAfter: start.addingTimeInterval(397 * 86_400),
      issuer: name,
      subject: name,
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage([.serverAuth])
        SubjectAlternativeNames(alternatives)
      },
      issuerPrivateKey: .init(key)
    )
  }

  private static func packed(_ address: SocketAddress) -> [UInt8] {
    let range = address.protocol == .inet ? 4..<8 : 8..<24
    return address.withSockAddr { Array(UnsafeRawBufferPointer(start: $0, count: $1)[range]) }
  }
}
