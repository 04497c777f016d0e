import SockeyeTalk
import SockeyeText
import SockeyeTransport

/// What the flags that `connect` and `listen` share are for.
private enum Conversing {
  static let possible: Set<FlagSubject> = [.tcp, .tls, .udp, .unix, .unixDatagram, .tlsOverUnix]
  static let streams: Set<FlagSubject> = [.tcp, .tls, .unix, .tlsOverUnix]
  static let datagrams: Set<FlagSubject> = [.udp, .unixDatagram]
  static let encrypted: Set<FlagSubject> = [.tls, .tlsOverUnix]
  static let internet: Set<FlagSubject> = [.tcp, .tls, .udp]
  /// Where `-z` probes several ports, nothing is said and nothing but the network is to be chosen.
  static let reached = internet.union([.ports, .proxyServer])

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
    FlagRule("--input", when: .on(possible)),
    FlagRule("--output", when: .on(possible)),
    FlagRule(
      "--json",
      when: .without(["--output=auto", "--output=text", "--output=hex", "--output=both", "--output=raw"])
    ),
    FlagRule("--encoding", when: .on(possible)),
    FlagRule("--eol", when: .on(possible)),
    FlagRule("--frame", when: .on(streams)),
    FlagRule("--max-frame", when: .on(streams), .with(["--frame"])),
    FlagRule("--append", when: .on(possible)),
    FlagRule("--on-eof", when: .on(possible)),
    FlagRule("--on-peer-eof", when: .on(streams)),
    FlagRule("--keepalive", when: .on([.tcp, .tls, .proxyServer])),
    FlagRule("--idle", when: .on(possible)),
    FlagRule("--expect", when: .on(possible)),
    FlagRule("--within", when: .on(possible), .with(["--expect"])),
    FlagRule("--record", when: .on(possible)),
    FlagRule("--log-file", when: .on(possible)),
    FlagRule("--timestamps", when: .on(possible), .without(["--output=raw"])),
    FlagRule("--output-file", "-o", when: .on(possible)),
    FlagRule("--no-edit", when: .on(possible)),
    FlagRule("--quiet", "-q"),
    FlagRule("--verbose", "-v", when: .on(possible), .without(["--quiet"])),
    // Only the kernel's UDP has broadcasts and multicasts.
    FlagRule("--broadcast", when: .on([.udp]), .without(["--stack"])),
    FlagRule("--join", when: .on([.udp]), .without(["--stack"])),
    FlagRule("--ttl", when: .on([.udp]), .without(["--stack"])),
    FlagRule("--interface", when: .on([.udp]), .without(["--stack"])),
    FlagRule("--multicast-loopback", "--no-multicast-loopback", when: .on([.udp]), .without(["--stack"])),
    FlagRule("--max-datagram", when: .on(datagrams)),
    FlagRule("-4", when: .on(reached), .without(["-6"])),
    FlagRule("-6", when: .on(reached)),
    FlagRule("-n", when: .on(reached)),
    FlagRule("--stack", when: .on(reached)),
    FlagRule("--language"),
  ]
}

extension Connect: RuledCommand {
  static let possibleSubjects = Conversing.possible.union([.ports])

  static let flagRules =
    Conversing.shared + [
      FlagRule("--ca", when: .on(Conversing.encrypted), .without(["--insecure"])),
      FlagRule("--insecure", when: .on(Conversing.encrypted)),
      FlagRule("--starttls", when: .on(Conversing.encrypted)),
      FlagRule(
        "--to",
        when: .on(Conversing.possible),
        .without([
          "--send", "--expect", "--input", "--encoding", "--eol", "--frame", "--append", "--on-eof", "--on-peer-eof",
          "-z",
        ])
      ),
      FlagRule("--send", when: .on(Conversing.possible)),
      FlagRule("--every", when: .on(Conversing.possible), .with(["--send"])),
      FlagRule("--count", when: .on(Conversing.possible), .with(["--send"])),
      FlagRule("--connect-timeout"),
      FlagRule("--retry", when: .on(Conversing.possible)),
      FlagRule("--backoff", when: .on(Conversing.possible), .with(["--retry", "--reconnect"])),
      FlagRule("--reconnect", when: .on(Conversing.streams), .without(["-z", "--on-peer-eof", "--to"])),
      FlagRule("--total", when: .on(Conversing.possible)),
      FlagRule("--bind", when: .on(Conversing.reached), .names([.tcp])),
      FlagRule("--proxy", when: .on([.tcp, .tls]), .without(["--to"])),
      FlagRule("--proxy-auth-file", when: .on([.tcp, .tls]), .with(["--proxy"])),
      FlagRule(
        "-z",
        when: .without([
          "--send", "--expect", "--input", "--output", "--encoding", "--eol", "--frame", "--append", "--output-file",
          "--on-eof", "--on-peer-eof", "--idle",
        ])
      ),
    ]

  func flagSubjects(_ given: GivenFlags) throws -> Set<FlagSubject> {
    guard try PortList.parse(endpoint) == nil else {
      guard probe else { throw Failure(.usage, .severalPortsNeedProbe) }
      return [.ports]
    }
    return [Conversing.subject(try Endpoint.parse(endpoint), flags, isEncrypted: flags.tls || startTLS != nil)]
  }
}

extension Listen: RuledCommand {
  static let possibleSubjects = Conversing.possible.union([.proxyServer])

  static let flagRules =
    Conversing.shared + [
      FlagRule("--ca", when: .on(Conversing.encrypted)),
      FlagRule("--insecure", when: .never(ProgramSentence.serverAsksForNone.phrase)),
      FlagRule("--once", when: .on(Conversing.possible), .without(["--keep-open"])),
      FlagRule("--keep-open", "-k", when: .on(Conversing.possible)),
      FlagRule("--echo", when: .on(Conversing.possible), .without(["--reply", "--exec", "--relay"])),
      FlagRule("--reply", when: .on(Conversing.possible), .without(["--exec", "--relay"])),
      FlagRule("--replies", when: .on(Conversing.possible), .with(["--reply", "--echo"])),
      FlagRule("--reply-rate", when: .on(Conversing.possible), .with(["--reply", "--echo"])),
      FlagRule("--greet", when: .on(Conversing.possible)),
      FlagRule("--close-on", when: .on(Conversing.possible)),
      FlagRule("--goodbye", when: .on(Conversing.possible), .with(["--close-on"])),
      FlagRule("--exec", when: .on(Conversing.possible), .without(["--relay"])),
      FlagRule("--relay", when: .on(Conversing.possible)),
      FlagRule("--max-clients"),
      FlagRule("--allow", when: .on(Conversing.reached)),
      FlagRule("--deny", when: .on(Conversing.reached)),
      FlagRule("--proxy-server", when: .on([.proxyServer])),
      FlagRule("--auth-file", when: .on([.proxyServer])),
      FlagRule(
        "--loop-guard",
        "--no-loop-guard",
        when: .on(Conversing.datagrams),
        .with(["--echo", "--reply", "--exec", "--relay"])
      ),
      FlagRule("--reuse-port", when: .on(Conversing.reached), .without(["--stack"])),
      FlagRule("--interactive", when: .on(Conversing.possible)),
      FlagRule("--ready-file"),
    ]

  func flagSubjects(_ given: GivenFlags) throws -> Set<FlagSubject> {
    let endpoint = try Endpoint.parse(self.endpoint)
    guard !proxyServer || FlagSubject(endpoint) != .tcp else { return [.proxyServer] }
    return [Conversing.subject(endpoint, flags, isEncrypted: flags.tls)]
  }
}
