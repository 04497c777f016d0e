import Glibc

/// The names that services have for their ports: what this machine's `services` says, and a few that it may lack.
package enum ServiceName {
  /// Machines without the file are many: containers come without it.
  private static let wellKnown: [(name: String, port: UInt16)] = [
    ("ftp", 21), ("ssh", 22), ("telnet", 23), ("smtp", 25), ("domain", 53), ("http", 80), ("pop3", 110), ("ntp", 123),
    ("imap2", 143), ("imap", 143), ("ldap", 389), ("https", 443), ("submission", 587), ("ldaps", 636), ("imaps", 993),
    ("pop3s", 995), ("socks", 1080), ("mysql", 3306), ("postgresql", 5432), ("redis", 6379), ("http-alt", 8080),
  ]

  /// A port that is written as its number, or as the name of its service over TCP, in lower case.
  package static func port(_ text: some StringProtocol) -> UInt16? {
    if let number = UInt16(text) { return number }
    // Names have a letter, and no more than these (RFC 6335, section 5.1); the system's own are longer now and then.
    guard text.utf8.count <= 32, text.utf8.contains(where: isLetter), text.utf8.allSatisfy(mayStandInName) else {
      return nil
    }
    return systemPort(String(text)) ?? wellKnown.first { $0.name == text }?.port
  }

  /// The name of the service at a port, over TCP.
  package static func name(of port: UInt16) -> String? {
    var entry = servent()
    var result: UnsafeMutablePointer<servent>?
    var space = [CChar](repeating: 0, count: 4096)
    if getservbyport_r(Int32(port.bigEndian), "tcp", &entry, &space, space.count, &result) == 0,
      let name = result?.pointee.s_name
    {
      return String(cString: name)
    }
    return wellKnown.first { $0.port == port }?.name
  }

  private static func systemPort(_ name: String) -> UInt16? {
    var entry = servent()
    var result: UnsafeMutablePointer<servent>?
    var space = [CChar](repeating: 0, count: 4096)
    guard getservbyname_r(name, "tcp", &entry, &space, space.count, &result) == 0, let found = result?.pointee else {
      return nil
    }
    return UInt16(bigEndian: UInt16(truncatingIfNeeded: found.s_port))
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte) }

  private static func mayStandInName(_ byte: UInt8) -> Bool {
    isLetter(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
  }
}
