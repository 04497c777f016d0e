internal import Crypto
internal import SockeyeText
internal import Synchronization

/// Answers to servers that ask for a password without wanting to be told it (RFC 7616): the challenge that each sent last, and
/// how often it has been answered.
final class DigestAuthentication: Sendable {
  private struct Standing {
    var challenge: DigestChallenge
    var answers: UInt32 = 0
  }

  private let standings = Mutex<[DownloadURL.Origin: Standing]>([:])

  /// Takes the challenge of a refusal.
  ///
  /// - Parameter answered: The answer that was refused, if there was one.
  /// - Returns: Whether another answer may fare better: a second one only if the first was too old, not wrong (section 3.3).
  func take(_ values: [String], of origin: DownloadURL.Origin, answered: Bool) -> Bool {
    guard let challenge = DigestChallenge.best(in: values), !answered || challenge.isStale else { return false }
    standings.withLock { $0[origin] = Standing(challenge: challenge) }
    return true
  }

  /// The value of an Authorization field, where the server has sent a challenge.
  func authorization(
    for origin: DownloadURL.Origin,
    _ entry: Credentials.Entry,
    method: String,
    target: String
  ) -> String? {
    let standing = standings.withLock { standings -> Standing? in
      standings[origin]?.answers &+= 1
      return standings[origin]
    }
    guard let standing else { return nil }
    let random = (0..<16).map { _ in UInt8.random(in: 0...255) }
    return standing.challenge.answer(
      entry,
      method: method,
      target: target,
      count: standing.answers,
      clientNonce: Hexadecimal.text(random)
    )
  }
}

/// What a server says that an answer has to be made of.
struct DigestChallenge: Equatable {
  enum Algorithm: String, CaseIterable {
    case md5 = "md5"
    case md5Session = "md5-sess"
    case sha256 = "sha-256"
    case sha256Session = "sha-256-sess"

    var isSession: Bool { self == .md5Session || self == .sha256Session }

    var strength: Int {
      switch self {
      case .md5, .md5Session: 0
      case .sha256, .sha256Session: 1
      }
    }

    /// Its name in an answer.
    var name: String {
      switch self {
      case .md5: "MD5"
      case .md5Session: "MD5-sess"
      case .sha256: "SHA-256"
      case .sha256Session: "SHA-256-sess"
      }
    }

    func hash(_ text: String) -> String {
      switch self {
      case .md5, .md5Session: Hexadecimal.text(Array(Insecure.MD5.hash(data: Array(text.utf8))))
      case .sha256, .sha256Session: Hexadecimal.text(Array(SHA256.hash(data: Array(text.utf8))))
      }
    }
  }

  var realm: String
  var nonce: String
  var opaque: String?
  /// Nothing where the server named none, and takes it for MD5.
  var namedAlgorithm: Algorithm?
  /// Whether the server knows `qop=auth`; one that names no quality of protection is of before RFC 2617.
  var hasQuality: Bool
  var hidesName: Bool
  var isStale: Bool

  /// The strongest of the challenges that can be answered.
  static func best(in values: [String]) -> DigestChallenge? {
    let all = values.flatMap { AuthenticationChallenge.parse($0) }.compactMap { DigestChallenge($0) }
    return all.reduce(nil) { best, next in
      guard let best else { return next }
      return next.algorithm.strength > best.algorithm.strength ? next : best
    }
  }

  private init?(_ challenge: AuthenticationChallenge) {
    guard challenge.scheme == "digest", let realm = challenge.parameters["realm"],
      let nonce = challenge.parameters["nonce"]
    else { return nil }
    if let name = challenge.parameters["algorithm"] {
      guard let algorithm = Algorithm(rawValue: name.lowercased()) else { return nil }
      namedAlgorithm = algorithm
    }
    let qualities = challenge.parameters["qop"]?.lowercased().split { $0 == "," || $0 == " " }
    guard qualities == nil || qualities?.contains("auth") == true else { return nil }
    hasQuality = qualities != nil
    self.realm = realm
    self.nonce = nonce
    opaque = challenge.parameters["opaque"]
    hidesName = challenge.parameters["userhash"]?.lowercased() == "true"
    isStale = challenge.parameters["stale"]?.lowercased() == "true"
  }

  var algorithm: Algorithm { namedAlgorithm ?? .md5 }

  /// The value of the Authorization field (RFC 7616, section 3.4).
  func answer(
    _ entry: Credentials.Entry,
    method: String,
    target: String,
    count: UInt32,
    clientNonce: String
  ) -> String {
    let digits = String(count, radix: 16)
    let nonceCount = String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    var secret = algorithm.hash("\(entry.login):\(realm):\(entry.password)")
    if algorithm.isSession { secret = algorithm.hash("\(secret):\(nonce):\(clientNonce)") }
    let request = algorithm.hash("\(method):\(target)")
    let response =
      hasQuality
      ? algorithm.hash("\(secret):\(nonce):\(nonceCount):\(clientNonce):auth:\(request)")
      : algorithm.hash("\(secret):\(nonce):\(request)")
    let name = hidesName ? algorithm.hash("\(entry.login):\(realm)") : entry.login
    var parameters = [
      "username=\(Self.quoted(name))", "realm=\(Self.quoted(realm))", "nonce=\(Self.quoted(nonce))",
      "uri=\(Self.quoted(target))", "response=\"\(response)\"",
    ]
    if let namedAlgorithm { parameters.append("algorithm=\(namedAlgorithm.name)") }
    if hasQuality || algorithm.isSession { parameters.append("cnonce=\"\(clientNonce)\"") }
    if hasQuality { parameters += ["qop=auth", "nc=\(nonceCount)"] }
    if let opaque { parameters.append("opaque=\(Self.quoted(opaque))") }
    if hidesName { parameters.append("userhash=true") }
    return "Digest " + parameters.joined(separator: ", ")
  }

  private static func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }
}
