import NIOCore
import NIOEmbedded
import Testing

@testable import SockeyeTransport

@Suite("Connecting to the first of several addresses (RFC 8305)")
struct ConnectionRaceTests {
  static let v6 = (1...3).map { address("2001:db8::\($0)") }
  static let v4 = (1...3).map { address("192.0.2.\($0)") }

  private static func address(_ text: String) -> SocketAddress {
    do { return try SocketAddress(ipAddress: text, port: 80) } catch { preconditionFailure("\(error)") }
  }

  @Test("Section 4: the families alternate, beginning with that of the first address")
  func interleaving() {
    let sorted = ConnectionRace.interleaved(Self.v6 + Self.v4.prefix(2))
    #expect(sorted == [Self.v6[0], Self.v4[0], Self.v6[1], Self.v4[1], Self.v6[2]])
    #expect(ConnectionRace.interleaved([Self.v4[0], Self.v6[0]]) == [Self.v4[0], Self.v6[0]])
    #expect(ConnectionRace.interleaved([]).isEmpty)
  }

  @Test("Section 5: a second attempt starts when the first has not answered for 250 ms, and the loser is closed")
  func staggered() throws {
    let eventLoop = EmbeddedEventLoop()
    let attempts = Attempts(eventLoop)
    let race = ConnectionRace.run(
      [Self.v6[0], Self.v4[0]],
      before: .distantFuture,
      on: eventLoop,
      attempt: attempts.start
    )
    #expect(attempts.started == [Self.v6[0]])
    eventLoop.advanceTime(by: .milliseconds(249))
    #expect(attempts.started.count == 1)
    eventLoop.advanceTime(by: .milliseconds(1))
    #expect(attempts.started == [Self.v6[0], Self.v4[0]])

    let winner = EmbeddedChannel(loop: eventLoop)
    let loser = EmbeddedChannel(loop: eventLoop)
    _ = try winner.connect(to: Self.v4[0]).wait()
    _ = try loser.connect(to: Self.v6[0]).wait()
    attempts.promises[1].succeed(winner)
    eventLoop.run()
    #expect(try race.wait() === winner)
    attempts.promises[0].succeed(loser)
    eventLoop.run()
    #expect(!loser.isActive)
    #expect(winner.isActive)
    _ = try winner.finish()
  }

  @Test("A failure starts the next attempt at once, and the race is lost when all have failed, with every reason")
  func failures() {
    let eventLoop = EmbeddedEventLoop()
    let attempts = Attempts(eventLoop)
    let race = ConnectionRace.run(Self.v4, before: .distantFuture, on: eventLoop, attempt: attempts.start)
    for index in Self.v4.indices {
      #expect(attempts.started.count == index + 1)
      attempts.promises[index].fail(ChannelError.eof)
      eventLoop.run()
    }
    let lost = #expect(throws: RaceLost.self) { _ = try race.wait() }
    #expect(lost?.timedOut == false)
    #expect(lost?.failures.map(\.address) == Self.v4)
  }

  @Test("The deadline ends the race, and a connection that comes later is closed")
  func deadline() throws {
    let eventLoop = EmbeddedEventLoop()
    let attempts = Attempts(eventLoop)
    let race = ConnectionRace.run(
      [Self.v4[0]],
      before: eventLoop.now + .seconds(5),
      on: eventLoop,
      attempt: attempts.start
    )
    eventLoop.advanceTime(by: .seconds(5))
    let lost = #expect(throws: RaceLost.self) { _ = try race.wait() }
    #expect(lost?.timedOut == true)
    let late = EmbeddedChannel(loop: eventLoop)
    _ = try late.connect(to: Self.v4[0]).wait()
    attempts.promises[0].succeed(late)
    eventLoop.run()
    #expect(!late.isActive)
  }

  /// Attempts that end when the test says so.
  private final class Attempts {
    let eventLoop: EmbeddedEventLoop
    var started: [SocketAddress] = []
    var promises: [EventLoopPromise<any Channel>] = []

    init(_ eventLoop: EmbeddedEventLoop) { self.eventLoop = eventLoop }

    func start(_ address: SocketAddress) -> EventLoopFuture<any Channel> {
      let promise = self.eventLoop.makePromise(of: (any Channel).self)
      self.started.append(address)
      self.promises.append(promise)
      return promise.futureResult
    }
  }
}
