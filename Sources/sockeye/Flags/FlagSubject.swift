/// What a call is about: the place that it speaks to or serves, or what it sums up. Which flags mean something depends
/// on it.
enum FlagSubject: String, CaseIterable {
  case tcp, tls, udp, unix
  case tlsOverUnix = "tls over unix"
  case http, https
  case bareName = "bare name"
  case text, file
  case standardInput = "standard input"

  /// The subject as an error names it.
  var name: String {
    switch self {
    case .tcp: "plain TCP"
    case .tls: "TLS"
    case .udp: "UDP"
    case .unix: "a Unix domain socket"
    case .tlsOverUnix: "TLS over a Unix domain socket"
    case .http: "HTTP"
    case .https: "HTTPS"
    case .bareName: "the bare-name protocol"
    case .text: "text"
    case .file: "a file"
    case .standardInput: "standard input"
    }
  }

  /// The names of several, for the middle of a sentence.
  static func names(_ subjects: Set<FlagSubject>) -> String {
    allCases.filter(subjects.contains).map(\.name).joined(separator: " or ")
  }
}
