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
}
