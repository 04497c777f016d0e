import NIOCore
import SockeyeTransport
import Testing

@testable import SockeyeDownload

@Suite("Download: who fetches what, and when")
struct DownloadPiecesTests {
  @Test("Claims are made from the front, and never twice")
  func claims() {
    let pieces = PieceMap(size: 100, written: [0..<10, 50..<60])
    #expect(pieces.claim(20) == 10..<30)
    #expect(pieces.claim(100) == 30..<50)
    #expect(pieces.claim(100) == 60..<100)
    #expect(pieces.claim(1) == nil)
    #expect(!pieces.isComplete)
    pieces.complete(10..<50)
    pieces.complete(60..<100)
    #expect(pieces.isComplete)
  }

  @Test("A claim grows until it meets another's")
  func extensions() {
    let pieces = PieceMap(size: 100, written: [40..<50])
    #expect(pieces.claim(10) == 0..<10)
    #expect(pieces.extend(10, by: 20) == 30)
    #expect(pieces.extend(30, by: 20) == 40)
    #expect(pieces.extend(40, by: 20) == nil)
    #expect(pieces.claim(100) == 50..<100)
    #expect(pieces.extend(100, by: 1) == nil)
  }

  @Test("A connection with bytes in hand passes over what others have merely asked for")
  func reservations() {
    let pieces = PieceMap(size: 60)
    #expect(pieces.claim(10) == 0..<10)
    #expect(pieces.reserve(10) == 30..<40)
    #expect(pieces.reserve(10) == 40..<50)
    #expect(pieces.extend(10, by: 25) == 35)
    // The first answer comes too late; the second in time.
    #expect(pieces.claim(reserved: 30..<40) == nil)
    #expect(pieces.claim(reserved: 40..<50) == 40..<50)
    #expect(pieces.extend(35, by: 15) == 40)
    #expect(pieces.extend(40, by: 15) == nil)
    #expect(pieces.reserve(20) == 50..<60)
    #expect(pieces.reserve(1) == nil)
    pieces.release(reserved: 50..<60)
    #expect(pieces.reserve(5) == 50..<55)
  }

  @Test("What is given back is claimed again")
  func releases() {
    let pieces = PieceMap(size: 100)
    #expect(pieces.claim(50) == 0..<50)
    pieces.complete(0..<20)
    pieces.release(20..<50)
    #expect(pieces.unclaimed == 80)
    #expect(pieces.claim(10) == 20..<30)
  }

  @Test("A file of unknown size ends where its stream does")
  func unknownSize() {
    let pieces = PieceMap(size: nil)
    #expect(pieces.claim(10) == 0..<10)
    #expect(pieces.extend(10, by: 10) == 20)
    pieces.complete(0..<15)
    #expect(!pieces.isComplete)
    pieces.setSize(15)
    #expect(pieces.isComplete)
    #expect(PieceMap(size: 0).isComplete)
  }

  @Test("Nothing a journal claims to have lies beyond the end")
  func clamped() {
    #expect(PieceMap(size: 10, written: [5..<1000]).written == [5..<10])
  }

  @Test("Waits double up to the longest, are spread, and begin anew after progress")
  func retries() {
    var schedule = RetrySchedule(retries: 4, backOff: .milliseconds(100) ... .milliseconds(500))
    #expect(schedule.next(spread: 0) == .milliseconds(100))
    #expect(schedule.next(spread: 1) == .milliseconds(100))
    #expect(schedule.next(spread: 0) == .milliseconds(400))
    #expect(schedule.next(requested: .seconds(86_400), spread: 1) == .milliseconds(500))
    #expect(schedule.next(spread: 0) == nil)
    schedule.progressed()
    #expect(schedule.next(spread: 0) == .milliseconds(100))
  }

  @Test("Waits don't overflow, however often it is tried")
  func manyRetries() {
    var schedule = RetrySchedule(retries: .max, backOff: .nanoseconds(.max / 2) ... .nanoseconds(.max))
    for _ in 0..<100 { #expect(schedule.next(spread: 0.5) != nil) }
  }

  @Test("What is taken is paid for in time")
  func rates() {
    let limiter = RateLimiter(bytesPerSecond: 1000)
    let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    #expect(limiter.take(500, now: start) == start + .milliseconds(500))
    #expect(limiter.take(500, now: start) == start + .seconds(1))
    #expect(limiter.take(100, now: start + .seconds(10)) == start + .milliseconds(10_100))
    #expect(limiter.readSize == 1024)
    #expect(RateLimiter(bytesPerSecond: .max).take(.max, now: start) >= start)
  }

  /// What looking at a download several times, once a second, decides.
  private func decisions(_ bytes: [UInt64], unclaimed: UInt64, from start: UInt64 = 0) -> [Bool] {
    var planner = ConnectionPlanner(bytes: start)
    return bytes.map { planner.look(bytes: $0, seconds: 1, unclaimed: unclaimed) }
  }

  @Test("Connections are added while each brings more, and no further")
  func planner() {
    // The third second brings only 5 % more than the second, and then it has settled.
    let decisions = self.decisions([1_000_000, 3_000_000, 5_100_000, 15_000_000], unclaimed: 100_000_000)
    #expect(decisions == [true, true, false, false])
    #expect(
      self.decisions([1, 3, 9, 27, 81].map { $0 * 1_000_000 }, unclaimed: .max) == [true, true, true, false, false]
    )
  }

  @Test("A connection that fails is the last that was added")
  func plannerLoses() {
    var planner = ConnectionPlanner(bytes: 0)
    let first = planner.look(bytes: 1_000_000, seconds: 1, unclaimed: .max)
    planner.lostOne()
    let second = planner.look(bytes: 9_000_000, seconds: 1, unclaimed: .max)
    #expect(first && !second && planner.connections == 1)
  }

  @Test("Nothing is added where the network isn't slow, or little is left")
  func plannerRests() {
    #expect(decisions([500_000_000], unclaimed: .max) == [false])
    #expect(decisions([1_000_000], unclaimed: 2_000_000) == [false])
    #expect(decisions([7, 6], unclaimed: .max, from: 7) == [false, false])
  }
}
