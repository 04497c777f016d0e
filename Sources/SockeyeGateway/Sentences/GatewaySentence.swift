internal import SockeyeText
internal import SockeyeTransport

/// What the library has to say to people.
enum GatewaySentence: Sentence {
  case noPath(_ reason: String)
  case cannotListenAtEnd(_ reason: String)
  case cannotCross(_ reason: String)
  case noTarget(_ endpoint: Endpoint)
  case badControlSocket(_ endpoint: Endpoint)
  case badTimetableLine(_ number: Int)
  case badTimetableChange(_ number: Int, _ problem: Phrase)
  case cannotChange(_ text: String)
  case faultTakesSize(_ part: String, _ key: String)
  case badMTU(_ part: String)
  case wrongImpairment(_ problem: Phrase)
  case cannotBegin(_ reason: String)
  case badRule(_ text: String)
  case badRulePorts(_ text: String)
  case badPublishedPort(_ text: String)
}

extension Failure {
  /// A failure that one of the library's sentences tells.
  init(_ kind: Kind, _ sentence: GatewaySentence) { self.init(kind, sentence.phrase) }
}
