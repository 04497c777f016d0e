import SockeyeDownload
import SockeyeTransport

extension FlagRule {
  /// Who `get` and `put` are to servers, and through whom they reach them.
  fileprivate static let wayToServers: [FlagRule] = [
    FlagRule("--header", "-H", when: .on(web)),
    FlagRule("--auth-file", when: .on(web), .without(["--netrc", "--netrc-file", "--bearer-file"])),
    FlagRule("--netrc", when: .on(web), .without(["--netrc-file", "--bearer-file"])),
    FlagRule("--netrc-file", when: .on(web), .without(["--bearer-file"])),
    FlagRule("--digest", when: .on(web), .with(["--auth-file", "--netrc", "--netrc-file"])),
    FlagRule("--bearer-file", when: .on(web)),
    FlagRule("--proxy"),
    FlagRule("--no-proxy"),
    FlagRule("--proxy-auth-file"),
  ]

  private static let web: Set<FlagSubject> = [.http, .https]
}

extension Get: RuledCommand {
  private static let web: Set<FlagSubject> = [.http, .https]

  static let possibleSubjects: Set<FlagSubject> = [.http, .https, .bareName]

  static let flagRules: [FlagRule] =
    [
      FlagRule("--input", "-i", when: .without(["--output", "--checksum", "--mirrors"])),
      FlagRule("--mirrors", when: .on(web), .with(["--checksum", "--checksums"]), .without(["--recursive"])),
      FlagRule("--metalink", when: .without(["--output", "--recursive", "--mirrors", "--checksum", "--checksums"])),
      FlagRule("--output", "-o", when: .without(["--directory", "--recursive"])),
      FlagRule("--directory", "-d"),
      FlagRule("--on-exists", when: .without(["--output=-"])),
      FlagRule("--newer", "-N", when: .on(web), .without(["--on-exists", "--output=-"])),
      FlagRule("--remote-time", "-R", when: .on(web), .without(["--output=-"])),
      FlagRule("--recursive", when: .on(web)),
      FlagRule("--connections", when: .on(web)),
      FlagRule("--retry"),
      FlagRule("--backoff", when: .without(["--retry=0"])),
      FlagRule("--connect-timeout"),
      FlagRule("--idle"),
      FlagRule("--rate"),
      FlagRule("--checksum", when: .without(["--recursive", "--checksums"])),
      FlagRule("--checksums", when: .without(["--recursive"])),
      // A server that is asked without encryption can send on to one that is to be asked with it.
      FlagRule("--ca", when: .on(web), .without(["--insecure"])),
      FlagRule("--fingerprint", when: .on(web), .without(["--insecure"])),
      FlagRule("--insecure", when: .on(web)),
    ] + FlagRule.wayToServers + [
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
    // What a list has is known once it has been read.
    guard input == nil, metalink == nil else { return Self.possibleSubjects }
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

  static let flagRules: [FlagRule] =
    [
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
    ] + FlagRule.wayToServers + [
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
    FlagRule("--webdav"),
    FlagRule("--quota", when: .with(["--upload"])),
    FlagRule("--on-exists", when: .with(["--upload"])),
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
    FlagRule("--no-compress"),
    FlagRule("--workers"),
    FlagRule("--reuse-port", when: .on([.tcp])),
    FlagRule("--ready-file"),
    FlagRule("--no-sandbox"),
    FlagRule("--verbose", "-v", when: .without(["--quiet"])),
    FlagRule("--json"),
    FlagRule("--quiet", "-q"),
    FlagRule("--language"),
  ]

  func flagSubjects(_ given: GivenFlags) throws -> Set<FlagSubject> {
    guard let listen else { return [.tcp] }
    return [FlagSubject(try Endpoint.parse(listen)) == .unix ? .unix : .tcp]
  }
}
