import Glibc
import NIOCore
import NIOSSL
import SockeyeTransport

/// What went wrong with TLS, in words that a person can act on instead of the library's.
enum TLSFailure {
  /// What an error of a stream means.
  static func of(
    _ error: any Error,
    with peer: Peer,
    over context: ChannelHandlerContext,
    isHandshake: Bool
  ) -> Failure {
    let address = peer.address
    switch error {
    case let failure as Failure: return failure
    case is NIOSSLExtraError:
      return Failure(.tls, "the certificate of \(address) is for another name; use that name, or --insecure")
    case is NIOSSLError, is BoringSSLError: break
    case let error as IOError:
      return Failure(.network, "the connection to \(address) broke: \(error.description)")
    default: return Failure(.other, "the conversation with \(address) broke: \(error)")
    }
    let text = "\(error)"
    if text.contains("CERTIFICATE_VERIFY_FAILED") {
      return untrusted(peer, certificate: certificate(context.channel.pipeline), now: time(nil))
    }
    if let reason = reasons.first(where: { text.contains($0.code) }) {
      return Failure(.tls, "\(address) \(reason.meaning)")
    }
    let what = isHandshake ? "the TLS handshake with \(address) failed" : "TLS with \(address) broke"
    return Failure(.tls, "\(what): \(shortened(text)); does it speak TLS?")
  }

  /// A peer broke off without saying that it had said everything (RFC 8446, section 6.1).
  static func cut(_ peer: Peer, hasSpoken: Bool) -> Failure {
    if hasSpoken {
      let text = "\(peer.address) ended without TLS close_notify; what it said may be cut short"
      return Failure(.network, text)
    }
    let text =
      "\(peer.address) broke off right after the TLS handshake, without a word; "
      + "it may want another certificate (--certificate, --key)"
    return Failure(.tls, text)
  }

  /// Why a certificate is not trusted, as far as it says so itself.
  static func untrusted(_ peer: Peer, certificate: (from: time_t, to: time_t)?, now: time_t) -> Failure {
    if let certificate, certificate.to < now {
      let text = "the certificate of \(peer.address) expired on \(date(certificate.to)); renew it, or --insecure"
      return Failure(.tls, text)
    }
    if let certificate, certificate.from > now {
      return Failure(
        .tls,
        "the certificate of \(peer.address) is not valid before \(date(certificate.from)); check this machine's clock"
      )
    }
    return Failure(
      .tls,
      "the certificate of \(peer.address) is not trusted; give --ca FILE, or --insecure to go without"
    )
  }

  /// What the library's codes mean, the alerts of RFC 8446, section 6.2, among them.
  private static let reasons: [(code: String, meaning: String)] = [
    ("WRONG_VERSION_NUMBER", "does not speak TLS; leave --tls out, or check the port"),
    ("HTTP_REQUEST", "speaks HTTP where TLS was expected; check the port"),
    ("ALERT_CERTIFICATE_REQUIRED", "asks for a certificate of ours; give --certificate FILE and --key FILE"),
    ("PEER_DID_NOT_RETURN_A_CERTIFICATE", "showed no certificate, and --ca asks for one"),
    ("ALERT_UNKNOWN_CA", "does not trust our certificate; it knows nobody who vouches for it"),
    ("ALERT_CERTIFICATE_EXPIRED", "says that our certificate has expired; renew it"),
    ("ALERT_CERTIFICATE_REVOKED", "says that our certificate is revoked; use another"),
    ("ALERT_CERTIFICATE_UNKNOWN", "does not accept our certificate"),
    ("ALERT_UNSUPPORTED_CERTIFICATE", "does not accept certificates of that kind"),
    ("ALERT_BAD_CERTIFICATE", "does not accept our certificate"),
    ("ALERT_ACCESS_DENIED", "does not admit the holder of our certificate"),
    ("ALERT_DECRYPT_ERROR", "could not check our signature; do the certificate and the key belong together?"),
    ("ALERT_PROTOCOL_VERSION", "speaks another version of TLS only"),
    ("UNSUPPORTED_PROTOCOL", "speaks another version of TLS only"),
    ("NO_SHARED_CIPHER", "shares no cipher with this side"),
    ("HANDSHAKE_FAILURE", "found no way to speak TLS that both sides know"),
    ("UNRECOGNIZED_NAME", "serves no host of that name"),
    ("EOF during handshake", "ended in the middle of the TLS handshake; does it speak TLS?"),
    ("DECRYPTION_FAILED_OR_BAD_RECORD_MAC", "sent what cannot be decrypted: it was changed on the way"),
  ]

  private static func certificate(_ pipeline: ChannelPipeline) -> (from: time_t, to: time_t)? {
    let handler: NIOSSLHandler? =
      (try? pipeline.syncOperations.handler(type: NIOSSLClientHandler.self))
      ?? (try? pipeline.syncOperations.handler(type: NIOSSLServerHandler.self))
    guard let certificate = handler?.peerCertificate else { return nil }
    return (certificate.notValidBefore, certificate.notValidAfter)
  }

  private static func date(_ moment: time_t) -> String {
    var moment = moment
    var fields = tm()
    gmtime_r(&moment, &fields)
    let padded = { (number: CInt) in number < 10 ? "0\(number)" : "\(number)" }
    return "\(fields.tm_year + 1900)-\(padded(fields.tm_mon + 1))-\(padded(fields.tm_mday))"
  }

  /// The reason in the library's text, which goes on with file names.
  private static func shortened(_ text: String) -> String {
    // As in `error:1000042e:SSL routines:OPENSSL_internal:TLSV1_ALERT_PROTOCOL_VERSION at /…/tls_record.cc:570`.
    let words = text.split { $0 == ":" || $0 == " " || $0 == "]" || $0 == ")" }
    let reason = words.last { $0.contains("_") && $0.allSatisfy { $0.isUppercase || $0.isNumber || $0 == "_" } }
    guard let reason else { return "the TLS library gives no reason" }
    return reason.lowercased().split(separator: "_").joined(separator: " ")
  }
}
