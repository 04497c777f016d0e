import Glibc
import SockeyeWire
import Testing

@testable import SockeyeLink

@Suite("Sockets of a process")
struct ProcessSocketsTests {
  @Test("a table of Linux names places, listeners and inodes; what isn't a line of it is left out")
  func table() {
    let text = """
        sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
         0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1234 1 0 100 0 0 10 0
         1: 0100007F:9C40 0200000A:0050 01 00000000:00000000 00:00000000 00000000  1000        0 5678 1 0 20 4 30 10 -1
         2: 0000000000000000FFFF00000100007F:1F91 00000000000000000000000000000000:0000 01 0:0 0:0 0 0 0 9
         3: 000080FE000000000000000001000000:0016 nonsense:0016 01 0:0 0:0 0 0 0 9
      """
    let entries = ProcessSockets.entries(text)
    #expect(entries.count == 3)
    let loopback = IPAddress.v4(IPv4Address(127, 0, 0, 1))
    #expect(entries.first?.local == ProcessSockets.Place(address: loopback, port: 8080))
    #expect(entries.first?.isListening == true && entries.first?.inode == 1234)
    #expect(entries[1].remote == ProcessSockets.Place(address: .v4(IPv4Address(10, 0, 0, 2)), port: 80))
    #expect(entries[2].local == ProcessSockets.Place(address: loopback, port: 8081))
  }

  @Test("whoever names no process is told by the system's own number")
  func nobody() {
    #expect(throws: LinkError("cannot see the sockets of process -5", number: 2)) { try ProcessSockets(process: -5) }
  }

  @Test("a connection is known by its first packet, also right behind a packet of somebody else's")
  func atOnce() throws {
    let loopback = IPAddress.v4(IPv4Address(127, 0, 0, 1))
    var sockets = try ProcessSockets(process: getpid())
    // Ports of 0 are nobody's.
    let nobody = ProcessSockets.Place(address: loopback, port: 0)
    let isStrangers = sockets.own(from: nobody, to: nobody, isArrivingSYN: false, at: 1)
    #expect(!isStrangers)

    let (listener, port) = try Self.boundSocket()
    defer { close(listener) }
    #expect(listen(listener, 1) == 0)
    let own = ProcessSockets.Place(address: loopback, port: port)
    let isOwn = sockets.own(from: nobody, to: own, isArrivingSYN: true, at: 1)
    #expect(isOwn)
  }

  /// A TCP socket that has been given a port of loopback, and the port.
  private static func boundSocket() throws -> (descriptor: CInt, port: UInt16) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    return try withUnsafeMutableBytes(of: &address) { bytes in
      let place = try #require(bytes.baseAddress).assumingMemoryBound(to: sockaddr.self)
      #expect(bind(descriptor, place, length) == 0)
      #expect(getsockname(descriptor, place, &length) == 0)
      return (descriptor, UInt16(bigEndian: bytes.load(as: sockaddr_in.self).sin_port))
    }
  }
}
