internal import SockeyeSimulator
internal import SockeyeTCP
import SockeyeText

/// What is wrong with a scenario file, and where.
public struct ScenarioFileError: Error, Equatable, Sendable {
  /// The line, from one; 0 for the whole file.
  public var line: Int
  /// What is wrong with it.
  public var problem: Problem

  /// What can be wrong.
  public enum Problem: Equatable, Sendable {
    /// The file has more bytes than `ScenarioFile.largestSize`.
    case tooLong
    /// A line begins with a word that no line begins with.
    case unknownSubject(String)
    /// What stands behind the subject says nothing about it.
    case unknownStatement(subject: String, String)
    /// Something else was to stand there, such as the example; nil for the end of the line.
    case expected(String, found: String?)
    /// The value is beyond what is possible.
    case outOfRange(String, limit: String)
    /// More words than the statement takes.
    case leftOver(String)
  }
}

/// Scenarios in files: two hosts, what the network between them does, and what their programs do and when.
///
/// A line is a statement, a `#` begins a comment. The language is described in Documentation/ScenarioFiles.md. packetdrill's
/// is another thing: it plays one end by hand, segment by segment, to test the other; here both ends are whole, and the
/// network is what one wants to try out.
public enum ScenarioFile {
  /// Bytes of the longest file that is read.
  public static let largestSize = 1 << 16

  /// Reads a scenario.
  ///
  /// - Parameters:
  ///   - text: the file's content.
  ///   - name: what the scenario is called, which is also its title unless the file gives one.
  /// - Throws: `ScenarioFileError` for the first line that can't be understood.
  public static func parse(_ text: String, name: String) throws(ScenarioFileError) -> Scenario {
    guard text.utf8.count <= largestSize else { throw ScenarioFileError(line: 0, problem: .tooLong) }
    var draft = Draft(
      scenario: Scenario(name, .literal(name), .literal(""), adjust: { _ in }),
      title: name,
      explanation: []
    )
    let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    for (index, line) in lines.enumerated() {
      var statement = ScenarioStatement(line, number: index + 1)
      try take(&statement, into: &draft)
    }
    return draft.finished()
  }

  /// A scenario while it is read.
  private struct Draft {
    var scenario: Scenario
    var title: String
    var explanation: [String]

    func finished() -> Scenario {
      var result = scenario
      result.title = .literal(title)
      result.explanation = .literal(explanation.joined(separator: " "))
      return result
    }
  }

  private static func take(_ statement: inout ScenarioStatement, into draft: inout Draft) throws(ScenarioFileError) {
    guard let subject = statement.next() else { return }
    switch subject {
    case "title": draft.title = VisibleText.of(statement.rest())
    case "explain": draft.explanation.append(VisibleText.of(statement.rest()))
    case "run": draft.scenario.duration = try statement.duration(upTo: .seconds(366 * 86_400))
    case "network":
      var copy = statement
      try network(&copy, &draft.scenario.outbound)
      try network(&statement, &draft.scenario.inbound)
    case "up": try network(&statement, &draft.scenario.outbound)
    case "down": try network(&statement, &draft.scenario.inbound)
    case "client": try end(&statement, &draft.scenario.client)
    case "server": try end(&statement, &draft.scenario.server)
    default: throw statement.error(.unknownSubject(subject))
    }
    try statement.finish()
  }

  // MARK: The network

  private static func network(_ statement: inout ScenarioStatement, _ link: inout Impairments) throws(ScenarioFileError)
  {
    let word = try statement.word("delay 20ms")
    switch word {
    case "delay": link.delay = try statement.duration(upTo: .seconds(3_600))
    case "jitter": link.jitter = try statement.duration(upTo: .seconds(3_600))
    case "rate": link.bitsPerSecond = try statement.rate()
    case "queue": link.queueBytes = try statement.size(upTo: 1 << 30)
    case "loss": link.loss = .independent(try statement.share())
    case "duplicate": link.duplication = try statement.share()
    case "corrupt": link.corruption = try statement.share()
    case "lose": link.lostPackets.formUnion(try statement.numbers())
    case "hold":
      link.delayedPackets.formUnion(try statement.numbers())
      try statement.keyword("for")
      link.reorderingDelay = try statement.duration(upTo: .seconds(3_600))
    case "cut":
      try statement.keyword("from")
      let start = try statement.duration(upTo: .seconds(366 * 86_400))
      let isForEver = statement.isAtEnd
      if !isForEver { try statement.keyword("to") }
      let end = isForEver ? nil : try statement.duration(upTo: .seconds(366 * 86_400))
      let began = Instant.zero + start
      let ended = end.map { Instant.zero + $0 } ?? .never
      guard began < ended, link.outages.last.map({ $0.upperBound <= began }) ?? true else {
        throw statement.error(.expected("cut from 2s to 5s", found: nil))
      }
      link.outages.append(began..<ended)
    default: throw statement.error(.unknownStatement(subject: "network", word))
    }
  }

