import Glibc

/// What keeps a port of this machine from being bound.
enum PortUse: Equatable {
  /// A process has a socket there.
  case process(name: String, identifier: Int, state: String)
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
    let listening = held.filter { $0.state == .listen || $0.state == .unconnected }
    if let found = owner(listening) ?? owner(held) {
      return .process(name: found.name, identifier: found.identifier, state: found.row.state?.name ?? "")
    }
    let waiting = rows.filter { $0.state == .timeWait }.map(\.timer).max()
    return waiting.map { .timeWait(seconds: ($0 + 99) / 100) }
  }

  /// What to say of it, and what to do.
  func sentence(port: UInt16) -> TransportSentence {
    switch self {
    case .process(let name, let identifier, let state) where state == "LISTEN" || state == "unconnected" || state == "":
      return .portInUseBy(port, name, identifier)
    case .process(let name, let identifier, let state):
      return .portHasConnection(port, name, identifier, state)
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
    for process in entries("/proc") {
      guard let identifier = Int(process) else { continue }
      for descriptor in entries("/proc/\(process)/fd") {
        let target = link("/proc/\(process)/fd/\(descriptor)")
        guard target.hasPrefix("socket:["), let row = rows.first(where: { $0.inode == target.dropFirst(8).dropLast() })
        else { continue }
        let name = SocketTable.text(of: "/proc/\(process)/comm").prefix { $0 != "\n" }
        return (String(name), identifier, row)
      }
    }
    return nil
  }

  private static func link(_ path: String) -> String {
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = bytes.withUnsafeMutableBytes { buffer in
      buffer.withMemoryRebound(to: CChar.self) { text in
        text.baseAddress.map { readlink(path, $0, text.count) } ?? 0
      }
    }
    return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : ""
  }

  private static func entries(_ path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      names.append(name)
    }
    return names
  }
}
