import Glibc
public import NIOCore
public import SockeyeText
import SockeyeTransport

/// What became of an attempt to connect to one port.
public struct PortProbe: Sendable {
  /// How a port answers.
  public enum State: String, Hashable, Sendable, CaseIterable {
    /// Somebody accepts.
    case open
    /// The host answers that nobody does: RST.
    case closed
    /// Nothing comes back, or another machine says that nothing gets there (ICMP).
    case filtered
  }

  /// The port.
  public let port: UInt16
  /// The address that answered, or else the first that was asked.
  public let address: SocketAddress
  /// How it answers.
  public let state: State
  /// How long the answer took; nothing where there was none.
  public let latency: TimeAmount?
  /// Why the port counts as filtered.
  public let reason: Phrase?

  /// The name of the service that is usual there.
  public var service: String? { ServiceName.name(of: port) }

  /// What a lost race says of a port.
  ///
  /// - Throws: What this machine lacks, where it is no answer of the network's.
  init(_ port: UInt16, of first: SocketAddress, lost race: RaceLost, after time: TimeAmount) throws(Failure) {
    self.port = port
    for failure in race.failures {
      if let lack = Self.lack(failure.error) { throw lack }
    }
    if let refused = race.failures.first(where: { Self.isRefusal($0.error) }) {
      (address, state, latency, reason) = (refused.address, .closed, time, nil)
    } else {
      let failure = race.failures.first
      address = failure?.address ?? first
      (state, latency) = (.filtered, nil)
      reason = failure.map { Failure.reason($0.error) } ?? TalkSentence.noAnswer.phrase
    }
  }

  init(_ port: UInt16, open address: SocketAddress, after time: TimeAmount) {
    (self.port, self.address, state, latency, reason) = (port, address, .open, time, nil)
  }

  private static func isRefusal(_ error: any Error) -> Bool {
    let code = (error as? IOError)?.errnoCode
    return code == ECONNREFUSED || code == ECONNRESET
  }

  /// Descriptors, ports and memory are this machine's: a port that was not asked is neither open nor filtered.
  private static func lack(_ error: any Error) -> Failure? {
    if let failure = error as? Failure { return failure }
    switch (error as? IOError)?.errnoCode {
    case EMFILE?, ENFILE?, EADDRNOTAVAIL?, EADDRINUSE?, ENOBUFS?, ENOMEM?:
      return Failure(.other, .cannotScan(Failure.reason(error)))
    default: return nil
    }
  }
}

extension PortProbe {
  /// The probe as one JSON object, its line feed left out.
  public var json: String {
    var line = JSONLine(event: "port")
    line.add("time", WallTime.now.iso8601)
    line.add("address", address.text)
    line.add("port", port)
    line.add("state", state.rawValue)
    if let latency { line.add("microseconds", latency.nanoseconds / 1000) }
    if state == .open, let service { line.add("service", service) }
    if let reason { line.add("reason", reason.english) }
    return line.line
  }
}
