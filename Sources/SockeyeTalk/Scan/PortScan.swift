import NIOCore
import SockeyeText
public import SockeyeTransport

/// Sees which of a host's ports somebody accepts on, so many at a time, and says nothing to whoever does.
///
/// Confined to its event loop.
public final class PortScan {
  /// How many ports are tried at the same time.
  public static let width = 128

  /// How many ports answered in which way.
  public typealias Tally = [PortProbe.State: Int]

  private enum Place {
    case waiting
    case known(PortProbe)
  }

  private let ports: [UInt16]
  private let addresses: [SocketAddress]
  private let local: [SocketAddress]
  private let transport: Transport
  private let options: ConnectOptions
  private let eventLoop: any EventLoop
  private let report: (PortProbe) -> Void
  private let done: EventLoopPromise<Tally>
  /// The ports that were begun and not reported: they are reported in order.
  private var begun = CircularBuffer<Place>()
  private var reported = 0
  private var underWay = 0
  private var tally: Tally = [:]
  private var isOver = false

  /// Scans ports.
  ///
  /// - Parameters:
  ///   - list: What to scan. The name is looked up once.
  ///   - transport: Whose TCP; it must have a single event loop.
  ///   - options: How to connect, and how long a port may take to answer.
  ///   - report: Told of each port, in the order of the list, on the event loop.
  /// - Returns: How many ports answered in which way.
  /// - Throws: A failure of kind `network` or `timedOut` when the name can't be looked up, `other` when this machine lacks
  ///   something.
  public static func run(
    _ list: PortList,
    over transport: Transport,
    options: ConnectOptions,
    report: @escaping @Sendable (PortProbe) -> Void
  ) async throws(Failure) -> Tally {
    let eventLoop = transport.eventLoopGroup.next()
    let addresses = try await transport.resolve(
      host: list.endpoint.host,
      port: list.endpoint.port ?? 0,
      family: options.family,
      numericOnly: options.numericOnly,
      for: .connecting,
      before: eventLoop.now + options.timeout,
      on: eventLoop
    )
    let local = try await transport.localAddresses(options, on: eventLoop)
    // Where there is an address to come from, those of its family can be reached, if there are any.
    let reachable = addresses.filter { address in local.contains { $0.protocol == address.protocol } }
    let asked = reachable.isEmpty ? addresses : reachable
    let done = eventLoop.makePromise(of: Tally.self)
    eventLoop.execute {
      let scan = PortScan(list.ports, of: asked, from: local, over: transport, options, on: eventLoop, report, done)
      scan.begin()
    }
    do {
      return try await done.futureResult.get()
    } catch {
      throw error as? Failure ?? Failure(.other, .cannotScan(.literal("\(error)")))
    }
  }

  private init(
    _ ports: [UInt16],
    of addresses: [SocketAddress],
    from local: [SocketAddress],
    over transport: Transport,
    _ options: ConnectOptions,
    on eventLoop: any EventLoop,
    _ report: @escaping (PortProbe) -> Void,
    _ done: EventLoopPromise<Tally>
  ) {
    self.ports = ports
    self.addresses = addresses
    self.local = local
    self.transport = transport
    var options = options
    options.autoRead = false
    self.options = options
    self.eventLoop = eventLoop
    self.report = report
    self.done = done
  }

  private func begin() {
    while !isOver, underWay < Self.width, reported + begun.count < ports.count { probe(ports[reported + begun.count]) }
  }

  private func probe(_ port: UInt16) {
    let place = reported + begun.count
    begun.append(.waiting)
    underWay += 1
    let start = eventLoop.now
    let addresses = self.addresses.map { address in
      var address = address
      address.port = Int(port)
      return address
    }
    transport.race(
      addresses,
      from: local,
      before: start + options.timeout,
      options: options,
      on: eventLoop,
      initializer: { _ in }
    ).assumeIsolated().whenComplete { outcome in
      self.answered(port, place, addresses, outcome, after: self.eventLoop.now - start)
    }
  }

  private func answered(
    _ port: UInt16,
    _ place: Int,
    _ addresses: [SocketAddress],
    _ outcome: Result<any Channel, any Error>,
    after time: TimeAmount
  ) {
    if case .success(let channel) = outcome { channel.close(promise: nil) }
    guard !isOver else { return }
    underWay -= 1
    do {
      begun[begun.index(begun.startIndex, offsetBy: place - reported)] = .known(
        try Self.judge(port, addresses, outcome, after: time)
      )
    } catch {
      isOver = true
      return done.fail(error)
    }
    while case .known(let probe)? = begun.first {
      begun.removeFirst()
      reported += 1
      tally[probe.state, default: 0] += 1
      report(probe)
    }
    guard reported < ports.count else {
      isOver = true
      return done.succeed(tally)
    }
    begin()
  }

  /// - Parameter addresses: At least one.
  private static func judge(
    _ port: UInt16,
    _ addresses: [SocketAddress],
    _ outcome: Result<any Channel, any Error>,
    after time: TimeAmount
  ) throws -> PortProbe {
    do {
      let channel = try outcome.get()
      return PortProbe(port, open: channel.remoteAddress ?? addresses[0], after: time)
    } catch let lost as RaceLost {
      return try PortProbe(port, of: addresses[0], lost: lost, after: time)
    }
  }
}
