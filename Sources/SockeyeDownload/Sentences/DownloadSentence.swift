import SockeyeText
import SockeyeTransport

/// What the library has to say to people.
enum DownloadSentence: Sentence {
  case credentialsInURL
  case badPlace(_ url: DownloadURL, _ reason: Phrase)
  case badURL(_ text: String)
  case missingPort(_ text: String)
  case badForm(_ text: String, _ scheme: String)
  case cannotWriteOutput(_ reason: Phrase)
  case notJournal(_ path: String)
  case notUnfinished(_ path: String)
  case becameShorter(_ path: String)
  case appearedMeanwhile(_ path: String, _ part: String)
  case isBeingWritten(_ path: String)
  case connectionIsClosed(_ url: DownloadURL)
  case unasked(_ url: DownloadURL)
  case serverSilent(_ url: DownloadURL, _ seconds: Int64)
  case closedWithoutAnswer(_ url: DownloadURL)
  case connectionCut(_ url: DownloadURL)
  case serverClosed(_ url: DownloadURL)
  case stopped(_ url: DownloadURL)
  case endedEarly(_ url: DownloadURL)
  case cannotTakeBack(_ url: DownloadURL, _ reason: Phrase)
  case restartedTooOften(_ url: DownloadURL, _ reason: Phrase)
  case nothingDownloaded(_ url: DownloadURL)
  case tooShort(_ url: DownloadURL, _ count: UInt64, _ size: UInt64)
  case cannotRead(_ path: String, _ reason: Phrase)
  case passwordsExposed(_ path: String)
  case notCredentials(_ path: String)
  case nothingFollows(_ path: String, _ word: String)
  case notUnderstood(_ path: String, _ word: String)
  case headersTooLong(_ url: DownloadURL)
  case notHTTP(_ url: DownloadURL, _ reason: String)
  case cutInHandshake(_ url: DownloadURL)
  case serverReset(_ url: DownloadURL)
  case failed(_ url: DownloadURL, _ reason: String)
  case tooManyRedirects(_ url: DownloadURL, _ most: Int)
  case redirectToNowhere(_ url: DownloadURL)
  case unaskedCoding(_ url: DownloadURL, _ names: String)
  case noListings(_ url: DownloadURL)
  case someFailed(_ url: DownloadURL, _ count: Int, _ first: Phrase)
  case tooManyFiles(_ url: DownloadURL, _ most: Int)
  case tooDeep(_ url: DownloadURL, _ most: Int)
  case noListing(_ url: DownloadURL)
  case answerTooLong(_ url: DownloadURL, _ limit: Int)
  case bodyTooLong(_ url: DownloadURL)
  case noSignOfSame
  case answersWhole(_ url: DownloadURL, _ status: UInt)
  case partUnasked(_ url: DownloadURL)
  case otherSizeThanListed(_ url: DownloadURL, _ size: UInt64, _ listed: UInt64)
  case keptPacked(_ url: DownloadURL, _ coding: String)
  case noEncoding(_ name: String)
  case cannotEncode(_ name: String, _ encoding: String)
  case exists(_ path: String)
  case isReplaced(_ path: String)
  case begunElsewhere
  case diskDiffers
  case otherDigest
  case appeared(_ path: String)
  case certificateOfOther(_ url: DownloadURL, _ host: String)
  case certificateExpired(_ url: DownloadURL, _ host: String, _ date: String)
  case certificateNotYetValid(_ url: DownloadURL, _ host: String, _ date: String)
  case noSignOfPart
  case noParts
  case fileChanged
  case otherPart(_ url: DownloadURL)
  case partOfUnknown(_ url: DownloadURL)
  case unprovedPart
  case partWithoutLength
  case partOfOtherLength(_ url: DownloadURL)
  case noSuchPart
  case refusesPart(_ url: DownloadURL)
  case somethingElse(_ url: DownloadURL, _ new: String, _ old: String)
  case noFileName
  case unsafeName(_ name: String)
  case cannotWriteTo(_ path: String, _ reason: Phrase)
  case isFolder(_ path: String)
  case notFileName(_ path: String)
  case cannotOpenFolder(_ path: String, _ reason: Phrase)
  case cannotCreateFolder(_ path: String, _ reason: Phrase)
  case cannotOpenSubfolder(_ path: String, _ reason: Phrase)
  case notFolder(_ path: String)
  case notRegular(_ path: String)
  case notOwnRegular(_ path: String)
  case cannotReadCertificates(_ path: String)
  case closedAtOnce(_ url: DownloadURL)
  case handshakeTooSlow(_ url: DownloadURL, _ seconds: Int64)
  case because(_ url: DownloadURL, _ reason: Phrase)
  case beginAnew(_ failure: Phrase, _ part: String)
  case otherThanServers(_ url: DownloadURL, _ digest: String, _ expected: String)
  case otherThanAskedFor(_ url: DownloadURL, _ digest: String, _ expected: String)
  case redirectToPlain(_ url: DownloadURL, _ next: DownloadURL)
  case redirectElsewhere(_ url: DownloadURL, _ next: DownloadURL)
  case needsCredentials(_ answer: String)
  case badCredentials(_ answer: String)
  case notFound(_ answer: String)
  case cutAfter(_ url: DownloadURL, _ position: UInt64, of: UInt64?)
  case cannotLookAt(_ path: String, _ reason: Phrase)
  case cannotOpen(_ path: String, _ reason: Phrase)
  case cannotWrite(_ path: String, _ reason: Phrase)
  case cannotCreate(_ path: String, _ reason: Phrase)
  case cannotRename(_ from: String, _ path: String, _ reason: Phrase)
  case noSpace
  case ambiguousNothing(_ url: DownloadURL)
  case ambiguousByte(_ url: DownloadURL)
  case tlsFailed(_ url: DownloadURL, _ problem: TLSProblem)
}

extension Failure {
  /// A failure that one of the library's sentences tells.
  init(_ kind: Kind, _ sentence: DownloadSentence) { self.init(kind, sentence.phrase) }
}
