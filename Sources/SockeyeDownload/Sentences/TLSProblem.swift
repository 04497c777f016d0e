import SockeyeText

/// Why a TLS connection didn't come about.
enum TLSProblem: Sentence {
  case untrusted(host: String)
  case noTLS
  case otherVersion
  case noCommonCipher
  case wantsCertificate
  case unknownName(host: String)
  case unnamed
  case other(String)

  /// - Parameters:
  ///   - reason: BoringSSL's name for what went wrong; empty where it has none.
  ///   - host: The host that was asked.
  init(_ reason: Substring, host: String) {
    switch reason {
    case "CERTIFICATE_VERIFY_FAILED": self = .untrusted(host: host)
    case "WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST": self = .noTLS
    case "UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION": self = .otherVersion
    case "SSLV3_ALERT_HANDSHAKE_FAILURE", "NO_SHARED_CIPHER": self = .noCommonCipher
    case "TLSV1_ALERT_CERTIFICATE_REQUIRED", "TLSV1_CERTIFICATE_REQUIRED", "SSLV3_ALERT_NO_CERTIFICATE":
      self = .wantsCertificate
    case "TLSV1_UNRECOGNIZED_NAME": self = .unknownName(host: host)
    case "": self = .unnamed
    default: self = .other(reason.lowercased().split(separator: "_").joined(separator: " "))
    }
  }

  var english: String {
    switch self {
    case .untrusted(let host):
      "the certificate is not one to trust for \(host); --ca or --fingerprint says which one is"
    case .noTLS: "the server doesn't speak TLS; is it an http:// one?"
    case .otherVersion: "the server speaks no version of TLS that we do (1.2 and 1.3); it is too old"
    case .noCommonCipher:
      "the server refuses the TLS handshake: it has no cipher in common with us, or wants a certificate of ours"
    case .wantsCertificate: "the server wants a certificate of ours"
    case .unknownName(let host): "the server doesn't know the name \(host); check it"
    case .unnamed: "the TLS connection could not be made"
    case .other(let reason): "the TLS connection could not be made: \(reason)"
    }
  }

  var chinese: String {
    switch self {
    case .untrusted(let host): "对 \(host) 来说，这个证书不可信；用 --ca 或 --fingerprint 指明哪个可信"
    case .noTLS: "服务器不说 TLS；它是 http:// 的吗？"
    case .otherVersion: "服务器所说的 TLS 版本我方都不说（1.2 和 1.3）；它太旧了"
    case .noCommonCipher: "服务器拒绝 TLS 握手：它与我方没有共同的加密算法，或者要求我方的证书"
    case .wantsCertificate: "服务器要求我方的证书"
    case .unknownName(let host): "服务器不认识名字 \(host)；请检查"
    case .unnamed: "无法建立 TLS 连接"
    case .other(let reason): "无法建立 TLS 连接：\(reason)"
    }
  }
}
