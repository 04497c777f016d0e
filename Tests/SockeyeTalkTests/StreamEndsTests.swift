import NIOCore
import SockeyeTransport
import Testing

@testable import SockeyeTalk

@Suite("Ends of a stream (RFC 9293, section 3.6)")
struct StreamEndsTests {
  private func at(_ milliseconds: UInt64) -> NIODeadline { .uptimeNanoseconds(milliseconds * 1_000_000) }

  @Test("our FIN first is an active close: half-closed until the peer's comes, then closed")
  func active() {
    var ends = StreamEnds()
    let first = ends.endOutput()
    #expect(first == .endOutput)
    #expect(!ends.takesOutput)
    let second = ends.outputEnded(at: at(1))
    #expect(second == .nothing)
    #expect(ends.order == .active)
    let third = ends.inputEnded(at: at(9))
    #expect(third == .close)
    #expect(ends.state == .closed(ours: at(1), theirs: at(9), .active))
  }

  @Test("the peer's FIN first is a passive close: what is queued drains before the channel is closed")
  func passive() {
    var ends = StreamEnds()
    let first = ends.inputEnded(at: at(1))
    #expect(first == .nothing)
    #expect(ends.takesOutput)
    #expect(ends.order == .passive)
    let second = ends.endOutput()
    #expect(second == .drain)
    let third = ends.outputEnded(at: at(2))
    #expect(third == .close)
    #expect(ends.state == .closed(ours: at(2), theirs: at(1), .passive))
  }

  @Test("a FIN that comes sooner than ours can have been answered crossed it: a simultaneous close")
  func simultaneous() {
    for (came, order) in [(UInt64(104), ClosingOrder.simultaneous), (150, .active)] {
      var ends = StreamEnds()
      _ = ends.endOutput()
      _ = ends.outputEnded(at: at(100))
      _ = ends.inputEnded(at: at(came), roundTrip: .milliseconds(50))
      #expect(ends.order == order)
    }
  }

  @Test("a peer that ends while ours waits behind what is queued has ended first, and nothing queued is given up")
  func peerEndsWhileDraining() {
    var ends = StreamEnds()
    _ = ends.endOutput()
    let first = ends.inputEnded(at: at(1))
    #expect(first == .nothing)
    #expect(!ends.isOutputOut)
    let second = ends.outputEnded(at: at(2))
    #expect(second == .close)
    #expect(ends.order == .passive)
  }

  @Test("an end that has been told is told once")
  func once() {
    var ends = StreamEnds()
    _ = ends.endOutput()
    let second = ends.endOutput()
    #expect(second == .nothing)
    _ = ends.outputEnded(at: at(1))
    _ = ends.inputEnded(at: at(2))
    let again = [ends.endOutput(), ends.outputEnded(at: at(3)), ends.inputEnded(at: at(4))]
    #expect(again == [.nothing, .nothing, .nothing])
    #expect(ends.ours == at(1))
    #expect(ends.theirs == at(2))
  }
}

@Suite("What follows from the peer's end")
struct PeerEndPolicyTests {
  @Test(
    "the rest of a pipe is delivered, a person isn't waited for, and the user has the last word",
    arguments: [
      (ConversationConfiguration.PeerEndAction.deliver, PeerEndPolicy.Input.ended, PeerEndPolicy.Verdict.finish),
      (.deliver, .atHand, .goOn), (.deliver, .open, .goOnWhilePeerStays), (.deliver, .person, .finish),
      (.exit, .atHand, .goOn), (.exit, .open, .finish), (.exit, .person, .finish),
      (.hold, .open, .goOn), (.hold, .person, .goOn), (.hold, .ended, .finish),
    ]
  )
  func verdicts(
    action: ConversationConfiguration.PeerEndAction,
    input: PeerEndPolicy.Input,
    verdict: PeerEndPolicy.Verdict
  ) {
    #expect(PeerEndPolicy.verdict(action, input) == verdict)
  }
}

@Suite("Backlogs")
struct BacklogTests {
  @Test("a client is waited for, then held to be stuck, and what is kept for it is bounded")
  func stuck() {
    var backlog = Backlog()
    let isNew = backlog.noteBehind()
    #expect(isNew)
    #expect(backlog.isWaitedFor)
    let isNewAgain = backlog.noteBehind()
    #expect(!isNewAgain)
    backlog.noteStuck()
    #expect(!backlog.isWaitedFor)
    let fits = backlog.keep(Backlog.most)
    #expect(fits)
    let fitsMore = backlog.keep(1)
    #expect(!fitsMore)
    backlog.noteLevel()
    let fitsAgain = backlog.keep(Backlog.most + 1)
    #expect(fitsAgain)
  }

  @Test("one who takes more before the patience is over is not stuck")
  func slow() {
    var backlog = Backlog()
    _ = backlog.noteBehind()
    backlog.noteLevel()
    backlog.noteStuck()
    let isNew = backlog.noteBehind()
    #expect(isNew)
  }
}

@Suite("Failures of TLS")
struct TLSFailureTests {
  private let peer = Peer(
    number: 1,
    remoteAddress: try? SocketAddress(ipAddress: "192.0.2.1", port: 443),
    localAddress: nil
  )

  @Test("a certificate that is too old, or too young, is called so; another is not trusted")
  func certificates() {
    let day = 86_400
    let expired = TLSFailure.untrusted(peer, certificate: (0, 10 * day), now: 20 * day)
    #expect(expired.message.contains("expired on 1970-01-11"))
    let early = TLSFailure.untrusted(peer, certificate: (30 * day, 40 * day), now: 20 * day)
    #expect(early.message.contains("not valid before 1970-01-31"))
    let other = TLSFailure.untrusted(peer, certificate: (0, 40 * day), now: 20 * day)
    #expect(other.message.contains("not trusted"))
    #expect([expired, early, other].allSatisfy { $0.kind == .tls })
  }

  @Test("a cut without close_notify is never a good end")
  func cut() {
    #expect(TLSFailure.cut(peer, hasSpoken: true).message.contains("cut short"))
    #expect(TLSFailure.cut(peer, hasSpoken: false).kind == .tls)
  }
}
