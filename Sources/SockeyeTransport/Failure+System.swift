import Glibc
public import NIOCore

extension IOError {
  static let addressInUse = EADDRINUSE
  static let addressNotAvailable = EADDRNOTAVAIL
  static let familyNotSupported = EAFNOSUPPORT
}

extension Failure {
  /// What to tell when no address of an endpoint could be connected to.
  static func connecting(_ endpoint: Endpoint, lost race: RaceLost, timeout: TimeAmount) -> Failure {
    if race.timedOut && race.failures.isEmpty {
      let text = "no answer from \(endpoint) within \(timeout.text); is it up, or behind a firewall?"
      return Failure(.timedOut, text)
    }
    let codes = Set(race.failures.map { ($0.error as? IOError)?.errnoCode ?? 0 })
    let details: String
    if let only = race.failures.first, race.failures.count == 1 {
      let reason = self.reason(only.error)
      details = only.address.text == endpoint.description ? reason : "\(reason) (\(only.address.text))"
    } else {
      details = race.failures.map { "\($0.address.text): \(self.reason($0.error))" }.joined(separator: "; ")
    }
    if race.timedOut || codes == [ETIMEDOUT] {
      return Failure(.timedOut, "no answer from \(endpoint) within \(timeout.text): \(details)")
    }
    return Failure(.network, "cannot connect to \(endpoint): \(details)\(advice(codes))")
  }

  /// What to tell when an endpoint could not be listened on.
  static func listening(_ endpoint: Endpoint, error: any Error) -> Failure {
    if let failure = error as? Failure { return failure }
    switch (error as? IOError)?.errnoCode {
    case EADDRINUSE?:
      if case .unix(let path) = endpoint.location {
        return Failure(.network, "\(path) is in use by another server; use another path, or remove it")
      }
      let port = endpoint.port ?? 0
      let text = PortUse.find(port: port)?.text(port: port)
      return Failure(.network, text ?? "port \(port) is in use; try another, or --reuse-port")
    case EACCES?:
      return Failure(.network, "\(endpoint) needs more rights than this user has; use a port above 1023")
    case EADDRNOTAVAIL?:
      return Failure(.network, "\(endpoint) is not an address of this machine; 'ip address' lists them")
    case ENOENT?:
      return Failure(.localFile, "\(endpoint): there is no such folder; create it first")
    default:
      return Failure(.network, "cannot listen on \(endpoint): \(reason(error))")
    }
  }

  /// An error of the system in a few words.
  static func reason(_ error: any Error) -> String {
    switch error {
    case let failure as Failure: return failure.message
    case let error as IOError:
      switch error.errnoCode {
      case ECONNREFUSED: return "refused"
      case ECONNRESET: return "reset by the peer"
      case ETIMEDOUT: return "no answer"
      case EHOSTUNREACH, ENETUNREACH: return "unreachable"
      case ENOENT: return "there is no such socket"
      default: return String(cString: strerror(error.errnoCode)).lowercased()
      }
    case is ChannelError: return "no answer in time"
    default: return "\(error)"
    }
  }

  private static func advice(_ codes: Set<CInt>) -> String {
    switch codes {
    case [ECONNREFUSED]: "; is the server running, and on that port?"
    case [ENETUNREACH], [EHOSTUNREACH]: "; check the network and the address"
    case [ENOENT]: "; check the path"
    case [EADDRNOTAVAIL]: "; is the address to connect from one of this machine's?"
    case [EADDRINUSE]: "; connect from another port (the last connection from there may be in TIME-WAIT)"
    default: ""
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
