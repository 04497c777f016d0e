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
  case consoleNeedsAddress(Endpoint)
  case unknownFault(String)
}

extension Failure {
  /// A failure that one of the library's sentences tells.
  init(_ kind: Kind, _ sentence: ConsoleSentence) { self.init(kind, sentence.phrase) }
}
