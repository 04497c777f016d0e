import NIOCore
import SockeyeTCP
import Testing

@testable import SockeyeTransport

@Suite("The kernel's table of sockets")
struct SocketTableTests {
  private static let head =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
  private static let listening =
    "   0: 0100007F:22C2 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0\n"
  private static let waiting =
    "   1: 0100007F:22C2 0100007F:D431 06 00000000:00000000 03:0000176B 00000000     0        0 0 3 0\n"
  private static let ours =
    "   2: 0100007F:D431 0100007F:22C2 08 00000000:00000000 00:00000000 00000000     0        0 99 1 0 20 4 30 10 -1\n"
  private static let orphan =
    "   3: 0100007F:22C2 0100007F:D431 05 00000000:00000000 03:0000176B 00000000     0        0 0 3 0\n"
  private static let halfClosed =
    "   3: 0100007F:22C2 0100007F:D431 05 00000000:00000000 00:00000000 00000000     0        0 42 1 0 20 4 30 10 -1\n"

  private func rows(_ lines: String...) -> [SocketTable.Row] { SocketTable.rows(in: Self.head + lines.joined()) }

  @Test("a port that no process has is in TIME-WAIT for as long as the kernel's timer says")
  func timeWait() {
    let use = PortUse.find(in: rows(Self.waiting)) { _ in nil }
    #expect(use == .timeWait(seconds: 60))
    let text = use?.sentence(port: 8898).english ?? ""
    #expect(text.contains("TIME-WAIT for 60 s") && text.contains("SO_REUSEADDR"))
  }

  @Test("whoever listens is named before those who are connected, and a connection by its state")
  func owners() {
    let listener = PortUse.find(in: rows(Self.waiting, Self.listening)) { rows in
      rows.first.map { ("python3", 7, $0) }
    }
    #expect(listener == .process(name: "python3", identifier: 7, state: .listen))
    let connected = PortUse.find(in: rows(Self.halfClosed)) { rows in rows.first.map { ("python3", 7, $0) } }
    #expect(connected?.sentence(port: 1).english.contains("FIN-WAIT-2") == true)
  }

  @Test("a peer that no process has any more is gone; one that is half-closed, or that the table doesn't show, isn't")
  func presence() throws {
    let peer = try SocketAddress(ipAddress: "127.0.0.1", port: 0x22C2)
    let local = try SocketAddress(ipAddress: "127.0.0.1", port: 0xD431)
    #expect(PeerPresence.isGone(peer, to: local, in: rows(Self.ours, Self.orphan)))
    #expect(PeerPresence.isGone(peer, to: local, in: rows(Self.ours)))
    #expect(!PeerPresence.isGone(peer, to: local, in: rows(Self.ours, Self.halfClosed)))
    #expect(!PeerPresence.isGone(peer, to: local, in: rows(Self.listening)))
  }

  @Test("addresses are named as the kernel names them")
  func names() throws {
    #expect(SocketTable.name(of: try SocketAddress(ipAddress: "127.0.0.1", port: 80)) == "0100007F:0050")
    let name = SocketTable.name(of: try SocketAddress(ipAddress: "::1", port: 80))
    #expect(name == "00000000000000000000000001000000:0050")
  }

  @Test("lines that make no sense are passed over")
  func nonsense() {
    for line in ["", "x", "   0: : : zz a b c d e f g h"] { #expect(rows(line + "\n").isEmpty) }
  }

  @Test("an address is written with its zone, and a socket's path with every byte")
  func texts() throws {
    let address = try SocketAddress(ipAddress: "fe80::1%lo", port: 7)
    #expect(address.text == "[fe80::1%lo]:7")
    #expect(try SocketAddress.unix(path: "/tmp/\u{10FFFF}x").text == "unix:/tmp/\u{10FFFF}x")
    #expect(throws: Failure.self) { try SocketAddress.unix(path: String(repeating: "x", count: 108)) }
  }
}
