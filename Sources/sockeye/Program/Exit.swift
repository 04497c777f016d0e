import ArgumentParser
import Glibc
import SockeyeText
import SockeyeTransport

/// How the program ends: one line on standard error, and a code that a script can act on.
enum Exit {
  /// The exit codes that users and scripts rely on.
  enum Code: Int32 {
    case success = 0
    case other = 1
    case usage = 2
    case localFile = 3
    case network = 4
    case tls = 5
    case authentication = 6
    case peerProtocol = 7
    case serverReported = 8
    case integrity = 9
    case timedOut = 10
    case refusedLocally = 11
    case expectationUnmet = 12

    init(_ kind: Failure.Kind) {
      switch kind {
      case .other: self = .other
      case .usage: self = .usage
      case .localFile: self = .localFile
      case .network: self = .network
      case .tls: self = .tls
      case .authentication: self = .authentication
      case .peerProtocol: self = .peerProtocol
      case .serverReported: self = .serverReported
      case .integrity: self = .integrity
      case .timedOut: self = .timedOut
      case .refusedLocally: self = .refusedLocally
      case .expectationUnmet: self = .expectationUnmet
      }
    }
  }

  /// Ends the program. What was printed and could not be written makes a success a failure.
  static func now(_ code: Code) -> Never {
    if code == .success, let problem = StandardOutput.flush() {
      StandardError.say("sockeye: \(problem.phrase.spoken)")
      exit(Code.localFile.rawValue)
    }
    exit(code.rawValue)
  }

  /// Ends the program because of a signal, with the code that a shell would give: 128 and the signal's number.
  static func now(signal: Int32) -> Never {
    exit(128 + signal)
  }

  /// Ends the program with another's exit code.
  static func passing(_ code: Int32) -> Never {
    exit(code)
  }

  /// Ends the program by a signal itself, so that whoever waits for it sees that.
  static func byDying(of signal: Int32) -> Never {
    Glibc.signal(signal, SIG_DFL)
    var unblocked = sigset_t()
    sigemptyset(&unblocked)
    sigaddset(&unblocked, signal)
    pthread_sigmask(SIG_UNBLOCK, &unblocked, nil)
    raise(signal)
    now(signal: signal)
  }

  /// Says what went wrong and ends the program with the code that belongs to it; prints help or the version when that
  /// is what was asked for.
  static func report(_ error: any Error) -> Never {
    switch error {
    case let failure as Failure:
      StandardError.say(failure)
      now(Code(failure.kind))
    case let ending as SignalEnding:
      now(signal: ending.signal)
    default:
      reportParsing(error)
    }
  }

  /// The argument parser's own errors carry several lines; the first says what is wrong.
  private static func reportParsing(_ error: any Error) -> Never {
    if Sockeye.exitCode(for: error).isSuccess {
      print(Help.text(Sockeye.fullMessage(for: error), in: Speech.language))
      now(.success)
    }
    if let verb = unknownVerb {
      StandardError.say(.noVerb(VisibleText.of(verb), nearest: NearestName.of(verb, among: verbs)))
      now(.usage)
    }
    // What help is asked for by an error ("missing subcommand") is help all the same, but the call was wrong.
    let message = Sockeye.message(for: error)
    let isRun = CommandLine.arguments.dropFirst().first == Run._commandName
    if isRun, message.lowercased().hasPrefix("unexpected argument") {
      // It is nearly always the command.
      StandardError.say(Failure(.usage, .commandBehindDashes))
    } else if message.isEmpty || error is CleanExit {
      StandardError.say(Help.text(Sockeye.fullMessage(for: error), in: Speech.language))
    } else {
      let problem = ParserMessage(message)?.phrase ?? .literal(oneLine(message))
      StandardError.say(.wrongCall(problem.spoken, help: helpCommand))
    }
    now(.usage)
  }

  /// The parser's sentences as the rest of a line: its own capital and full stop would stand in the middle.
  private static func oneLine(_ message: String) -> String {
    let sentence = message.split(separator: "\n").first.map(String.init) ?? message
    let trimmed = sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence
    return trimmed.prefix(1).lowercased() + trimmed.dropFirst()
  }

  /// The verbs that help names.
  private static var verbs: [String] {
    Sockeye.configuration.subcommands.filter { $0.configuration.shouldDisplay }.map { $0._commandName } + ["help"]
  }

  /// The word in a verb's place, if there is no such verb.
  private static var unknownVerb: String? {
    let known = Sockeye.configuration.subcommands.map { $0._commandName } + ["help"]
    guard let word = CommandLine.arguments.dropFirst().first, !word.hasPrefix("-"), !known.contains(word) else {
      return nil
    }
    return word
  }

  /// The verb that was called, if there is one of that name.
  private static var helpCommand: String {
    guard let verb = CommandLine.arguments.dropFirst().first, verbs.contains(verb) else { return "sockeye" }
    return "sockeye \(verb)"
  }
}

/// Thrown by a verb that a signal brought to its end.
struct SignalEnding: Error {
  let signal: Int32
}
