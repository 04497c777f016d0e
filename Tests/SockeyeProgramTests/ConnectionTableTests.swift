import SockeyeText
import Testing

@testable import sockeye

@Suite("The table of a command's connections")
struct ConnectionTableTests {
  private static let rows = [
    ConnectionRow(
      process: "curl 4711",
      destination: "example.com (93.184.216.34:443)",
      passage: ConnectionRow.Passage(
        bytesSent: 1_234,
        bytesReceived: 34_816,
        duration: .milliseconds(530),
        roundTripTime: .microseconds(42),
        retransmissions: 3
      ),
      end: Phrase("finished", zh: "正常结束")
    ),
    ConnectionRow(destination: "192.0.2.1:80", passage: nil, end: Phrase("refused", zh: "被拒绝")),
  ]

  @Test("columns stand below their headings")
  func columns() {
    #expect(
      ConnectionTable.lines(Self.rows, others: 0, in: .english) == [
        "process    destination                         sent  received    time      RTT  resent  end",
        "curl 4711  example.com (93.184.216.34:443)  1.2 KiB  34.0 KiB  0.53 s  0.04 ms       3  finished",
        "-          192.0.2.1:80                           -         -       -        -       -  refused",
      ]
    )
  }

  @Test("wide characters take two columns")
  func chinese() {
    let lines = ConnectionTable.lines(Self.rows, others: 0, in: .chinese)
    let ends = ["结局", "正常结束", "被拒绝"]
    let columns = zip(lines, ends).map { line, end in DisplayWidth.of(line) - DisplayWidth.of(end) }
    #expect(Set(columns).count == 1)
  }

  @Test("without connections there is no table, and what doesn't fit is counted")
  func counts() {
    #expect(ConnectionTable.lines([], others: 0, in: .english).isEmpty)
    #expect(ConnectionTable.lines(Self.rows, others: 7, in: .english).last == "and 7 more")
  }

  @Test("what a name has in it moves no cursor")
  func controls() {
    let row = ConnectionRow(destination: "\u{1B}[2Jevil", passage: nil, end: Phrase("refused", zh: "被拒绝"))
    #expect(!ConnectionTable.lines([row], others: 0, in: .english).joined().contains("\u{1B}"))
  }
}
