internal import NIOCore
internal import SockeyeWire
internal import Synchronization

/// The names by which a child knows addresses, for all who ask: the gatekeeper, and a link that treats destinations differently.
final class SharedNames: Sendable {
  private let names: Mutex<KnownNames>

  init(given: [HostName: [IPAddress]]) { names = Mutex(KnownNames(given: given)) }

  /// See `KnownNames.note`.
  func note(_ name: HostName, _ address: IPAddress, timeToLive: UInt32, now: NIODeadline) {
    names.withLock { $0.note(name, address, timeToLive: timeToLive, now: now) }
  }

  /// See `KnownNames.names`.
  func names(of address: IPAddress, now: NIODeadline) -> [KnownName] {
    names.withLock { $0.names(of: address, now: now) }
  }
}
