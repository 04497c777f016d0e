import Glibc
import SockeyeTCP

/// What keeps a port of this machine from being bound.
enum PortUse: Equatable {
  /// A process has a socket there.
  case process(name: String, identifier: Int, state: ConnectionState.Name?)
  /// A connection that this machine closed first rests in TIME-WAIT (RFC 9293, section 3.6.1), for so many seconds more.
  case timeWait(seconds: Int)

  /// Finds out; nothing when the kernel's tables don't say, or the process is another user's.
  static func find(port: UInt16) -> PortUse? {
    let rows = SocketTable.read(withDatagrams: true).filter { $0.hasLocalPort(port) }
    return find(in: rows, owner: PortOwner.find)
  }

  static func find(
    in rows: [SocketTable.Row],
    owner: ([SocketTable.Row]) -> (name: String, identifier: Int, row: SocketTable.Row)?
  ) -> PortUse? {
    let held = rows.filter { $0.inode != "0" }
    // Who listens matters more than those who were accepted.
    let listening = held.filter { $0.state == .listen || $0.state == .closed }
    if let found = owner(listening) ?? owner(held) {
      return .process(name: found.name, identifier: found.identifier, state: found.row.state)
    }
    let waiting = rows.filter { $0.state == .timeWait }.map(\.timer).max()
    return waiting.map { .timeWait(seconds: ($0 + 99) / 100) }
  }

  /// What to say of it, and what to do.
  func sentence(port: UInt16) -> TransportSentence {
    switch self {
    // A socket of UDP is closed to the kernel.
    case .process(let name, let identifier, .listen), .process(let name, let identifier, .closed),
      .process(let name, let identifier, nil):
      return .portInUseBy(port, name, identifier)
    case .process(let name, let identifier, let state?):
      return .portHasConnection(port, name, identifier, state.standardName)
    case .timeWait(let seconds):
      return .portWaits(port, seconds)
    }
  }
}

/// The process that has a socket, as `/proc` tells it.
enum PortOwner {
  /// Finds the process that has one of some sockets.
  ///
  /// Processes of other users stay hidden from all but root.
  static func find(_ rows: [SocketTable.Row]) -> (name: String, identifier: Int, row: SocketTable.Row)? {
    guard !rows.isEmpty else { return nil }
    for process in ProcessFiles.entries("/proc") {
      guard let identifier = Int(process) else { continue }
      for descriptor in ProcessFiles.entries("/proc/\(process)/fd") {
        let target = ProcessFiles.link("/proc/\(process)/fd/\(descriptor)")
        guard target.hasPrefix("socket:["), let row = rows.first(where: { $0.inode == target.dropFirst(8).dropLast() })
        else { continue }
        return (ProcessFiles.firstLine(of: "/proc/\(process)/comm"), identifier, row)
      }
    }
    return nil
  }
}
