import SockeyeText

/// What a peer does when TLS with it comes to nothing, for the place behind its address.
enum TLSRefusal: Sentence {
  case noTLS, http, wantsCertificate, showedNoCertificate, unknownAuthority, ownExpired,
    ownRevoked, ownRefused, kindRefused, holderRefused, badSignature, otherVersion,
    noCipher, noCommonWay, noHost, endedInHandshake, undecipherable

  var english: String {
    switch self {
    case .noTLS: "does not speak TLS; leave --tls out, or check the port"
    case .http: "speaks HTTP where TLS was expected; check the port"
    case .wantsCertificate: "asks for a certificate of ours; give --certificate FILE and --key FILE"
    case .showedNoCertificate: "showed no certificate, and --ca asks for one"
    case .unknownAuthority: "does not trust our certificate; it knows nobody who vouches for it"
    case .ownExpired: "says that our certificate has expired; renew it"
    case .ownRevoked: "says that our certificate is revoked; use another"
    case .ownRefused: "does not accept our certificate"
    case .kindRefused: "does not accept certificates of that kind"
    case .holderRefused: "does not admit the holder of our certificate"
    case .badSignature: "could not check our signature; do the certificate and the key belong together?"
    case .otherVersion: "speaks another version of TLS only"
    case .noCipher: "shares no cipher with this side"
    case .noCommonWay: "found no way to speak TLS that both sides know"
    case .noHost: "serves no host of that name"
    case .endedInHandshake: "ended in the middle of the TLS handshake; does it speak TLS?"
    case .undecipherable: "sent what cannot be decrypted: it was changed on the way"
    }
  }

  var chinese: String {
    switch self {
    case .noTLS: "不说 TLS；请去掉 --tls，或检查端口"
    case .http: "在应该说 TLS 的地方说 HTTP；请检查端口"
    case .wantsCertificate: "要求我方的证书；请给出 --certificate FILE 和 --key FILE"
    case .showedNoCertificate: "没有出示证书，而 --ca 要求证书"
    case .unknownAuthority: "不信任我方的证书；它不认识为其作保的机构"
    case .ownExpired: "说我方的证书已经过期；请更新它"
    case .ownRevoked: "说我方的证书已被吊销；请用另一个"
    case .ownRefused: "不接受我方的证书"
    case .kindRefused: "不接受这种证书"
    case .holderRefused: "不接纳我方证书的持有者"
    case .badSignature: "无法验证我方的签名；证书和私钥是一对吗？"
    case .otherVersion: "只说另一个版本的 TLS"
    case .noCipher: "与我方没有共同的加密算法"
    case .noCommonWay: "找不到双方都会的 TLS 方式"
    case .noHost: "没有那个名字的主机"
    case .endedInHandshake: "在 TLS 握手的中间结束了；它说 TLS 吗？"
    case .undecipherable: "发来的内容无法解密：它在途中被改动了"
    }
  }
}
