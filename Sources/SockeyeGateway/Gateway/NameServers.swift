internal import Glibc
public import NIOCore

/// Whom the machine asks for names.
public enum NameServers {
  /// The name servers of a resolver's configuration, of which the first three count (resolv.conf(5)).
  ///
  /// - Parameter text: as in `/etc/resolv.conf`. Without a server in it, it is the machine itself.
  public static func of(resolverConfiguration text: String) -> [SocketAddress] {
    var servers: [SocketAddress] = []
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.prefix { $0 != "#" && $0 != ";" }.split(whereSeparator: \.isWhitespace)
      guard words.count >= 2, words[0] == "nameserver" else { continue }
      guard let server = try? SocketAddress(ipAddress: String(words[1]), port: 53) else { continue }
      servers.append(server)
    }
    let itself = (try? SocketAddress(ipAddress: "127.0.0.1", port: 53)).map { [$0] } ?? []
    return servers.isEmpty ? itself : Array(servers.prefix(3))
  }

  /// The machine's name servers, as its resolver's configuration names them.
  public static func ofMachine() -> [SocketAddress] {
    of(resolverConfiguration: contents(of: "/etc/resolv.conf"))
  }

  /// The front of a file, 64 KiB at most; nothing where it can't be read.
  private static func contents(of path: String) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 4096)
    while bytes.count < 65_536 {
      let count = read(descriptor, &room, room.count)
      guard count > 0 else { break }
      bytes += room[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
