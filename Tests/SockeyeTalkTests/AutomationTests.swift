import NIOCore
import SockeyeTransport
import Testing

@testable import SockeyeTalk

@Suite("Automation")
struct AutomationTests {
  private func buffer(_ text: String) -> ByteBuffer { ByteBuffer(string: text) }

  @Test("the closing word is heard with and without a line ending, and when reads cut it")
  func closeWord() {
    for pieces in [["exit"], ["exit\n"], ["exit\r\n"], ["ex", "it"], ["hello", "exit"], ["e", "x", "i", "t"]] {
      var word = CloseWord(Array("exit".utf8))
      var heard: [Bool] = []
      for piece in pieces { heard.append(word.isCompleted(by: self.buffer(piece))) }
      #expect(heard.last == true, "\(pieces)")
      #expect(!heard.dropLast().contains(true), "\(pieces)")
    }
  }

  @Test("what merely contains the closing word is not it")
  func notTheCloseWord() {
    for pieces in [["exits"], ["no exit"], ["ex", "tra", "it"], ["exit now please"]] {
      var word = CloseWord(Array("exit".utf8))
      for piece in pieces {
        let isHeard = word.isCompleted(by: self.buffer(piece))
        #expect(!isHeard, "\(pieces)")
      }
    }
  }

  @Test("an expectation is met across reads, in the encoding of the conversation")
  func expectation() throws {
    let expectation = try Expectation(pattern: "你好.*OK", within: .seconds(1))
    guard var matcher = ExpectationMatcher(expectation, encoding: try TextEncoding("gbk")) else { throw Missing() }
    let pieces = [ByteBuffer(bytes: [0xC4, 0xE3, 0xBA]), ByteBuffer(bytes: [0xC3, 0x20]), self.buffer("OK")]
    var met: [Bool] = []
    for piece in pieces { met.append(matcher.consume(piece)) }
    #expect(met == [false, false, true])
    #expect(throws: Failure.self) { try Expectation(pattern: "(", within: .seconds(1)) }
  }

  @Test("a peer that keeps saying the same at once stops being answered, and is answered again later")
  func loopGuard() {
    var guardian = LoopGuard()
    var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    var answers = 0
    var suspicions = 0
    for _ in 0..<1000 {
      now = now + .milliseconds(1)
      switch guardian.consider(self.buffer("haha"), at: now) {
      case .answer: answers += 1
      case .suspect: suspicions += 1
      case .ignore: break
      }
    }
    #expect(answers == LoopGuard.equalMessages - 1)
    #expect(suspicions == 1)
    now = now + LoopGuard.silence
    guard case .answer = guardian.consider(self.buffer("haha"), at: now) else {
      Issue.record("the peer is still not answered")
      return
    }
  }

  @Test("different messages, or the same ones at leisure, are no loop")
  func noLoop() {
    var guardian = LoopGuard()
    var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    for number in 0..<1000 {
      now = now + .milliseconds(1)
      guard case .answer = guardian.consider(self.buffer("message \(number)"), at: now) else {
        Issue.record("message \(number) was taken for a loop")
        return
      }
    }
    for _ in 0..<1000 {
      now = now + .seconds(1)
      guard case .answer = guardian.consider(self.buffer("tick"), at: now) else {
        Issue.record("a slow tick was taken for a loop")
        return
      }
    }
  }

  @Test("a rate limit gives a second's worth at once, then as many as it says")
  func rateLimit() {
    let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    var limit = RateLimit(perSecond: 10, at: start)
    var taken = 0
    while limit.take(at: start) == nil { taken += 1 }
    #expect(taken == 10)
    let isEarly = limit.take(at: start + .milliseconds(50)) != nil
    let isInTime = limit.take(at: start + .milliseconds(100)) == nil
    #expect(isEarly)
    #expect(isInTime)
  }

  @Test("addresses are admitted by network, and what is denied stays out")
  func filter() throws {
    var filter = AddressFilter()
    filter.allowed = [try .init("10.0.0.0/8"), try .init("2001:db8::/33")]
    filter.denied = [try .init("10.1.2.3")]
    func admits(_ text: String) throws -> Bool { filter.admits(try SocketAddress(ipAddress: text, port: 1)) }
    #expect(try admits("10.200.0.1"))
    #expect(try !admits("10.1.2.3"))
    #expect(try !admits("11.0.0.1"))
    #expect(try admits("2001:db8:7fff::1"))
    #expect(try !admits("2001:db8:8000::1"))
    #expect(try admits("::ffff:10.0.0.1"))
    for text in ["10.0.0.0/33", "10.0.0/8", "x", "1.2.3.4/8/8", "::/129"] {
      #expect(throws: Failure.self, "\(text)") { try AddressFilter.Network(text) }
    }
  }
}
