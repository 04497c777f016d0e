import NIOConcurrencyHelpers
import NIOCore
import SockeyeHost
import SockeyeLink
import SockeyeTCP
import Testing

@testable import SockeyeNIO

@Suite("Loops whose link is gone")
struct LostLinkTests {
  /// A link that fails at once, and counts how often it is asked.
  private final class GoneLink: LoopLink {
    struct Gone: Error {}

    private let sleeper: Sleeper
    let askedCount = NIOLockedValueBox(0)

    init() throws {
      sleeper = try Sleeper()
    }

    var clock: LoopClock { .machine }
    var waker: any LoopWaker { sleeper.waker }

    func receive(into host: inout StreamHost, until deadline: Instant) throws {
      askedCount.withLockedValue { $0 += 1 }
      throw Gone()
    }

    func send(from host: inout StreamHost) {}
  }

  @Test("Tasks and timers go on, the link isn't asked again, and the loop ends when it is told to")
  func goesOn() async throws {
    let link = try GoneLink()
    let askedCount = link.askedCount
    let loop = HostEventLoop(HostConfiguration(seed: 1), link: link)
    loop.start()
    for number in 0..<100 { #expect(try await loop.submit { number }.get() == number) }
    try await loop.scheduleTask(in: .milliseconds(5)) {}.futureResult.get()
    #expect(askedCount.withLockedValue { $0 } == 1)
    try await loop.shutdownGracefully()
  }
}
