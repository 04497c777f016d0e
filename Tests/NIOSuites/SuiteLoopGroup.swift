import Dispatch
import NIOConcurrencyHelpers
import NIOCore
import SockeyeNIO

/// Stands for NIO's `MultiThreadedEventLoopGroup`: its loops are ours, each with a host of its own.
package final class SuiteLoopGroup: EventLoopGroup {
  private let loops: [HostEventLoop]
  private let turn = NIOLockedValueBox(0)

  package init(numberOfThreads: Int) {
    loops = (0..<numberOfThreads).map { _ in SuiteNetwork.makeLoop() }
  }

  package static let singleton = SuiteLoopGroup(numberOfThreads: 2)

  /// The loop that the caller's thread runs.
  package static var currentEventLoop: (any EventLoop)? { SuiteNetwork.currentLoop }

  /// Makes a group for as long as `body` takes.
  package static func withEventLoopGroup<Result>(
    numberOfThreads: Int,
    isolation actor: isolated (any Actor)? = #isolation,
    _ body: (SuiteLoopGroup) async throws -> Result
  ) async throws -> Result {
    let group = SuiteLoopGroup(numberOfThreads: numberOfThreads)
    do {
      let result = try await body(group)
      try await group.shutdownGracefully()
      return result
    } catch {
      try? await group.shutdownGracefully()
      throw error
    }
  }

  package func next() -> any EventLoop {
    loops[
      turn.withLockedValue {
        $0 += 1
        return $0 % loops.count
      }
    ]
  }

  package func any() -> any EventLoop { loops.first { $0.inEventLoop } ?? next() }

  package func makeIterator() -> EventLoopIterator { EventLoopIterator(loops) }

  package func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) {
    let group = DispatchGroup()
    for loop in loops {
      group.enter()
      loop.shutdownGracefully(queue: queue) { _ in group.leave() }
    }
    group.notify(queue: queue) { callback(nil) }
  }
}
