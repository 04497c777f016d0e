import SockeyeTCP
import Testing

@testable import SockeyeHost

@Suite("Token bucket")
struct TokenBucketTests {
  @Test("So many pass in a second, and no more at once after any pause")
  func rate() {
    var bucket = TokenBucket(perSecond: 10, now: .zero)
    func taken(at now: Instant) -> Int { (0..<100).count { _ in bucket.take(now: now) } }
    #expect(taken(at: .zero) == 10)
    #expect(taken(at: .zero + .milliseconds(99)) == 0)
    #expect(taken(at: .zero + .milliseconds(100)) == 1)
    #expect(taken(at: .zero + .milliseconds(500)) == 4)
    #expect(taken(at: .zero + .seconds(100)) == 10)
  }

  @Test("At a rate of zero none pass")
  func zero() {
    var bucket = TokenBucket(perSecond: 0, now: .zero)
    let isTaken = bucket.take(now: .zero + .seconds(1000))
    #expect(!isTaken)
  }
}
