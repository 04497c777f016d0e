import SockeyeText
import SockeyeTransport

/// What the library has to say to people.
enum ServiceSentence: Sentence {
  case cannotReadCertificate(_ path: String)
  case cannotReadKey(_ path: String)
  case noCertificate(_ path: String)
  case cannotMakeCertificate(_ reason: String)
  case cannotUseKept(_ reason: String)
  case badPasswordLine(_ file: String, _ line: Int)
  case badUserName(_ name: String)
  case badBlock(_ text: String)
  case badPrefix(_ text: String, _ bits: Int)
  case badIdentity(_ reason: String)
  case cannotServe(_ path: String, _ reason: Phrase)
  case neitherFileNorFolder(_ path: String)
  case hiddenName(_ path: String)
  case sameName(_ name: String)
  case badPathPrefix(_ text: String)
  case noFallback(_ path: String)
  case badOrigin(_ text: String)
  case onlyThisDigest
  case threadsThere
  case folderIsNotEmpty
  case hiddenThingsInFolder
  case treeIsTooLarge
  case somethingIsThere
  case folderAboveIsMissing
  case folderHasNoDigest
}

extension Failure {
  /// A failure that one of the library's sentences tells.
  init(_ kind: Kind, _ sentence: ServiceSentence) { self.init(kind, sentence.phrase) }
}
