internal import SockeyeText
internal import SockeyeTransport

/// Why a request was refused, or came to nothing.
struct ConsoleError: Error {
  /// What a program acts on.
  enum Kind: String {
    case usage
    case network
    case timedOut = "timed-out"
    case tls
    case localFile = "local-file"
    case behind
    case missing
    case other
  }

  let kind: Kind
  let phrase: Phrase

  init(_ kind: Kind, _ sentence: ConsoleSentence) {
    self.kind = kind
    phrase = sentence.phrase
  }

  init(_ failure: Failure) {
    phrase = failure.phrase
    kind =
      switch failure.kind {
      case .usage: .usage
      case .network: .network
      case .timedOut: .timedOut
      case .tls: .tls
      case .localFile: .localFile
      default: .other
      }
  }

  /// What kind of failure it is to whoever isn't told in JSON.
  var failureKind: Failure.Kind {
    switch kind {
    case .usage: .usage
    case .network: .network
    case .timedOut: .timedOut
    case .tls: .tls
    case .localFile: .localFile
    case .behind, .missing, .other: .other
    }
  }

  init(_ error: any Error) {
    switch error {
    case let error as ConsoleError: self = error
    case let failure as Failure: self.init(failure)
    default: self.init(.other, .unknownFault("\(error)"))
    }
  }
}
