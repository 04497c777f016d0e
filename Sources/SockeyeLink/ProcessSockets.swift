internal import CSockeyeLinux
internal import Glibc
public import SockeyeWire

/// The TCP sockets of a process, by what Linux tells of them in /proc: which addresses and ports are its own.
///
/// Sockets come and go, so the answer is asked for again where a packet belongs to none that is known: at once for each new
/// pair of places, of which some come together, and a hundred times a second at most in the long run.
public struct ProcessSockets {
  /// An address and a port.
  public struct Place: Hashable, Sendable {
    /// The address; IPv4 where IPv6 only maps it.
    public var address: IPAddress
    /// The port.
    public var port: UInt16

    /// A place from its parts.
    public init(address: IPAddress, port: UInt16) {
      self.address = address
      self.port = port
    }
  }

  /// A line of /proc/net/tcp or tcp6.
  struct Entry: Hashable {
    var local: Place
    var remote: Place
    var isListening: Bool
    var inode: UInt64
  }

  private struct Pair: Hashable {
    var local: Place
    var remote: Place
  }

  /// Ports of sockets that listen: what comes for them becomes the process's when it is accepted.
  private var listening: Set<UInt16> = []
  private var connections: Set<Pair> = []
  /// Pairs that were asked about lately and belong to others.
  private var strangers: Set<Pair> = []
  private var strangersSince: UInt64 = 0
  /// How often it may be asked now, and since when that counts.
  private var allowance = Self.burst
  private var allowanceSince: UInt64 = 0
  private let process: Int32
  private static let pause: UInt64 = 10_000_000
  private static let burst: UInt64 = 64
  /// How long a pair is taken for somebody else's: a socket may be handed on.
  private static let strangerTime: UInt64 = 100_000_000
  private static let strangerLimit = 4_096
  /// How many connections are kept that the process has had: what follows a close belongs to it as well.
  private static let limit = 65_536

  /// The sockets of the process with that number.
  ///
  /// - Throws: `LinkError`: ENOENT where there is no such process, EACCES where its sockets may not be seen.
  public init(process: Int32) throws(LinkError) {
    self.process = process
    try read()
  }

  /// Has the calling thread open its next sockets in the process's network, where that is another one than its own.
  ///
  /// - Throws: `LinkError`, with EPERM where the capability CAP_SYS_ADMIN is missing.
  public func enterNetwork() throws(LinkError) {
    let attempt = "cannot enter the network of process \(process)"
    let (own, theirs) = (Self.link("/proc/self/ns/net"), Self.link("/proc/\(process)/ns/net"))
    guard let theirs else { throw LinkError(attempt) }
    guard own != theirs else { return }
    let descriptor = open("/proc/\(process)/ns/net", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw LinkError(attempt) }
    defer { close(descriptor) }
    guard setns(descriptor, SOCKEYE_CLONE_NEWNET) == 0 else { throw LinkError(attempt) }
  }

  /// Whether a segment between these places belongs to the process.
  ///
  /// - Parameters:
  ///   - source: who sends it.
  ///   - destination: who receives it.
  ///   - isArrivingSYN: whether it opens a connection and comes from outside: what comes for a port where the process
  ///     listens is its own from then on.
  ///   - time: the present, in nanoseconds of any clock.
  public mutating func own(
    from source: Place,
    to destination: Place,
    isArrivingSYN: Bool,
    at time: UInt64
  ) -> Bool {
    if isKnown(source, destination) { return true }
    if isArrivingSYN, listening.contains(destination.port) {
      if connections.count > Self.limit { connections = [] }
      connections.insert(Pair(local: destination, remote: source))
      return true
    }
    if time >= strangersSince &+ Self.strangerTime || strangers.count >= Self.strangerLimit {
      strangers = []
      strangersSince = time
    }
    guard !isIn(strangers, source, destination), mayRead(at: time), (try? read()) != nil else { return false }
    if isKnown(source, destination) || (isArrivingSYN && listening.contains(destination.port)) { return true }
    strangers.insert(Pair(local: source, remote: destination))
    return false
  }

