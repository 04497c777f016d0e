import SockeyeText

/// What the library has to say to people.
enum TransportSentence: Sentence {
  case cannotAccept(_ reason: Phrase)
  case programIsEnding
  case localFamilyDiffers(_ endpoint: Endpoint)
  case notHost(_ text: String)
  case badEndpoint
  case badSocketPath(_ text: String, _ longest: Int)
  case badScheme(_ text: String)
  case openBracket(_ text: String)
  case badIPv6Endpoint(_ text: String)
  case missingPort(_ text: String)
  case badHost(_ text: String, _ host: String)
  case badPort(_ text: String, _ port: String)
  case socketInUse(_ path: String)
  case needsRights(_ endpoint: Endpoint)
  case notOwnAddress(_ endpoint: Endpoint)
  case noFolder(_ endpoint: Endpoint)
  case cannotListen(_ endpoint: Endpoint, _ reason: Phrase)
  case noAnswer(_ endpoint: Endpoint, _ limit: String)
  case noAnswerBecause(_ endpoint: Endpoint, _ limit: String, _ details: Phrase)
  case noThread(_ reason: Phrase)
  case noMulticasts
  case cannotWatch(_ reason: Phrase)
  case cannotSendDatagrams(_ address: String, _ reason: Phrase)
  case badLabel(_ text: String, _ host: String)
  case noInterface(_ name: String)
  case portInUseBy(_ port: UInt16, _ name: String, _ process: Int)
  case portHasConnection(_ port: UInt16, _ name: String, _ process: Int, _ state: String)
  case portWaits(_ port: UInt16, _ seconds: Int)
  case localPortInUseBy(_ port: UInt16, _ name: String, _ process: Int)
  case localPortInUse(_ port: UInt16)
  case localPortWaits(_ port: UInt16, _ seconds: Int)
  case localPortWasConnected(_ port: UInt16)
  case localPortNeedsRights(_ port: UInt16)
  case notOwnLocalAddress(_ address: String)
  case portInUse(_ port: UInt16)
  case lookUpEnded
  case noNameServer(_ name: Phrase)
  case noSuchHost(_ name: Phrase)
  case noIPv4(_ name: Phrase)
  case noIPv6(_ name: Phrase)
  case cannotResolve(_ name: Phrase, _ reason: String)
  case notLookedUp(_ name: Phrase)
  case socketPathTooLong(_ path: String)
  case cannotInherit(_ descriptors: String, _ reason: String)
  case portZero
  case localFamilyIsOther
  case cannotConnect(_ endpoint: Endpoint, _ reason: String)
  case datagramsNeedPort(_ endpoint: Endpoint)
  case noInheritance
  case noUnixSockets
  case badLocalEnd(_ endpoint: Endpoint)
  case noAddress(_ endpoint: Endpoint)
  case cannotConnectTo(_ endpoint: Endpoint, _ details: Phrase, _ advice: ConnectingAdvice?)
  case addressFailed(_ address: String, _ reason: Phrase)
  case reasonAt(_ reason: Phrase, _ address: String)
  case refused
  case reset
  case unanswered
  case unansweredInTime
  case unreachable
  case noSuchSocket
  case lookUpTooSlow(_ host: Phrase)
  case lookUpFailed(_ host: Phrase, _ reason: String)
}

extension Failure {
  /// A failure that one of the library's sentences tells.
  init(_ kind: Kind, _ sentence: TransportSentence) { self.init(kind, sentence.phrase) }
}
