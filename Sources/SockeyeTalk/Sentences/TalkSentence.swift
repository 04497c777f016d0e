import SockeyeText
import SockeyeTransport

/// What the library has to say to people.
enum TalkSentence: Sentence {
  case noDelimiter(_ count: Int)
  case noEndOfJSON(_ count: Int)
  case frameTooLong(_ length: UInt64, _ longest: Int)
  case frameTooShort(_ length: UInt64)
  case badFraming(_ text: String)
  case messageDoesNotFill(_ length: Int, _ frame: Int)
  case noRoomForLength(_ offset: Int, _ length: Int)
  case lengthDoesNotFit(_ length: Int, _ width: Int)
  case badNetwork(_ text: String)
  case badPrefix(_ text: String, _ bits: Int)
  case datagramsDropped(_ count: Int)
  case tooManySources
  case sourceAnswersAnswers(_ address: String, _ silence: String)
  case answersAnswers(_ silence: String)
  case cannotSetUp(_ reason: String)
  case needsCertificate
  case noPrivateKey(_ file: String)
  case noCertificate(_ file: String)
  case cannotSetUpTLS(_ reason: String)
  case cannotStart(_ command: String, _ reason: Phrase)
  case noPipe(_ reason: Phrase)
  case cannotReadInput(_ reason: Phrase)
  case lineTooLong(_ longest: Int)
  case handshakeTooSlow(_ peer: String, _ limit: String)
  case probeUnanswered(_ limit: String)
  case certificateOfOther(_ peer: String)
  case connectionBroke(_ peer: String, _ reason: Phrase)
  case conversationWithBroke(_ peer: String, _ reason: String)
  case noCloseNotify(_ peer: String)
  case brokeOffAfterHandshake(_ peer: String)
  case certificateExpired(_ peer: String, _ date: String)
  case certificateNotYetValid(_ peer: String, _ date: String)
  case certificateNotTrusted(_ peer: String)
  case conversationBroke(_ reason: String)
  case frameCut(_ peer: String)
  case endedWithoutSaying(_ peer: String, _ pattern: String)
  case didNotSay(_ peer: String, _ pattern: String, _ limit: String)
  case closedEarly(_ peer: String)
  case nobodyThere
  case doesNotRead(_ kept: Int)
  case unknownCommand(_ text: String)
  case noClient(_ number: Int)
  case datagramTooLarge(_ peer: String, _ longest: Int)
  case isBroadcast(_ peer: String)
  case datagramRefused(_ peer: String)
  case unreachable(_ peer: String)
  case cannotSendDatagram(_ peer: String, _ reason: Phrase)
  case peerReset(_ peer: String)
  case peerSilent(_ peer: String)
  case peerIdle(_ peer: String)
  case unnamedSender
  case datagramFromOther(_ address: String)
  case badPattern(_ pattern: String, _ reason: String)
  case noChecksum(_ name: String)
  case looksLikeGBK
  case looksLikeUTF8(_ encoding: String)
  case notHexadecimal(_ text: String)
  case notEscape(_ text: String)
  case cannotEncode(_ text: String, _ encoding: String)
  case characterCut
  case notEncoding(_ name: String)
  case noSocketFor(_ address: String)
  case tooManyPeers
  case noEncoding(_ name: String)
  case cannotWriteRecord(_ path: String, _ reason: Phrase)
  case unanswered(_ limit: String)
  case tlsRefused(_ peer: String, _ refusal: TLSRefusal)
  case startTLSFailed(_ peer: String, _ refusal: StartTLSRefusal)
  case badApplicationProtocol(_ name: String)
  case handshakeFailed(_ peer: String, _ reason: String)
  case tlsBroke(_ peer: String, _ reason: String)
  case peerFinished
  case peerResetCause
  case idle
  case timedOut
  case peerEnded(_ peer: String)
  case totalTimeIsUp
  case badPortList(_ entry: String)
  case portListIsForTCP
  case cannotScan(_ reason: Phrase)
  case noAnswer
  case commandEnded(_ end: CommandEnd)
  case local(_ reason: CloseCause.LocalReason)
}

extension Failure {
  /// A failure that one of the library's sentences tells.
  init(_ kind: Kind, _ sentence: TalkSentence) { self.init(kind, sentence.phrase) }
}
