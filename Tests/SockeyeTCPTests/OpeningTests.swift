import SockeyeTCP
import SockeyeWire
import Testing

@Suite("Opening a connection (RFC 9293 section 3.5)")
struct OpeningTests {
  @Test("Figure 6: the three-way handshake, from the side that opens")
  func activeOpen() {
    let script = SegmentScript()
    script.connection.open(now: script.now)
    let syn = script.sends(.syn, seq: 0)
    #expect(syn.header.options.maximumSegmentSize == 1_460)
    #expect(syn.header.window == 65_535)
    script.isSilent()
    script.receives([.syn, .ack], seq: 0, ack: 1)
    script.sends(.ack, seq: 1, ack: 1)
    script.isIn(.established)
    script.hears(.established)
    script.isSilent()
  }

  @Test("Figure 6: the three-way handshake, from the side that listens")
  func passiveOpen() {
    let script = SegmentScript(accepting: .mss(1_460))
    script.isIn(.synReceived(from: .passive))
    script.sends([.syn, .ack], seq: 0, ack: 1)
    script.receives(.ack, seq: 1, ack: 1)
    script.isIn(.established)
    script.hears(.established)
    script.isSilent()
  }

  @Test("MUST-10: figure 7, simultaneous open: crossing SYNs become one connection")
  func simultaneousOpen() {
    let script = SegmentScript()
    script.connection.open(now: script.now)
    script.sends(.syn, seq: 0)
    script.receives(.syn, seq: 0, options: .mss(1_460))
    script.isIn(.synReceived(from: .active))
    script.sends([.syn, .ack], seq: 0, ack: 1)
    script.receives([.syn, .ack], seq: 0, ack: 1)
    script.isIn(.established)
    script.hears(.established)
  }

  @Test("Data goes both ways, and the connection closes in order")
  func dataAndClose() {
    let script = SegmentScript.established()
    script.writes(1_000)
    script.sends([.ack, .psh], seq: 1, ack: 1, length: 1_000)
    script.receives(.ack, seq: 1, ack: 1_001)
    script.hears(.acknowledged(upTo: 1_000))
    #expect(script.receives(.ack, seq: 1, ack: 1_001, length: 500).kept == 0..<500)
    script.hears(.readable(upTo: 500))
    script.connection.read(500, now: script.now)
    script.connection.close(now: script.now)
    script.sends([.fin, .ack], seq: 1_001, ack: 501)
    script.isIn(.finWait1)
    script.receives(.ack, seq: 501, ack: 1_002)
    script.isIn(.finWait2(expiry: .never))
    script.receives([.fin, .ack], seq: 501, ack: 1_002)
    script.sends(.ack, seq: 1_002, ack: 502)
    script.hears(.peerClosed)
    script.isIn(.timeWait(expiry: script.now + .seconds(120)))
  }
}