  /// Takes one of the times that it may be asked.
  private mutating func mayRead(at time: UInt64) -> Bool {
    let earned = time > allowanceSince ? (time - allowanceSince) / Self.pause : 0
    if earned > 0 {
      allowance = min(Self.burst, allowance + min(earned, Self.burst))
      allowanceSince = time
    }
    guard allowance > 0 else { return false }
    allowance -= 1
    return true
  }

  private func isKnown(_ source: Place, _ destination: Place) -> Bool {
    isIn(connections, source, destination)
  }

  private func isIn(_ pairs: Set<Pair>, _ source: Place, _ destination: Place) -> Bool {
    pairs.contains(Pair(local: source, remote: destination)) || pairs.contains(Pair(local: destination, remote: source))
  }

  private mutating func read() throws(LinkError) {
    let inodes = try sockets()
    listening = []
    if connections.count > Self.limit { connections = [] }
    for name in ["tcp", "tcp6"] {
      // A system without IPv6 has no second table.
      guard let text = Self.content("/proc/\(process)/net/\(name)") else { continue }
      for entry in Self.entries(text) where inodes.contains(entry.inode) {
        if entry.isListening {
          listening.insert(entry.local.port)
        } else {
          connections.insert(Pair(local: entry.local, remote: entry.remote))
        }
      }
    }
  }

  /// The inodes of the sockets that the process has open.
  private func sockets() throws(LinkError) -> Set<UInt64> {
    let folder = "/proc/\(process)/fd"
    guard let directory = opendir(folder) else {
      throw LinkError("cannot see the sockets of process \(process)")
    }
    defer { closedir(directory) }
    var inodes: Set<UInt64> = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard let target = Self.link("\(folder)/\(name)"), target.hasPrefix("socket:["), target.hasSuffix("]") else {
        continue
      }
      if let inode = UInt64(target.dropFirst(8).dropLast()) { inodes.insert(inode) }
    }
    return inodes
  }

  private static func link(_ path: String) -> String? {
    var buffer = [CChar](repeating: 0, count: 256)
    let count = readlink(path, &buffer, buffer.count)
    guard count > 0 else { return nil }
    return String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  private static func content(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes += buffer[..<count]
    }
  }

  // MARK: The tables

  /// The sockets that a table names; a line that is none is left out.
  static func entries(_ text: String) -> [Entry] {
    text.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard words.count >= 10, let local = place(words[1]), let remote = place(words[2]) else { return nil }
      guard let inode = UInt64(words[9]) else { return nil }
      return Entry(local: local, remote: remote, isListening: words[3] == "0A", inode: inode)
    }
  }

  /// `0100007F:1F90`: an address in words of the machine's own order, and a port.
  private static func place(_ text: Substring) -> Place? {
    let parts = text.split(separator: ":")
    guard parts.count == 2, let port = UInt16(parts[1], radix: 16) else { return nil }
    var words: [UInt32] = []
    var rest = parts[0]
    while !rest.isEmpty {
      guard let word = UInt32(rest.prefix(8), radix: 16) else { return nil }
      words.append(UInt32(bigEndian: word))
      rest = rest.dropFirst(8)
    }
    switch words.count {
    case 1: return Place(address: .v4(IPv4Address(rawValue: words[0])), port: port)
    case 4:
      let high = UInt64(words[0]) << 32 | UInt64(words[1])
      let low = UInt64(words[2]) << 32 | UInt64(words[3])
      // What arrives over IPv4 at a socket of IPv6 passes as IPv4 (RFC 4291, section 2.5.5.2).
      let isMapped = high == 0 && words[2] == 0xFFFF
      let address: IPAddress = isMapped ? .v4(IPv4Address(rawValue: words[3])) : .v6(IPv6Address(high: high, low: low))
      return Place(address: address, port: port)
    default: return nil
    }
  }
}
