import FoundationEssentials
import Glibc
import NIOSSL
import SockeyeText
import SwiftASN1
import X509

/// What two sides settled on when they shook hands in TLS, and who the peer showed itself to be.
public struct HandshakeFacts: Hashable, Sendable {
  /// A certificate, as far as a person wants to know it.
  public struct Certificate: Hashable, Sendable {
    /// Whom it speaks for, as RFC 4514 writes names: `CN=example.org,O=Example`.
    public var subject: String
    /// Who vouches for it, written alike.
    public var issuer: String
    /// When it begins to be valid, in seconds since 1970.
    public var notBefore: Int64
    /// When it ceases to be valid, in seconds since 1970.
    public var notAfter: Int64

    /// Whole days until it ceases to be valid; fewer than none when it has.
    ///
    /// - Parameter now: Seconds since 1970.
    public func daysLeft(at now: Int64) -> Int64 {
      let (left, overflows) = notAfter.subtractingReportingOverflow(now)
      guard !overflows else { return notAfter < now ? .min / 86_400 : .max / 86_400 }
      return left >= 0 ? left / 86_400 : -((-left + 86_399) / 86_400)
    }
  }

  /// The version of TLS, such as `TLS 1.3`.
  public var version: String
  /// The cipher suite by its registered name, when it is known.
  public var cipher: String?
  /// What ALPN (RFC 7301) settled on, if anything.
  public var applicationProtocol: String?
  /// The certificate that the peer showed, if it showed one, and those that vouch for it, each for the one before.
  public var chain: [Certificate]

  /// Creates facts.
  public init(version: String, cipher: String?, applicationProtocol: String?, chain: [Certificate]) {
    self.version = version
    self.cipher = cipher
    self.applicationProtocol = applicationProtocol
    self.chain = chain
  }
}

extension HandshakeFacts.Certificate {
  /// Reads a certificate; nothing where a field has no meaning.
  ///
  /// The TLS library ends the program over a time that it can't reckon with: what reads here is another, which throws.
  init?(_ certificate: NIOSSLCertificate) {
    guard let bytes = try? certificate.toDERBytes(), let parsed = try? X509.Certificate(derEncoded: bytes),
      let from = Int64(exactly: parsed.notValidBefore.timeIntervalSince1970.rounded()),
      let to = Int64(exactly: parsed.notValidAfter.timeIntervalSince1970.rounded())
    else { return nil }
    subject = "\(parsed.subject)"
    issuer = "\(parsed.issuer)"
    notBefore = from
    notAfter = to
  }
}

extension HandshakeFacts {
  /// A day in UTC, such as `2026-11-27`.
  ///
  /// - Parameter moment: Seconds since 1970.
  public static func day(_ moment: Int64) -> String {
    var moment = time_t(moment)
    var fields = tm()
    gmtime_r(&moment, &fields)
    let padded = { (number: CInt) in number < 10 ? "0\(number)" : "\(number)" }
    return "\(fields.tm_year + 1900)-\(padded(fields.tm_mon + 1))-\(padded(fields.tm_mday))"
  }

  /// Puts certificates in their order: the peer's own, and behind each the one that vouches for it.
  ///
  /// - Parameter others: Those that were looked at besides, in any order.
  static func chain(from own: Certificate, among others: [Certificate]) -> [Certificate] {
    var chain = [own]
    while let last = chain.last, last.subject != last.issuer,
      let next = others.first(where: { $0.subject == last.issuer && !chain.contains($0) })
    {
      chain.append(next)
    }
    return chain
  }
}
