import Glibc
public import NIOCore
import SockeyeTCP

/// The kernel's tables of sockets, as `/proc/net` shows them: proc_net_tcp in the kernel's documentation.
enum SocketTable {
  /// One socket of the table.
  struct Row: Equatable {
    /// `ADDRESS:PORT` in hexadecimal, as the kernel writes it.
    let local: String
    let remote: String
    let state: ConnectionState.Name?
    /// How long a timer has to run, in hundredths of a second; for TIME-WAIT, until the port is free.
    let timer: Int
    /// The socket's number; 0 when no process has it any more.
    let inode: String

    /// Reads a line of a table.
    init?(_ line: Substring) {
      let fields = line.split(separator: " ")
      guard fields.count > 9, let state = UInt8(fields[3], radix: 16) else { return nil }
      local = String(fields[1])
      remote = String(fields[2])
      self.state = ConnectionState.Name(kernelNumber: state)
      timer = fields[5].split(separator: ":").last.flatMap { Int($0, radix: 16) } ?? 0
      inode = String(fields[9])
    }

    func hasLocalPort(_ port: UInt16) -> Bool {
      local.hasSuffix(":" + SocketTable.hexadecimal(UInt(port), digits: 4))
    }
  }

  /// The sockets in the text of a table.
  static func rows(in table: String) -> [Row] { table.split(separator: "\n").dropFirst().compactMap { Row($0) } }

  /// All sockets of TCP, and those of UDP as well if wanted.
  static func read(withDatagrams: Bool) -> [Row] {
    let tables = ["tcp", "tcp6"] + (withDatagrams ? ["udp", "udp6"] : [])
    return tables.flatMap { rows(in: ProcessFiles.text(of: "/proc/net/\($0)")) }
  }

  /// An address as the tables write it: each 32-bit word of it in the order of this machine's bytes.
  static func name(of address: SocketAddress) -> String? {
    guard let bytes = address.addressBytes else { return nil }
    var text = ""
    for word in stride(from: 0, to: bytes.count, by: 4) {
      let value = bytes[word..<word + 4].reversed().reduce(UInt(0)) { $0 << 8 | UInt($1) }
      text += hexadecimal(UInt(UInt32(truncatingIfNeeded: value).littleEndian), digits: 8)
    }
    return text + ":" + hexadecimal(UInt(clamping: address.port ?? 0), digits: 4)
  }

  fileprivate static func hexadecimal(_ value: UInt, digits: Int) -> String {
    let text = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}

/// Whether the other end of a connection within this machine is still some process's.
public enum PeerPresence {
  /// Whether a peer that has ended its stream has closed it altogether, so that whatever it is sent comes to nothing.
  ///
  /// A FIN says that a peer has no more to say, not that it no longer listens (RFC 9293, section 3.6). For a peer on this
  /// machine the kernel's table knows; of others nothing can be known.
  ///
  /// - Parameters:
  ///   - peer: The peer's address.
  ///   - local: This side's address.
  public static func isKnownGone(_ peer: SocketAddress?, to local: SocketAddress?) -> Bool {
    guard let peer, let local, isOfThisMachine(peer, local) else { return false }
    return isGone(peer, to: local, in: SocketTable.read(withDatagrams: false))
  }

  static func isGone(_ peer: SocketAddress, to local: SocketAddress, in rows: [SocketTable.Row]) -> Bool {
    guard let here = SocketTable.name(of: local), let there = SocketTable.name(of: peer) else { return false }
    // The table of another network namespace shows neither end.
    guard rows.contains(where: { $0.local == here && $0.remote == there }) else { return false }
    return !rows.contains { $0.local == there && $0.remote == here && $0.inode != "0" }
  }

  private static func isOfThisMachine(_ peer: SocketAddress, _ local: SocketAddress) -> Bool {
    guard let text = peer.ipAddress else { return false }
    return text == local.ipAddress || text.hasPrefix("127.") || text == "::1"
  }
}
