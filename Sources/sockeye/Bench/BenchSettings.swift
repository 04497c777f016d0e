import ArgumentParser
import NIOCore

/// What a bench measures.
enum BenchMode: String, ExpressibleByArgument, CaseIterable {
  /// As many bytes as will go.
  case bulk
  /// Round trips over connections that stand.
  case echo
  /// Connections that are opened, used for one round trip, and closed.
  case connections
  /// Round trips of datagrams.
  case datagrams
  /// Requests to any HTTP/1.1 server.
  case http
}

/// Which way bulk goes.
enum BenchDirection: String, ExpressibleByArgument, CaseIterable {
  /// To the server.
  case up
  /// From the server.
  case down
  /// Both, over a connection for each.
  case both
}

/// What a client is asked to measure.
struct BenchSettings {
  let mode: BenchMode
  let direction: BenchDirection
  let duration: TimeAmount
  let connections: Int
  /// Bytes of a message.
  let size: Int
  /// Operations a second over all connections; nil for as many as will go.
  let rate: Int?
  /// What is asked for by HTTP, and of which host.
  let target: String
  let host: String

  /// The directions of the connections that are opened.
  var directions: [BenchDirection] { direction == .both ? [.up, .down] : [direction] }
}

/// One of the connections, or sockets, of a bench. Confined to its event loop.
protocol BenchRunner: AnyObject {
  /// Begins to measure.
  func start(_ pace: BenchPace)
  /// Begins no more operations. What it answers is fulfilled once nothing that counts is under way.
  func stop() -> EventLoopFuture<Void>
  /// How much the server says that it got, and when it said so.
  var arrival: BenchArrival? { get }
}

extension BenchRunner {
  var arrival: BenchArrival? { nil }
}

/// Bytes that have arrived at the server.
struct BenchArrival {
  let bytes: UInt64
  let time: NIODeadline
}

/// What runners of one event loop have in common.
struct BenchGround {
  let settings: BenchSettings
  let eventLoop: any EventLoop
  let tally: BenchTally
  /// Connects to the server, on this loop.
  let connect: (@escaping @Sendable (any Channel) throws -> Void) -> EventLoopFuture<any Channel>

  var meter: BenchMeter { tally.meter }
}
