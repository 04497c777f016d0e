import Glibc
import NIOCore
import NIOSSL
import SockeyeText
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
      return Failure(.tls, .certificateOfOther(address))
    case is NIOSSLError, is BoringSSLError: break
    case let error as IOError:
      return Failure(.network, .connectionBroke(address, .literal(error.description)))
    default: return Failure(.other, .conversationWithBroke(address, "\(error)"))
    }
    let text = "\(error)"
    if text.contains("CERTIFICATE_VERIFY_FAILED") {
      return untrusted(peer, certificate: certificate(context.channel.pipeline), now: time(nil))
    }
    if let reason = reasons.first(where: { text.contains($0.code) })?.reason {
      // Whoever breaks off without an alert (RFC 8446, section 6) has refused nothing.
      return Failure(reason == .endedInHandshake ? .network : .tls, .tlsRefused(address, reason))
    }
    let detail = shortened(text)
    return Failure(.tls, isHandshake ? .handshakeFailed(address, detail) : .tlsBroke(address, detail))
  }

  /// A peer broke off without saying that it had said everything (RFC 8446, section 6.1).
  static func cut(_ peer: Peer, hasSpoken: Bool) -> Failure {
    hasSpoken
      ? Failure(.network, .noCloseNotify(peer.address)) : Failure(.tls, .brokeOffAfterHandshake(peer.address))
  }

  /// Why a certificate is not trusted, as far as it says so itself.
  static func untrusted(_ peer: Peer, certificate: (from: time_t, to: time_t)?, now: time_t) -> Failure {
    if let certificate, certificate.to < now {
      return Failure(.tls, .certificateExpired(peer.address, HandshakeFacts.day(Int64(certificate.to))))
    }
    if let certificate, certificate.from > now {
      return Failure(.tls, .certificateNotYetValid(peer.address, HandshakeFacts.day(Int64(certificate.from))))
    }
    return Failure(.tls, .certificateNotTrusted(peer.address))
  }

  /// What the library's codes mean, the alerts of RFC 8446, section 6.2, among them.
  private static let reasons: [(code: String, reason: TLSRefusal)] = [
    ("WRONG_VERSION_NUMBER", .noTLS),
    ("HTTP_REQUEST", .http),
    ("ALERT_CERTIFICATE_REQUIRED", .wantsCertificate),
    ("PEER_DID_NOT_RETURN_A_CERTIFICATE", .showedNoCertificate),
    ("ALERT_UNKNOWN_CA", .unknownAuthority),
    ("ALERT_CERTIFICATE_EXPIRED", .ownExpired),
    ("ALERT_CERTIFICATE_REVOKED", .ownRevoked),
    ("ALERT_CERTIFICATE_UNKNOWN", .ownRefused),
    ("ALERT_UNSUPPORTED_CERTIFICATE", .kindRefused),
    ("ALERT_BAD_CERTIFICATE", .ownRefused),
    ("ALERT_ACCESS_DENIED", .holderRefused),
    ("ALERT_DECRYPT_ERROR", .badSignature),
    ("ALERT_PROTOCOL_VERSION", .otherVersion),
    ("UNSUPPORTED_PROTOCOL", .otherVersion),
    ("NO_SHARED_CIPHER", .noCipher),
    ("HANDSHAKE_FAILURE", .noCommonWay),
    ("UNRECOGNIZED_NAME", .noHost),
    ("EOF during", .endedInHandshake),
    ("DECRYPTION_FAILED_OR_BAD_RECORD_MAC", .undecipherable),
  ]

  /// Whoever does TLS in a pipeline, on either side.
  static func handler(in pipeline: ChannelPipeline) -> NIOSSLHandler? {
    (try? pipeline.syncOperations.handler(type: NIOSSLClientHandler.self))
      ?? (try? pipeline.syncOperations.handler(type: NIOSSLServerHandler.self))
  }

  private static func certificate(_ pipeline: ChannelPipeline) -> (from: time_t, to: time_t)? {
    guard let facts = handler(in: pipeline)?.peerCertificate.flatMap({ HandshakeFacts.Certificate($0) }) else {
      return nil
    }
    return (time_t(facts.notBefore), time_t(facts.notAfter))
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
