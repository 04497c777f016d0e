import Glibc
public import NIOCore
package import SockeyeText

extension IOError {
  static let addressInUse = EADDRINUSE
  static let addressNotAvailable = EADDRNOTAVAIL
  static let familyNotSupported = EAFNOSUPPORT
}

extension Failure {
  /// What to tell when no address of an endpoint could be connected to.
  static func connecting(
    _ endpoint: Endpoint,
    from local: [SocketAddress],
    lost race: RaceLost,
    timeout: TimeAmount
  ) -> Failure {
    if race.timedOut && race.failures.isEmpty { return Failure(.timedOut, .noAnswer(endpoint, timeout.text)) }
    let ownFailures = race.failures.lazy.compactMap { failure in
      local.first { $0.protocol == failure.address.protocol }.flatMap { binding($0, error: failure.error) }
    }
    if !race.timedOut, let failure = ownFailures.first { return failure }
    let codes = Set(race.failures.map { ($0.error as? IOError)?.errnoCode ?? 0 })
    let details = details(race.failures, endpoint)
    if race.timedOut || codes == [ETIMEDOUT] {
      return Failure(.timedOut, .noAnswerBecause(endpoint, timeout.text, details))
    }
    return Failure(.network, .cannotConnectTo(endpoint, details, ConnectingAdvice(codes)))
  }

  /// Why each address could not be connected to; one address that says no more than the endpoint goes without saying.
  private static func details(_ failures: [(address: SocketAddress, error: any Error)], _ endpoint: Endpoint) -> Phrase
  {
    guard let only = failures.first, failures.count == 1 else {
      let all = failures.map { TransportSentence.addressFailed($0.address.text, Failure.reason($0.error)) }
      return Phrase(
        all.map(\.english).joined(separator: "; "),
        zh: all.map(\.chinese).joined(separator: "；")
      )
    }
    let reason = Failure.reason(only.error)
    return only.address.text == endpoint.description
      ? reason : TransportSentence.reasonAt(reason, only.address.text).phrase
  }

  /// What to tell when an endpoint could not be listened on.
  static func listening(_ endpoint: Endpoint, error: any Error) -> Failure {
    if let failure = error as? Failure { return failure }
    switch (error as? IOError)?.errnoCode {
    case EADDRINUSE?:
      switch endpoint.location {
      case .unix(let path): return Failure(.network, .socketInUse(path))
      case .abstract(let name): return Failure(.network, .socketInUse("@" + name))
      case .network: break
      }
      let port = endpoint.port ?? 0
      return Failure(.network, PortUse.find(port: port)?.sentence(port: port) ?? .portInUse(port))
    case EACCES?:
      return Failure(.network, .needsRights(endpoint))
    case EADDRNOTAVAIL?:
      return Failure(.network, .notOwnAddress(endpoint))
    case ENOENT?:
      return Failure(.localFile, .noFolder(endpoint))
    default:
      return Failure(.network, .cannotListen(endpoint, reason(error)))
    }
  }

  /// An error of the system in a few words.
  package static func reason(_ error: any Error) -> Phrase {
    switch error {
    case let failure as Failure: return failure.phrase
    case let error as IOError:
      switch error.errnoCode {
      case ECONNREFUSED: return TransportSentence.refused.phrase
      case ECONNRESET: return TransportSentence.reset.phrase
      case ETIMEDOUT: return TransportSentence.unanswered.phrase
      case EHOSTUNREACH, ENETUNREACH: return TransportSentence.unreachable.phrase
      case ENOENT: return TransportSentence.noSuchSocket.phrase
      default: return .system(error.errnoCode).lowercased()
      }
    case is ChannelError: return TransportSentence.unansweredInTime.phrase
    default: return .literal("\(error)")
    }
  }
}

extension TimeAmount {
  /// The amount in the largest unit that divides it: `5 s`, `250 ms`.
  public var text: String {
    nanoseconds % 1_000_000_000 == 0
      ? "\(nanoseconds / 1_000_000_000) s" : "\(nanoseconds / 1_000_000) ms"
  }
}
