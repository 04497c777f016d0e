import SockeyeText
import SockeyeTransport

/// Why the dialogue before TLS came to nothing, for the place behind the peer's address.
enum StartTLSRefusal: Sentence, Equatable {
  case notOffered
  case refused(_ text: String)
  case notTheProtocol(_ language: StartTLSProtocol, _ text: String)
  case injected
  case outOfTurn
  case authenticated
  case tooLong
  case ended

  /// Whether it declined TLS, or broke the rules.
  var kind: Failure.Kind {
    switch self {
    case .notOffered, .refused: .tls
    case .notTheProtocol, .injected, .outOfTurn, .authenticated, .tooLong: .peerProtocol
    case .ended: .network
    }
  }

  var english: String {
    switch self {
    case .notOffered: "does not offer STARTTLS; somebody on the way may hide it"
    case .refused(let text): "declines TLS: \(text)"
    case .notTheProtocol(let language, let text): "does not speak \(language.rawValue): \(text)"
    case .injected: "sent something in the clear behind its agreement to TLS; somebody may have put it there"
    case .outOfTurn: "answered what was not asked yet; somebody may have put it there"
    case .authenticated: "greets with PREAUTH, after which TLS cannot be asked for; somebody may have put it there"
    case .tooLong: "talks on and on without coming to TLS"
    case .ended: "ended before TLS began"
    }
  }

  var chinese: String {
    switch self {
    case .notOffered: "不提供 STARTTLS；可能有人在途中隐藏了它"
    case .refused(let text): "拒绝使用 TLS：\(text)"
    case .notTheProtocol(let language, let text): "说的不是 \(language.rawValue)：\(text)"
    case .injected: "在同意使用 TLS 之后又发来了未加密的内容；可能是有人插入的"
    case .outOfTurn: "回答了还没有问的问题；可能是有人插入的"
    case .authenticated: "以 PREAUTH 开场，之后无法再要求 TLS；可能是有人插入的"
    case .tooLong: "说个不停，却不开始 TLS"
    case .ended: "在 TLS 开始之前就结束了"
    }
  }
}
