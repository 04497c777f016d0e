import SockeyeDownload
import SockeyeTransport

extension Get: RuledCommand {
  private static let web: Set<FlagSubject> = [.http, .https]

  static let possibleSubjects: Set<FlagSubject> = [.http, .https, .bareName]

  static let flagRules = [
    FlagRule("--output", "-o", when: .without(["--directory", "--recursive"])),
    FlagRule("--directory", "-d"),
    FlagRule("--on-exists", when: .without(["--output=-"])),
    FlagRule("--recursive", when: .on(web)),
    FlagRule("--connections", when: .on(web)),
    FlagRule("--retry"),
    FlagRule("--backoff", when: .without(["--retry=0"])),
    FlagRule("--connect-timeout"),
    FlagRule("--idle"),
    FlagRule("--rate"),
    FlagRule("--checksum", when: .without(["--recursive"])),
    // A server that is asked without encryption can send on to one that is to be asked with it.
    FlagRule("--ca", when: .on(web), .without(["--insecure"])),
    FlagRule("--fingerprint", when: .on(web), .without(["--insecure"])),
    FlagRule("--insecure", when: .on(web)),
    FlagRule("--auth-file", when: .on(web)),
    FlagRule("--trust-server-names", when: .on(web), .without(["--output", "--recursive"])),
    FlagRule("--max-redirects", when: .on(web)),
    FlagRule("--allow-ambiguous", when: .on([.bareName])),
    FlagRule("--encoding", when: .on([.bareName])),
    FlagRule("--progress", when: .without(["--quiet"])),
    FlagRule("--json", when: .without(["--output=-"])),
    FlagRule("--quiet", "-q"),
    FlagRule("-4", when: .without(["-6"])),
    FlagRule("-6"),
    FlagRule("-n"),
    FlagRule("--stack"),
    FlagRule("--language"),
  ]

  func flagSubjects(_ given: GivenFlags) throws -> Set<FlagSubject> {
    var subjects: Set<FlagSubject> = []
    for url in urls {
      switch try DownloadURL(url).scheme {
      case .http: subjects.insert(.http)
      case .https: subjects.insert(.https)
      case .tcp: subjects.insert(.bareName)
      }
    }
    return subjects
  }
}

extension Put: RuledCommand {
  static let possibleSubjects: Set<FlagSubject> = [.http, .https]

  static let flagRules = [
    FlagRule("--recursive"),
    FlagRule("--on-exists"),
    FlagRule("--retry"),
    FlagRule("--backoff", when: .without(["--retry=0"])),
    FlagRule("--connect-timeout"),
    FlagRule("--idle"),
    FlagRule("--rate"),
    FlagRule("--ca", when: .on([.https]), .without(["--insecure"])),
    FlagRule("--fingerprint", when: .on([.https]), .without(["--insecure"])),
    FlagRule("--insecure", when: .on([.https])),
    FlagRule("--auth-file"),
    FlagRule("--progress", when: .without(["--quiet"])),
    FlagRule("--json"),
    FlagRule("--quiet", "-q"),
    FlagRule("-4", when: .without(["-6"])),
    FlagRule("-6"),
    FlagRule("-n"),
    FlagRule("--stack"),
    FlagRule("--language"),
  ]

  func flagSubjects(_ given: GivenFlags) throws -> Set<FlagSubject> {
    guard let url = words.last else { return [] }
    return [try DownloadURL(url).scheme == .https ? .https : .http]
  }
}

extension Serve: RuledCommand {
  static let possibleSubjects: Set<FlagSubject> = [.tcp, .unix]

  static let flagRules = [
    FlagRule("--listen", when: .names([.tcp, .unix]), .without(["--public"])),
    FlagRule("--public"),
    FlagRule("-4", when: .on([.tcp]), .without(["-6"])),
    FlagRule("-6", when: .on([.tcp])),
    FlagRule("-n", when: .on([.tcp])),
    FlagRule("--stack", when: .on([.tcp]), .without(["--workers", "--reuse-port"])),
    FlagRule("--missing"),
    FlagRule("--quiet-time"),
    FlagRule("--tls", when: .without(["--certificate"])),
    FlagRule("--certificate", when: .with(["--key"])),
    FlagRule("--key", when: .with(["--certificate"])),
    FlagRule("--auth-file"),
    FlagRule("--add-user", when: .with(["--auth-file"]), .alone(besides: ["--auth-file", "--language"])),
    FlagRule("--access-log"),
    FlagRule("--log-format", when: .with(["--access-log"])),
    FlagRule("--admin", when: .names([.tcp, .unix])),
    FlagRule("--upload"),
    FlagRule("--quota", when: .with(["--upload"])),
    FlagRule("--allow", when: .on([.tcp])),
    FlagRule("--deny", when: .on([.tcp])),
    FlagRule("--proxy-from", when: .on([.tcp])),
    FlagRule("--rate"),
    FlagRule("--max-clients"),
    FlagRule("--max-per-address", when: .on([.tcp])),
    FlagRule("--request-timeout"),
    FlagRule("--idle-timeout"),
    FlagRule("--stall-timeout"),
    FlagRule("--no-index"),
    FlagRule("--fallback"),
    FlagRule("--path-prefix"),
    FlagRule("--cors"),
    FlagRule("--workers"),
    FlagRule("--reuse-port", when: .on([.tcp])),
    FlagRule("--ready-file"),
    FlagRule("--json"),
    FlagRule("--quiet", "-q"),
    FlagRule("--language"),
  ]

  func flagSubjects(_ given: GivenFlags) throws -> Set<FlagSubject> {
    guard let listen else { return [.tcp] }
    return [FlagSubject(try Endpoint.parse(listen)) == .unix ? .unix : .tcp]
  }
}
