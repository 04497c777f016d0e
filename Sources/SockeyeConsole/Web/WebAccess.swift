internal import NIOCore
internal import NIOHTTP1
internal import SockeyeTransport

/// Which requests are answered.
///
/// A page that can open sockets must not be driven by another page. Three things tell them apart: `Host`, which a name that
/// was pointed at this machine (DNS rebinding) can't fake; `Origin`, which no page can; and a cookie that is got for the
/// token in the URL that was printed.
struct WebAccess: Sendable {
  /// What a request is about to do.
  enum Purpose {
    /// It fetches a file of the page, in which nothing is secret.
    case page
    /// It shows the token.
    case exchange
    /// It fetches something that is secret.
    case secret
    /// It changes something, or opens the channel that can.
    case change
  }

  /// Why a request is refused.
  enum Refusal: Equatable {
    case wrongHost
    case foreignOrigin
    case unauthorised

    var status: HTTPResponseStatus {
      switch self {
      case .wrongHost: .misdirectedRequest
      case .foreignOrigin: .forbidden
      case .unauthorised: .unauthorized
      }
    }
  }

  /// What the printed URL has.
  let token = Secret()
  /// What the browser has once it has shown the token.
  let cookie = Secret()

  /// Why a request is refused, if it is.
  ///
  /// - Parameters:
  ///   - head: The request.
  ///   - local: Our end of its connection.
  ///   - purpose: What it is about to do.
  func refusal(of head: HTTPRequestHead, at local: SocketAddress?, for purpose: Purpose) -> Refusal? {
    let hosts = head.headers["host"]
    guard hosts.count == 1, let host = hosts.first?.lowercased(), Self.isOurs(host, local) else { return .wrongHost }
    switch purpose {
    case .page: return nil
    case .exchange: return hasOrigin(host, head) ? nil : .foreignOrigin
    case .change: return hasOrigin(host, head) ? hasCookie(head, local) ? nil : .unauthorised : .foreignOrigin
    case .secret:
      // A browser says where a request comes from; SameSite keeps the cookie from most others already.
      let site = head.headers["sec-fetch-site"]
      guard site.allSatisfy({ $0 == "same-origin" || $0 == "none" }) else { return .foreignOrigin }
      return hasCookie(head, local) ? nil : .unauthorised
    }
  }

  /// The addresses by which a connection's end is called. A name could be anybody's; `localhost` is a browser's own.
  static func isOurs(_ host: String, _ local: SocketAddress?) -> Bool {
    guard let local, let port = local.port, let address = local.ipAddress else { return false }
    let suffix = port == 80 ? "" : ":\(port)"
    var names = [address.contains(":") ? "[\(address)]\(suffix)" : "\(address)\(suffix)"]
    if address.hasPrefix("::ffff:") { names.append("\(address.dropFirst(7))\(suffix)") }
    if address == "::1" || address.hasPrefix("127.") || address.hasPrefix("::ffff:127.") {
      names.append("localhost\(suffix)")
    }
    return names.contains(host)
  }

  private func hasOrigin(_ host: String, _ head: HTTPRequestHead) -> Bool {
    let origins = head.headers["origin"]
    return origins.count == 1 && origins.first?.lowercased() == "http://\(host)"
  }

  // MARK: The cookie

  /// Cookies know no ports: each console of a machine has a name of its own.
  static func cookieName(_ local: SocketAddress?) -> String { "sockeye-console-\(local?.port ?? 0)" }

  /// What sets the cookie.
  func cookieField(_ local: SocketAddress?) -> String {
    "\(Self.cookieName(local))=\(cookie.text); Path=/; HttpOnly; SameSite=Strict"
  }

  private func hasCookie(_ head: HTTPRequestHead, _ local: SocketAddress?) -> Bool {
    let prefix = Self.cookieName(local) + "="
    return head.headers["cookie"].contains { field in
      field.split(separator: ";").contains { pair in
        let pair = pair.drop { $0 == " " }
        return pair.hasPrefix(prefix) && cookie.equals(pair.utf8.dropFirst(prefix.utf8.count))
      }
    }
  }
}
