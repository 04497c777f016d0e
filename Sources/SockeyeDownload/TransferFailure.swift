internal import NIOCore
internal import SockeyeText
internal import SockeyeTransport

/// Why a transfer ended before its end, and what may be done about it.
struct TransferFailure: Error {
  enum Remedy: Equatable, Sendable {
    /// Another attempt may fare better, not before the time that the server asked for.
    case retry(after: TimeAmount?)
    /// What has been downloaded is of no use; the reason is for people.
    case startOver(reason: Phrase)
    /// Nothing.
    case none
  }

  var failure: Failure
  var remedy: Remedy

  init(_ failure: Failure, remedy: Remedy) {
    self.failure = failure
    self.remedy = remedy
  }

  /// With the remedy that failures of its kind have.
  init(_ failure: Failure) {
    self.init(failure, remedy: RetrySchedule.isWorthwhile(failure) ? .retry(after: nil) : .none)
  }

  static func startOver(_ url: DownloadURL, _ reason: Phrase) -> TransferFailure {
    TransferFailure(Failure(.integrity, .because(url, reason)), remedy: .startOver(reason: reason))
  }
}
