import SockeyeText
import SockeyeTransport

/// What the flags that `connect` and `listen` share are for.
private enum Conversing {
  static let possible: Set<FlagSubject> = [.tcp, .tls, .udp, .unix, .unixDatagram, .tlsOverUnix]
  static let streams: Set<FlagSubject> = [.tcp, .tls, .unix, .tlsOverUnix]
  static let datagrams: Set<FlagSubject> = [.udp, .unixDatagram]
  static let encrypted: Set<FlagSubject> = [.tls, .tlsOverUnix]
  static let internet: Set<FlagSubject> = [.tcp, .tls, .udp]

  /// A scheme that is written out says what is spoken; `--udp` and `--tls` say it where there is none.
  static func subject(_ endpoint: Endpoint, _ flags: ConversationFlags, isEncrypted: Bool) -> FlagSubject {
    switch (FlagSubject(endpoint), endpoint.scheme) {
    case (.unix, _): isEncrypted ? .tlsOverUnix : .unix
    case (.tcp, nil) where flags.udp: .udp
    case (.tcp, _) where isEncrypted: .tls
    case (let plain, _): plain
    }
  }

  static let shared = [
    FlagRule("--udp", "-u", when: .on([.udp]), .without(["--tls"])),
    FlagRule("--tls", when: .on(encrypted)),
    FlagRule("--tls-min", when: .on(encrypted)),
    FlagRule("--alpn", when: .on(encrypted)),
    FlagRule("--certificate", "--cert", when: .on(encrypted)),
    FlagRule("--key", when: .on(encrypted), .with(["--certificate"])),
    FlagRule("--input"),
    FlagRule("--output"),
    FlagRule(
      "--json",
      when: .without(["--output=auto", "--output=text", "--output=hex", "--output=both", "--output=raw"])
    ),
    FlagRule("--encoding"),
    FlagRule("--eol"),
    FlagRule("--frame", when: .on(streams)),
    FlagRule("--max-frame", when: .on(streams), .with(["--frame"])),
    FlagRule("--append"),
    FlagRule("--on-eof"),
    FlagRule("--on-peer-eof", when: .on(streams)),
    FlagRule("--idle"),
    FlagRule("--expect"),
    FlagRule("--within", when: .with(["--expect"])),
    FlagRule("--record"),
    FlagRule("--log-file"),
    FlagRule("--timestamps", when: .without(["--output=raw"])),
    FlagRule("--output-file", "-o"),
    FlagRule("--no-edit"),
    FlagRule("--quiet", "-q"),
    FlagRule("--verbose", "-v", when: .without(["--quiet"])),
    // Only the kernel's UDP has broadcasts and multicasts.
    FlagRule("--broadcast", when: .on([.udp]), .without(["--stack"])),
    FlagRule("--join", when: .on([.udp]), .without(["--stack"])),
    FlagRule("--ttl", when: .on([.udp]), .without(["--stack"])),
    FlagRule("--interface", when: .on([.udp]), .without(["--stack"])),
    FlagRule("--multicast-loopback", "--no-multicast-loopback", when: .on([.udp]), .without(["--stack"])),
    FlagRule("--max-datagram", when: .on(datagrams)),
    FlagRule("-4", when: .on(internet), .without(["-6"])),
    FlagRule("-6", when: .on(internet)),
    FlagRule("-n", when: .on(internet)),
    FlagRule("--stack", when: .on(internet)),
    FlagRule("--language"),
  ]
}

extension Connect: RuledCommand {
  static let possibleSubjects = Conversing.possible

  static let flagRules =
    Conversing.shared + [
      FlagRule("--ca", when: .on(Conversing.encrypted), .without(["--insecure"])),
      FlagRule("--insecure", when: .on(Conversing.encrypted)),
      FlagRule("--starttls", when: .on(Conversing.encrypted)),
      FlagRule(
        "--to",
        when: .without([
          "--send", "--expect", "--input", "--encoding", "--eol", "--frame", "--append", "--on-eof", "--on-peer-eof",
          "-z",
        ])
      ),
      FlagRule("--send"),
      FlagRule("--every", when: .with(["--send"])),
      FlagRule("--count", when: .with(["--send"])),
      FlagRule("--connect-timeout"),
      FlagRule("--retry"),
      FlagRule("--backoff", when: .with(["--retry"])),
      FlagRule("--bind", when: .on(Conversing.internet), .names([.tcp])),
      FlagRule(
        "-z",
        when: .without([
          "--send", "--expect", "--input", "--output", "--encoding", "--eol", "--frame", "--append", "--output-file",
          "--on-eof", "--on-peer-eof", "--idle",
        ])
      ),
    ]

  func flagSubjects(_ given: GivenFlags) throws -> Set<FlagSubject> {
    [Conversing.subject(try Endpoint.parse(endpoint), flags, isEncrypted: flags.tls || startTLS != nil)]
  }
}

extension Listen: RuledCommand {
  static let possibleSubjects = Conversing.possible

  static let flagRules =
    Conversing.shared + [
      FlagRule("--ca", when: .on(Conversing.encrypted)),
      FlagRule("--insecure", when: .never(ProgramSentence.serverAsksForNone.phrase)),
      FlagRule("--once", when: .without(["--keep-open"])),
      FlagRule("--keep-open", "-k"),
      FlagRule("--echo", when: .without(["--reply", "--exec", "--relay"])),
      FlagRule("--reply", when: .without(["--exec", "--relay"])),
      FlagRule("--replies", when: .with(["--reply", "--echo"])),
      FlagRule("--reply-rate", when: .with(["--reply", "--echo"])),
      FlagRule("--greet"),
      FlagRule("--close-on"),
      FlagRule("--goodbye", when: .with(["--close-on"])),
      FlagRule("--exec", when: .without(["--relay"])),
      FlagRule("--relay"),
      FlagRule("--max-clients"),
      FlagRule("--allow", when: .on(Conversing.internet)),
      FlagRule("--deny", when: .on(Conversing.internet)),
      FlagRule(
        "--loop-guard",
        "--no-loop-guard",
        when: .on(Conversing.datagrams),
        .with(["--echo", "--reply", "--exec", "--relay"])
      ),
      FlagRule("--reuse-port", when: .on(Conversing.internet), .without(["--stack"])),
      FlagRule("--interactive"),
      FlagRule("--ready-file"),
    ]

  func flagSubjects(_ given: GivenFlags) throws -> Set<FlagSubject> {
    [Conversing.subject(try Endpoint.parse(endpoint), flags, isEncrypted: flags.tls)]
  }
}
