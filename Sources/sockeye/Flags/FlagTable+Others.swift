extension Bench: RuledCommand {
  /// What says what to measure is nothing that a server is told.
  private static let server = ["--serve"]

  static let flagRules = [
    FlagRule("--serve"),
    FlagRule("--mode", when: .without(server)),
    FlagRule(
      "--direction",
      when: .without(["--serve", "--mode=echo", "--mode=connections", "--mode=datagrams", "--mode=http"])
    ),
    FlagRule("--for", when: .without(server)),
    FlagRule("--connections", when: .without(server)),
    FlagRule("--size", when: .without(server), .with(["--mode=echo", "--mode=connections", "--mode=datagrams"])),
    FlagRule(
      "--per-second",
      when: .without(server),
      .with(["--mode=echo", "--mode=connections", "--mode=datagrams", "--mode=http"])
    ),
    FlagRule("--connect-timeout", when: .without(server)),
    FlagRule("-4", when: .without(["-6"])),
    FlagRule("-6"),
    FlagRule("-n"),
    FlagRule("--stack", when: .without(["--workers"])),
    FlagRule("--workers"),
    FlagRule("--ready-file", when: .with(server)),
    FlagRule("--json", when: .without(["--quiet"])),
    FlagRule("--quiet", "-q"),
    FlagRule("--language"),
  ]
}

extension Checksum: RuledCommand {
  static let possibleSubjects: Set<FlagSubject> = [.text, .file, .standardInput]

  static let flagRules = [
    FlagRule("--algorithm", "-a"),
    FlagRule("--file", when: .on([.file])),
    FlagRule("--input", when: .on([.text])),
    FlagRule("--encoding", when: .on([.text])),
    FlagRule("--list", when: .on([.standardInput]), .alone(besides: ["--json", "--language"])),
    FlagRule("--json"),
    FlagRule("--language"),
  ]

  func flagSubjects(_ given: GivenFlags) -> Set<FlagSubject> {
    if text != nil { [.text] } else if file != nil { [.file] } else { [.standardInput] }
  }
}

extension ConsoleCommand: RuledCommand {
  static let flagRules = [
    FlagRule("--listen"),
    FlagRule("--directory"),
    FlagRule("--state"),
    FlagRule("--session"),
    FlagRule("--stdio"),
    FlagRule("--ready-file"),
    FlagRule("--stack"),
    FlagRule("--language"),
  ]
}

extension HostCommand: RuledCommand {
  static let flagRules = [
    FlagRule("--tun"),
    FlagRule("--gateway"),
    FlagRule("--mtu"),
    FlagRule("--no-offload"),
    FlagRule("--kernel-thread"),
    FlagRule("--congestion"),
    FlagRule("--echo"),
    FlagRule("--discard"),
    FlagRule("--chargen"),
    FlagRule("--daytime"),
    FlagRule("--source"),
    FlagRule("--sink"),
    FlagRule("--bytes", when: .with(["--source"])),
    FlagRule("--digest", when: .with(["--source", "--sink"])),
    FlagRule("--status"),
    FlagRule("--every", when: .with(["--status"])),
    FlagRule("--drain"),
    FlagRule("--capture"),
    FlagRule("--ready-file"),
    FlagRule("--quiet", "-q"),
    FlagRule("--language"),
  ]
}

extension Impair: RuledCommand {
  static let flagRules = [
    FlagRule("--tun"),
    FlagRule("--seed"),
    FlagRule("--timetable"),
    FlagRule("--control"),
    FlagRule("--every"),
    FlagRule("--max-streams", when: .without(["--tun"])),
    FlagRule("--ready-file"),
    FlagRule("--json"),
    FlagRule("--quiet", "-q"),
    FlagRule("--language"),
  ]
}

extension Run: RuledCommand {
  static let flagRules = [
    FlagRule("--root"),
    FlagRule("--offline"),
    FlagRule("--report", when: .without(["--offline"])),
    FlagRule("--log", when: .without(["--offline"])),
    FlagRule("--publish", when: .without(["--offline"])),
    FlagRule("--allow", when: .without(["--offline"])),
    FlagRule("--deny", when: .without(["--offline"])),
    FlagRule("--dns", when: .without(["--offline"])),
    FlagRule("--host", when: .without(["--offline"])),
    FlagRule("--impair", when: .without(["--offline"])),
    FlagRule("--rate", when: .without(["--offline"])),
    FlagRule("--seed", when: .with(["--impair", "--rate"]), .without(["--offline"])),
    FlagRule("--mtu", when: .without(["--offline"])),
    FlagRule("--capture", when: .without(["--offline"])),
    FlagRule("--stack-config", when: .without(["--offline"])),
    FlagRule("--language"),
  ]
}

extension Completions: RuledCommand {
  static let flagRules = [FlagRule("--language")]
}

extension SightFlags {
  /// How a picture is drawn matters where one is drawn.
  static let flagRules = [
    FlagRule("--language"),
    FlagRule("--width", when: .without(["--json"])),
    FlagRule("--color", when: .without(["--json"])),
    FlagRule("--absolute", when: .without(["--json"])),
    FlagRule("--json"),
  ]
}

extension Watch: RuledCommand {
  static let flagRules = [
    FlagRule("--interface"), FlagRule("--pid", when: .without(["--interface"])), FlagRule("--port"),
    FlagRule("--stream"),
    FlagRule("--why", when: .without(["--interface", "--pid", "--follow"])),
    FlagRule("--html", when: .without(["--interface", "--pid", "--follow"])),
    FlagRule("--qlog", when: .without(["--interface", "--pid", "--follow"])),
    FlagRule("--follow"), FlagRule("--raw", when: .with(["--follow"]), .without(["--json"])),
    FlagRule("--language"),
    FlagRule("--width", when: .without(["--json", "--follow"])),
    FlagRule("--color", when: .without(["--json", "--raw"])),
    FlagRule("--absolute", when: .without(["--json", "--follow"])),
    FlagRule("--json"),
  ]
}

extension LabScenario: RuledCommand {
  static let flagRules =
    [
      FlagRule("--seed"), FlagRule("--capture"), FlagRule("--html"), FlagRule("--qlog"),
      FlagRule("--step", when: .without(["--json", "--html"])),
    ] + SightFlags.flagRules
}

extension Manual: RuledCommand {
  static let flagRules = [FlagRule("--language")]
}
