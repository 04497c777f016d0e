import SockeyeText
import SockeyeTransport

/// What must hold for a flag to be honoured.
///
/// Another flag is named as `--name`, or as `--name=value` where only that value counts.
enum FlagCondition {
  /// The call is about one of these.
  case on(Set<FlagSubject>)
  /// One of these flags is given, too.
  case with([String])
  /// None of these flags is given.
  case without([String])
  /// No flag but these is given.
  case alone(besides: [String])
  /// The flag's value is an endpoint of one of these kinds.
  case names(Set<FlagSubject>)
  /// The verb shares the flag's definition with another, and has no use for it.
  case never(Phrase)
}

/// What to do about a flag that means nothing in a call.
enum FlagRemedy {
  /// Add another flag, or leave it out.
  case add(String)
  case leaveOut

  var phrase: Phrase {
    switch self {
    case .add(let flag): Phrase("add \(flag), or leave it out", zh: "请加上 \(flag)，或去掉它")
    case .leaveOut: Phrase("leave it out", zh: "请去掉它")
    }
  }
}

/// A flag of a verb: its names, and what must hold for it to be honoured. A flag without conditions always is.
struct FlagRule {
  /// All its names; the first one is what errors call it.
  let names: [String]
  let conditions: [FlagCondition]

  init(_ names: String..., when conditions: FlagCondition...) {
    self.names = names
    self.conditions = conditions
  }

  var name: String { names[0] }

  /// Why the flag can't be honoured in a call, if it can't.
  func objection(to given: GivenFlags, about subjects: Set<FlagSubject>, among rules: [FlagRule]) -> ProgramSentence? {
    for condition in conditions {
      if let objection = Self.objection(of: condition, named: name, to: given, about: subjects, among: rules) {
        return objection
      }
    }
    return nil
  }

  private static func objection(
    of condition: FlagCondition,
    named name: String,
    to given: GivenFlags,
    about subjects: Set<FlagSubject>,
    among rules: [FlagRule]
  ) -> ProgramSentence? {
    switch condition {
    case .on(let right):
      guard right.isDisjoint(with: subjects) else { return nil }
      return .flagIsFor(name, right, subjects, remedy(for: name, right, subjects))
    case .with(let others):
      guard !others.contains(where: { given.has($0, among: rules) }) else { return nil }
      return .flagGoesWith(name, others)
    case .without(let others):
      guard let other = others.first(where: { given.has($0, among: rules) }) else { return nil }
      return .flagsExclude(name, other)
    case .alone(let companions):
      guard let other = given.names.first(where: { isOther($0, than: [name] + companions, rules) }) else { return nil }
      return .flagStandsAlone(name, other)
    case .names(let right):
      guard let value = given.value(of: name, among: rules), let endpoint = try? Endpoint.parse(value),
        !right.contains(FlagSubject(endpoint))
      else { return nil }
      return .flagTakes(name, right, value, FlagSubject(endpoint))
    case .never(let reason):
      return .flagIsNotFor(name, reason)
    }
  }

  private static func remedy(for name: String, _ right: Set<FlagSubject>, _ subjects: Set<FlagSubject>) -> FlagRemedy {
    let isPlain = subjects.isSubset(of: [.tcp, .unix])
    if right.contains(.tls), !right.contains(.tcp), isPlain, name != "--tls" { return .add("--tls") }
    if right == [.udp], subjects == [.tcp], name != "--udp" { return .add("--udp") }
    return .leaveOut
  }

  private static func isOther(_ name: String, than allowed: [String], _ rules: [FlagRule]) -> Bool {
    guard let rule = rules.first(where: { $0.names.contains(name) }) else { return false }
    return !allowed.contains(rule.name)
  }
}

extension FlagSubject {
  /// What an endpoint is about, nothing else being said.
  init(_ endpoint: Endpoint) {
    switch (endpoint.location, endpoint.scheme) {
    case (.unix, .udp), (.abstract, .udp): self = .unixDatagram
    case (.unix, _), (.abstract, _): self = .unix
    case (_, .udp): self = .udp
    case (_, .tls): self = .tls
    case (_, .tcp), (_, nil): self = .tcp
    }
  }
}
