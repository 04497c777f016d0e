internal import SockeyeText
internal import SockeyeTransport

/// What the library has to say to people.
enum ConsoleSentence: Sentence {
  /// What a member of a request has to be.
  enum Wanted: Sendable {
    case text
    case truth
    case integer(ClosedRange<Int>)
    case object
    case list(Int)
    case choice([String])
    case duration
    case base64
  }

  case notJSON(Int)
  case jsonTooLarge
  case requestIsNoObject
  case badRequestID
  case memberMissing(String)
  case memberTakes(String, Wanted)
  case unknownMember(String)
  case unknownOperation(String)
  case stateTooLarge
  case memberIsNoAddress(String)
  case notGroup(String)
  case noSession(String)
  case tooManySessions(Int)
  case noPeer(Int)
  case peerIsBehind(Int)
  case nobodyThere
  case notOpen
  case notDatagrams
  case closedMeanwhile
  case connectionEnded
  case noSocketFor(String)
  case tooManyCycles(Int)
  case noCycle(String)
  case badRecordName(String)
  case cannotCreateRecord(String, Phrase)
  case recordsAlready(String)
  case recordsNothing
  case recordFailed(String, Phrase)
  case badSessionFile(Phrase)
  case sessionFileIsNoObject
  case badSessionID(String)
  case sameSession(String)
  case cannotReadState(String, Phrase)
  case stateIsNoFile(String)
  case stateFileTooLarge(String, Int)
  case stateInUse(String)
  case stateReplaced(String)
  case cannotKeepState(String, Phrase)
  case cannotReadRequests(Phrase)
  case badPattern(String, Int)
  case patternTooLarge
  case badCondition
  case maskLength
  case failsContains(String)
  case failsPrefix(String)
  case failsEquals(String)
  case failsLength(Int, ClosedRange<Int>)
  case failsInteger(UInt64, ClosedRange<Int>)
  case failsTooShort(Int, Int)
  case failsPattern(String)
  case failsSource(String, String)
  case failsChecksum(String)
  case failsNot
  case ruleIsOff
  case answersWithheld(Int)
  case nothingIsSeen
  case diagramsAreOfTCP
  case noSegments(Int)
  case noForwarder
  case noHeldMessage(Int)
  case noRememberedMessage(Int)
  case openVariable
  case noVariable(String)
  case consoleNeedsAddress(Endpoint)
  case unknownFault(String)
}

extension ConsoleSentence {
  /// A range as people write it.
  static func text(_ range: ClosedRange<Int>) -> String {
    if range.lowerBound == range.upperBound { return "\(range.lowerBound)" }
    return range.upperBound == .max ? "\(range.lowerBound)…" : "\(range.lowerBound)…\(range.upperBound)"
  }
}

extension Failure {
  /// A failure that one of the library's sentences tells.
  init(_ kind: Kind, _ sentence: ConsoleSentence) { self.init(kind, sentence.phrase) }
}
