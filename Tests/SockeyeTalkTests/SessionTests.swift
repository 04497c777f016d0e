import Glibc
import NIOCore
import NIOEmbedded
import SockeyeText
import SockeyeTransport
import Testing

@testable import SockeyeTalk

@Suite("Sessions")
struct SessionTests {
  @Test("silence ends a conversation when it has lasted as long as allowed since something was said")
  func idle() throws {
    let stage = Stage()
    _ = try stage.streamSession { $0.idleTimeout = .seconds(10) }
    stage.pass(.seconds(9))
    try stage.say("still here")
    stage.pass(.seconds(9))
    #expect(!stage.isHalfClosed)
    stage.pass(.seconds(1))
    #expect(stage.isHalfClosed)
    stage.endInput()
    #expect(stage.cause == .idle)
  }

  @Test("a peer that does not end its stream after we ended ours is waited for five seconds")
  func lingering() throws {
    let stage = Stage()
    let session = try stage.streamSession { $0.automation.greeting = ByteBuffer(string: "hello") }
    session.finish(.local(.kicked))
    #expect(try stage.sent() == "hello")
    stage.pass(StreamSession.lingering - .milliseconds(1))
    #expect(stage.cause == nil)
    try stage.say("not listened to")
    stage.pass(.milliseconds(1))
    #expect(stage.cause == .local(.kicked))
    #expect(stage.heard.isEmpty)
  }

  @Test(
    "every error of the network is a cause of its own",
    arguments: [
      (ECONNRESET, CloseCause.peerReset), (EPIPE, .peerReset), (ETIMEDOUT, .timedOut),
    ]
  )
  func causes(number: CInt, cause: CloseCause) throws {
    let stage = Stage()
    _ = try stage.streamSession { _ in }
    stage.channel.pipeline.fireErrorCaught(IOError(errnoCode: number, reason: "read"))
    #expect(stage.cause == cause)
  }

  @Test("the peer's end is the cause when nothing else is, and a reset after it changes nothing")
  func peerFinished() throws {
    let stage = Stage()
    _ = try stage.streamSession { _ in }
    stage.endInput()
    stage.channel.pipeline.fireErrorCaught(IOError(errnoCode: ECONNRESET, reason: "write"))
    #expect(stage.cause == .peerFinished)
  }

  @Test("what is not said in time ends the conversation as an expectation that was not met")
  func expectation() throws {
    let stage = Stage()
    let expectation = try Expectation(pattern: "^ready", within: .seconds(2))
    let session = try stage.streamSession { $0.expectation = expectation }
    try stage.say("not yet")
    stage.pass(.seconds(2))
    stage.endInput()
    guard case .failed(let failure) = stage.cause else {
      Issue.record("ended for \(String(describing: stage.cause))")
      return
    }
    #expect(failure.kind == .expectationUnmet)
    #expect(!session.isExpectationMet)
  }

  @Test("a length of 0xFFFFFFFF is refused before anything is kept for it")
  func hugeFrame() throws {
    let stage = Stage()
    _ = try stage.streamSession {
      $0.composer.framing = (try? Framing.parse("length:u32be@0")) ?? .raw
      $0.automation.answer = .echo
    }
    try stage.say([0xFF, 0xFF, 0xFF, 0xFF, 0x00])
    #expect(stage.isHalfClosed)
    stage.endInput()
    guard case .failed(let failure) = stage.cause else {
      Issue.record("ended for \(String(describing: stage.cause))")
      return
    }
    #expect(failure.kind == .peerProtocol)
    // What came of it is shown, and not answered.
    #expect(stage.heard.count == 1)
    #expect(try stage.sent().isEmpty)
  }

  @Test("a peer is not read from while nobody can take what it says")
  func backPressure() throws {
    let stage = Stage()
    let session = try stage.streamSession { _ in }
    let before = stage.reads
    stage.isReady = false
    try stage.say("one")
    #expect(stage.reads == before)
    #expect(stage.stalls == 1)
    stage.isReady = true
    session.resume(.observer)
    #expect(stage.reads == before + 1)
    try stage.say("two")
    #expect(stage.reads == before + 2)
    #expect(stage.heard == ["one", "two"])
  }

  @Test("answers beyond the rate come later, in order, and before the end")
  func rate() throws {
    let stage = Stage()
    _ = try stage.streamSession {
      $0.automation.answer = .echo
      $0.automation.answersPerSecond = 2
      $0.composer.framing = .line
    }
    try stage.say("1\n2\n3\n4\n")
    stage.endInput()
    #expect(try stage.sent() == "1\n2\n")
    stage.pass(.milliseconds(500))
    #expect(try stage.sent() == "3\n")
    #expect(stage.cause == nil)
    stage.pass(.milliseconds(500))
    #expect(try stage.sent() == "4\n")
    #expect(stage.cause == .peerFinished)
  }

  @Test("silence ends a message that is framed by gaps, however it was cut")
  func gaps() throws {
    let stage = Stage()
    _ = try stage.streamSession { $0.composer.framing = .gap(.milliseconds(20)) }
    try stage.say("ab")
    stage.pass(.milliseconds(19))
    try stage.say("cd")
    stage.pass(.milliseconds(19))
    #expect(stage.heard.isEmpty)
    stage.pass(.milliseconds(1))
    try stage.say("ef")
    stage.pass(.milliseconds(20))
    #expect(stage.heard == ["abcd", "ef"])
  }

  @Test("a datagram that waits for its turn is answered when that comes; what is kept meanwhile is bounded")
  func heldDatagrams() throws {
    let stage = Stage()
    let session = try stage.datagramSession { $0.automation.answer = .echo }
    session.holdForTurn()
    for number in 0..<100 { session.arrived(ByteBuffer(string: "\(number)"), marks: .datagram) }
    #expect(try stage.datagrams().isEmpty)
    #expect(stage.heard.isEmpty)
    session.serve()
    #expect(try stage.datagrams() == (0..<16).map { "\($0)" })
    session.arrived(ByteBuffer(string: "now"), marks: .datagram)
    session.flush()
    #expect(try stage.datagrams() == ["now"])

    let greedy = try Stage().datagramSession { _ in }
    greedy.holdForTurn()
    let large = ByteBuffer(repeating: 0, count: 40_000)
    for _ in 0..<3 { greedy.arrived(large, marks: .datagram) }
    greedy.serve()
    #expect(greedy.received == 40_000)
  }

  @Test("an address that waits for its turn and falls silent leaves")
  func silentWaiter() throws {
    let stage = Stage()
    let session = try stage.datagramSession { $0.idleTimeout = .seconds(60) }
    session.holdForTurn()
    stage.pass(.seconds(59))
    session.arrived(ByteBuffer(string: "still here"), marks: .datagram)
    stage.pass(.seconds(59))
    #expect(stage.cause == nil)
    stage.pass(.seconds(1))
    #expect(stage.cause == .idle)
  }

  @Test("datagrams that look like answers to our answers stop being answered, and that is said once")
  func loop() throws {
    let stage = Stage()
    let session = try stage.datagramSession { $0.automation.answer = .reply(ByteBuffer(string: "and you?")) }
    session.serve()
    for _ in 0..<1000 {
      session.arrived(ByteBuffer(string: "how are you?"), marks: .datagram)
      stage.pass(.milliseconds(1))
    }
    session.flush()
    #expect(try stage.datagrams().count == LoopGuard.equalMessages - 1)
    #expect(stage.notices.count == 1)
  }
}