  // MARK: The ends

  private static func end(
    _ statement: inout ScenarioStatement,
    _ end: inout EndpointConfiguration
  ) throws(ScenarioFileError) {
    let word = try statement.word("sends 3000")
    switch word {
    case "opens":
      try statement.keyword("at")
      end.opensAt = .zero + (try statement.duration(upTo: .seconds(366 * 86_400)))
    case "refuses": end.listens = false
    case "sends": end.application.bytesToSend = UInt64(try statement.size(upTo: 16 << 20))
    case "writes":
      end.application.writeSize = try statement.size(upTo: 16 << 20)
      try statement.keyword("every")
      end.application.writeInterval = try statement.duration(upTo: .seconds(86_400))
    case "reads":
      end.application.readSize = try statement.size(upTo: 16 << 20)
      try statement.keyword("every")
      end.application.readInterval = try statement.duration(upTo: .seconds(86_400))
    case "pauses":
      try statement.keyword("at")
      end.application.pausesReadingAt = UInt64(try statement.size(upTo: 16 << 20))
      try statement.keyword("for")
      end.application.readingPause = try statement.duration(upTo: .seconds(86_400))
    case "closes": try closing(&statement, &end.application)
    case "aborts": try aborting(&statement, &end.application)
    case "set": try setting(&statement, &end.connection)
    default: throw statement.error(.unknownStatement(subject: "client", word))
    }
  }

  private static func closing(
    _ statement: inout ScenarioStatement,
    _ application: inout ApplicationBehaviour
  ) throws(ScenarioFileError) {
    application.ending = .closeWhenWritten
    application.endingDelay = .zero
    while let word = statement.next() {
      switch word {
      case "second": application.ending = .closeAfterPeer
      case "after": application.endingDelay = try statement.duration(upTo: .seconds(86_400))
      default: throw statement.error(.expected("closes second after 30ms", found: word))
      }
    }
  }

  private static func aborting(
    _ statement: inout ScenarioStatement,
    _ application: inout ApplicationBehaviour
  ) throws(ScenarioFileError) {
    try statement.keyword("after")
    let word = try statement.word("reading 100")
    let count = UInt64(try statement.size(upTo: 16 << 20))
    switch word {
    case "reading": application.ending = .abortAfterReading(count)
    case "writing": application.ending = .abortAfterWriting(count)
    default: throw statement.error(.expected("aborts after reading 100", found: word))
    }
  }

  private static func setting(
    _ statement: inout ScenarioStatement,
    _ connection: inout ConnectionConfiguration
  ) throws(ScenarioFileError) {
    let word = try statement.word("set window 4380")
    switch word {
    case "window":
      let bytes = UInt32(try statement.size(from: 1, upTo: 1 << 24))
      connection.initialReceiveWindow = bytes
      connection.receiveBuffer = bytes
      connection.autotune = false
    case "buffer": connection.sendBuffer = UInt32(try statement.size(from: 1, upTo: 1 << 24))
    case "mss": connection.maximumSegmentSize = UInt16(try statement.size(from: 48, upTo: 1_460))
    case "nagle": connection.nagle = try statement.isOn()
    case "sack": connection.selectiveAcknowledgment = try statement.isOn()
    case "timestamps": connection.timestamps = try statement.isOn()
    case "congestion":
      let name = try statement.word("cubic")
      switch name {
      case "cubic": connection.congestionControl = .cubic
      case "newreno": connection.congestionControl = .newReno
      case "bbr": connection.congestionControl = .bbr
      default: throw statement.error(.expected("cubic, newreno, bbr", found: name))
      }
    case "keep-alive":
      connection.keepAliveIdle = try statement.duration(from: .milliseconds(1), upTo: .seconds(86_400))
      connection.keepAliveInterval = try statement.duration(from: .milliseconds(1), upTo: .seconds(86_400))
      connection.keepAliveProbes = UInt8(try statement.size(from: 1, upTo: 100))
    default: throw statement.error(.unknownStatement(subject: "set", word))
    }
  }
}
