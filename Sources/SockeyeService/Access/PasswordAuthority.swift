import Crypto
import NIOCore
import SockeyeText
import SockeyeTransport
import Synchronization

/// Checks `Authorization` fields (RFC 7617) against a password file.
///
/// A password costs some milliseconds to check, on a thread of its own. One that was right is remembered as a keyed hash,
/// so that the requests after it cost a microsecond. Wrong ones, and unknown users, cost the full time each.
final class PasswordAuthority: Sendable {
  /// What a check comes to.
  enum Verdict: Hashable, Sendable {
    case granted(String)
    case denied
    /// Too many passwords are being checked.
    case busy
  }

  private struct State {
    var known: [[UInt8]: String] = [:]
    var pending = 0
  }

  private let file: PasswordFile
  private let pool: BlockingThreads
  private let key = SymmetricKey(size: .bits256)
  private let state = Mutex(State())

  private static let mostKnown = 4096
  private static let mostPending = 64

  init(_ file: PasswordFile, pool: BlockingThreads) {
    self.file = file
    self.pool = pool
  }

  /// What a user may do, whose password was found right.
  func rules(of user: String) -> AccessRules { file.entries[user]?.rules ?? .usual }

  /// Checks a field, and calls `body` on the worker's event loop, at once if the field is known.
  func check(_ authorization: String?, on worker: ServiceWorker, then body: @escaping (Verdict) -> Void) {
    guard let authorization, let (user, password) = Self.credentials(authorization) else { return body(.denied) }
    let mark = mark(of: authorization)
    let known = self.state.withLock { state -> Verdict? in
      if let user = state.known[mark] { return .granted(user) }
      guard state.pending < Self.mostPending else { return .busy }
      state.pending += 1
      return nil
    }
    if let known { return body(known) }
    pool.run(on: worker.eventLoop) { [self] in
      let isRight = file.isRight(password, of: user)
      self.state.withLock { $0.pending -= 1 }
      if isRight { remember(user, by: mark) }
      return isRight
    }.assumeIsolated().whenComplete { result in
      if case .success(true) = result { body(.granted(user)) } else { body(.denied) }
    }
  }

  /// What a field is known by.
  func mark(of authorization: String) -> [UInt8] {
    Array(HMAC<SHA256>.authenticationCode(for: Array(authorization.utf8), using: key))
  }

  /// Remembers whose field was right.
  func remember(_ user: String, by mark: [UInt8]) {
    self.state.withLock { state in
      if state.known.count >= Self.mostKnown { state.known.removeAll() }
      state.known[mark] = user
    }
  }

  private static func credentials(_ field: String) -> (user: String, password: [UInt8])? {
    let words = field.split(separator: " ", maxSplits: 1)
    guard words.count == 2, words[0].lowercased() == "basic", field.utf8.count <= 1024,
      let bytes = Base64.bytes(words[1]), let colon = bytes.firstIndex(of: UInt8(ascii: ":"))
    else { return nil }
    return (String(decoding: bytes[..<colon], as: UTF8.self), Array(bytes[(colon + 1)...]))
  }
}
