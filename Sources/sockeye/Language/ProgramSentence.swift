import SockeyeDownload
import SockeyeGateway
import SockeyeText
import SockeyeTransport

/// What the program has to say to people, besides what its libraries say.
enum ProgramSentence: Sentence {
  case cannotRead(_ path: String, _ reason: Phrase)
  case logFailed(_ reason: Phrase)
  case datagramFrom(_ peer: String, _ source: String)
  case emptyDatagram(_ peer: String)
  case datagramCut(_ peer: String, _ length: Int)
  case maxClientsAboveZero
  case replyRateAboveZero
  case repliesNotNegative
  case drainingClients
  case clientReset
  case clientSilent
  case clientIdle
  case ttlRange
  case recordNeedsOutput
  case maxDatagramRange
  case maxFrameRange
  case notMulticast(_ text: String)
  case recordLacks(_ path: String, _ count: Int)
  case cannotWriteFile(_ path: String, _ reason: Phrase)
  case countAboveZero
  case retryNotNegative
  case totalAboveZero
  case endingClient
  case transferSizeRange
  case keepsOneTransfer(_ flag: String)
  case badImpairment(_ problem: Phrase)
  case noAlgorithm(_ name: String)
  case verdictCountRange
  case verdictsRight(_ place: Phrase, _ right: Int, _ total: Int)
  case widthRange
  case streamAboveZero
  case captureProblem(_ file: String, _ problem: Phrase)
  case noConnection(_ number: Int, _ count: Int)
  case judgedByFirst(_ missed: UInt64)
  case segmentsNotDrawn(_ missed: UInt64)
  case captureOrInterface
  case nothingToWatch
  case recordCommandFirst
  case cannotWatchCommand(_ reason: Phrase)
  case drawsOneConnection(_ flag: String, _ count: Int)
  case pageDrawsTCP(_ scenario: String)
  case eventsNotIn(_ file: String, _ missed: UInt64)
  case followed(_ first: String, _ second: String)
  case followedOne(_ number: Int, _ count: Int)
  case pidAboveZero
  case watching(_ interface: String)
  case watchingProcess(_ number: Int32)
  case seeProcessAsRoot
  case seeProcesses
  case packetsMissed(_ count: UInt64)
  case seePacketsAsRoot
  case maxStreamsAboveZero
  case everyRangeOrNone
  case tunTwice
  case impairWords
  case impairSpecificationAlone
  case faultsBetweenDevices
  case faultsOfDatagrams
  case tlsPassesAsItIs
  case datagramsToDatagrams
  case noTCP
  case packetsNotTCP(_ count: UInt64)
  case segmentsUnlisted(_ count: UInt64)
  case noScenario(_ name: String)
  case notCapture(_ path: String)
  case mtuRange
  case mtuForIPv6
  case commandBehindDashes
  case notANameServer(_ text: String)
  case hostTakesPair(_ text: String)
  case faultsOfPackets(_ text: String)
  case impairedTwice(_ text: String)
  case longestPacketOfSome(_ text: String)
  case linkRateRange
  case seed(_ seed: UInt64)
  case notExecuted(_ name: String, _ reason: Phrase)
  case notHostAddress(_ address: String)
  case notGateway(_ text: String)
  case portTwice(_ port: UInt16, _ flag: String)
  case everyRange
  case tlsTakesAuto
  case noStateFolder
  case certificateNotKept(_ path: String)
  case passwordPrompt(_ user: String)
  case noPassword
  case cannotWriteLog(_ path: String, _ reason: Phrase)
  case logLinesDropped(_ count: Int)
  case workersRange
  case waitingForConnections(_ count: Int64)
  case noDirectory
  case confined(ports: Bool)
  case unconfined(_ reason: Phrase)
  case uploadNeedsDirectory
  case reloaded
  case certificateFingerprint(_ digest: String)
  case metricsAt(_ address: String)
  case serviceRateRange
  case maxClientsRange
  case maxPerAddressRange
  case connectionsRange
  case retryRange
  case rateRange
  case outputForOne
  case urlOrInput
  case inLine(_ path: String, _ number: Int, _ reason: Phrase)
  case notAllDownloaded
  case putNeedsBoth
  case manyNeedFolder(_ url: String)
  case notAllUploaded
  case isThereAlready(_ url: String)
  case fileSent(_ url: String, _ size: String, rate: String?, _ assurance: DownloadReport.Assurance)
  case folderSent(_ files: Int, _ size: String, skipped: Int)
  case cannotWriteReadyFile(_ path: String, _ reason: Phrase)
  case cannotReadSessions(_ path: String, _ reason: Phrase)
  case cannotWriteOutput(_ reason: Phrase)
  case noVerb(_ verb: String, nearest: String?)
  case wrongCall(_ problem: String, help: String)
  case of(_ subject: String, _ phrase: Phrase)
  case cannotReadInput(_ reason: Phrase)
  case cannotWrite(_ path: String, _ reason: Phrase)
  case cannotUse(_ path: String, _ reason: Phrase, isWriting: Bool)
  case cannotWriteTheOutput(_ reason: Phrase)
  case cannotWriteTheLog(_ reason: Phrase)
  case listening(_ addresses: [String])
  case retrying(_ failure: Phrase, _ pause: String, _ attempt: Int, _ total: Int?)
  case datagramsComeFrom(_ peer: String)
  case datagramsGoTo(_ peer: String)
  case connected(_ peer: String)
  case proxyIsOpen
  case proxied(_ client: String, _ name: String, _ target: String?)
  case notProxied(_ client: String, _ target: String, _ reason: Phrase)
  case noSuchName
  case proxyFault(_ client: String, _ fault: ProxyFault)
  case proxyIsFull(_ client: String)
  case scanned(_ place: String, open: Int, closed: Int, filtered: Int)
  case severalPortsNeedProbe
  case connectedThrough(_ peer: String, _ proxy: String)
  case secured(_ peer: String, _ version: String, _ cipher: String?, _ agreed: String?)
  case certificate(_ subject: String, _ issuer: String, _ lastDay: String, _ daysLeft: Int64)
  case hasItsTurn(_ peer: String)
  case waits(_ peer: String, _ ahead: Int)
  case peerFinished(_ peer: String, _ time: String)
  case weFinished(_ peer: String, _ time: String)
  case peerEndedStream(_ peer: String, _ time: String)
  case weEndedStream(_ peer: String, _ time: String)
  case peerEndedIt
  case peerLeft
  case peerEndedFirst(_ theirs: String, _ ours: String)
  case weEndedFirst(_ ours: String, _ theirs: String)
  case exchanged(_ received: UInt64, _ sent: UInt64, _ seconds: String)
  case closed(_ peer: String, _ cause: Phrase, _ ending: Phrase?, _ figures: Phrase)
  case activeClose(_ ours: String, _ theirs: String)
  case activeCloseUnanswered(_ ours: String)
  case passiveClose(_ theirs: String, _ ours: String)
  case passiveCloseUnanswered(_ theirs: String)
  case simultaneousClose(_ ours: String, _ theirs: String)
  case resetByUs
  case resetByPeer
  case noClients
  case client(_ peer: String, isWaiting: Bool, received: UInt64, sent: UInt64)
  case endsInsidePacket
  case isDamaged
  case noData
  case peerFirst
  case weFirst
  case peerSilent
  case socketError(_ error: String)
  case serviceConnected(_ service: HostService, _ peer: String)
  case serviceClosed(_ service: HostService, _ peer: String, _ ending: Phrase)
  case measured(_ transfer: MeasuredTransfer)
  case hostIsUp(_ device: String, _ addresses: [String], _ services: [String])
  case cannotUseFile(_ problem: Phrase)
  case cannotUseDevice(_ problem: Phrase, _ advice: Phrase)
  case runAsRoot
  case loadModule
  case deviceIsTaken
  case makeDevice
  case seeLinks
  case serving(_ directory: String, _ urls: [String])
  case notReloaded(_ reason: Phrase)
  case goingOn(_ file: String, _ offset: String)
  case redirected(_ place: String)
  case renamed(_ from: String, _ to: String)
  case tryingAgain(_ failure: Phrase, _ attempt: Int, _ milliseconds: Int64)
  case startingAgain(_ reason: Phrase)
  case leftAsItIs(_ file: String)
  case fileDone(_ file: String, _ size: String, rate: String?, _ assurance: Phrase)
  case folderDone(_ files: Int, _ size: String, skipped: Int)
  case flagIsFor(_ flag: String, _ right: Set<FlagSubject>, _ subjects: Set<FlagSubject>, _ remedy: FlagRemedy)
  case flagGoesWith(_ flag: String, _ others: [String])
  case flagsExclude(_ flag: String, _ other: String)
  case flagStandsAlone(_ flag: String, _ other: String)
  case flagTakes(_ flag: String, _ right: Set<FlagSubject>, _ value: String, _ subject: FlagSubject)
  case flagIsNotFor(_ flag: String, _ reason: Phrase)
  case serverAsksForNone
  case accessLogFailed(_ reason: Phrase)
  case programIsEnding
  case closedAtOnce(_ endpoint: Endpoint)
  case closedAtOnceByOther(_ endpoint: Endpoint)
  case notBenchServer(_ endpoint: Endpoint)
  case cannotConnect(_ endpoint: Endpoint, _ reason: String)
  case cannotMeasure(_ endpoint: Endpoint, _ reason: Phrase)
  case noConnectionStands
  case benchConnectionsRange
  case perSecondRange
  case benchDurationRange
  case benchSizeRange(_ sizes: ClosedRange<Int64>)
}

extension Failure {
  /// A failure that one of the library's sentences tells.
  init(_ kind: Kind, _ sentence: ProgramSentence) { self.init(kind, sentence.phrase) }
}
