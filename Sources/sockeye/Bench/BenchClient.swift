import Histogram
import NIOCore
import SockeyeText
import SockeyeTransport
import Synchronization

/// Measures a server, over as many connections as are asked for.
struct BenchClient {
  /// How often is looked at how far it is.
  private static let sampling = TimeAmount.milliseconds(100)
  /// So many failures and nothing else is no measurement.
  private static let mostFailures: UInt64 = 100

  let settings: BenchSettings
  let endpoint: Endpoint
  let transport: Transport
  let connectOptions: ConnectOptions
  /// Ends the measurement early.
  let isInterrupted: @Sendable () -> Bool

  private typealias Runner = NIOLoopBound<any BenchRunner>
  private typealias Tallies = [ObjectIdentifier: NIOLoopBound<BenchTally>]

  /// Told how far it is: seconds since the beginning, and what was done since the last time, in how many seconds.
  typealias Progress = (_ seconds: Double, _ since: BenchMeter.Reading, _ interval: Double) -> Void

  /// Measures.
  ///
  /// - Parameter progress: Called about once a second.
  /// - Throws: A failure of kind `network`, `timedOut`, `usage` or `peerProtocol`.
  func run(_ progress: Progress) async throws(Failure) -> BenchResult {
    var control: (channel: BenchControl, used: Duration)?
    let address: SocketAddress
    if settings.mode == .http {
      let channel = try await transport.connect(to: endpoint, options: connectOptions) { _ in }
      guard let remote = channel.remoteAddress else {
        throw Failure(.network, .closedAtOnce(endpoint))
      }
      address = remote
      channel.close(promise: nil)
    } else {
      let (channel, used) = try await BenchControl.open(endpoint, over: transport, options: connectOptions)
      (address, control) = (channel.address, (channel, used))
    }
    defer { control?.channel.close() }

    let meter = BenchMeter()
    let tallies = await makeTallies(meter)
    var runners: [Runner] = []
    for _ in 0..<settings.connections { runners += try await open(to: address, tallies) }

    let used = ProcessorTime.used
    let start = transport.surroundings.now
    for (number, runner) in runners.enumerated() {
      let pace = BenchPace(rate: settings.rate, connections: runners.count, number: number, start: start)
      runner.eventLoop.execute { runner.value.start(pace) }
    }
    var result = BenchResult()
    try await watch(meter, from: start, &result, progress)
    result.seconds = seconds(since: start)
    let reading = meter.reading
    result.processor = ProcessorTime.used - used
    if let control, let after = await control.channel.processorTime() { result.serverProcessor = after - control.used }
    let stops = runners.map { runner in runner.eventLoop.flatSubmit { runner.value.stop() } }
    for stop in stops { try? await stop.get() }
    // Nothing is counted any more, and answers that were under way have come.
    result.operations = meter.reading.operations
    result.failures = reading.failures
    for tally in tallies.values { await Self.add(tally, to: &result) }
    await addBulk(runners, reading, since: start, to: &result)
    return result
  }

  private func seconds(since start: NIODeadline) -> Double {
    Double((transport.surroundings.now - start).nanoseconds) / 1e9
  }

  // MARK: Opening

  private func makeTallies(_ meter: BenchMeter) async -> Tallies {
    var tallies: Tallies = [:]
    for eventLoop in transport.eventLoopGroup.makeIterator() {
      tallies[ObjectIdentifier(eventLoop)] = try? await eventLoop.submit {
        NIOLoopBound(BenchTally(meter), eventLoop: eventLoop)
      }.get()
    }
    return tallies
  }

  /// Opens what stands for one connection: two where bulk goes both ways.
  private func open(to address: SocketAddress, _ tallies: Tallies) async throws(Failure) -> [Runner] {
    let message = BulkSource.filler(settings.size)
    switch settings.mode {
    case .bulk:
      var runners: [Runner] = []
      for direction in settings.directions {
        runners.append(try await connected(to: address, tallies) { BulkRunner($0, direction) })
      }
      return runners
    case .echo: return [try await connected(to: address, tallies) { EchoRunner($0, message: message) }]
    case .connections: return [try await unconnected(to: address, tallies) { ConnectionRunner($0, message: message) }]
    case .http: return [try await unconnected(to: address, tallies) { HTTPRunner($0) }]
    case .datagrams:
      return [try await bound(to: address, tallies) { DatagramRunner($0, server: address, filler: message) }]
    }
  }

  /// What a runner on an event loop needs.
  private func ground(
    _ eventLoop: any EventLoop,
    _ tally: NIOLoopBound<BenchTally>,
    _ address: SocketAddress
  ) -> @Sendable () -> BenchGround {
    let (settings, transport, options) = (settings, transport, connectOptions)
    return {
      BenchGround(settings: settings, eventLoop: eventLoop, tally: tally.value) { initializer in
        transport.connect(to: address, on: eventLoop, options: options, initializer: initializer)
      }
    }
  }

  /// A runner over a connection that stands.
  private func connected(
    to address: SocketAddress,
    _ tallies: Tallies,
    _ make: @escaping @Sendable (BenchGround) -> any BenchRunner & ChannelHandler
  ) async throws(Failure) -> Runner {
    let (eventLoop, tally) = try next(tallies)
    let made = Mutex<Runner?>(nil)
    let ground = ground(eventLoop, tally, address)
    do {
      _ = try await transport.connect(to: address, on: eventLoop, options: connectOptions) { channel in
        let runner = make(ground())
        try channel.pipeline.syncOperations.addHandler(runner)
        made.withLock { $0 = NIOLoopBound(runner, eventLoop: eventLoop) }
      }.get()
    } catch {
      throw Failure(.network, .cannotConnect(endpoint, "\(error)"))
    }
    return try made.withLock { $0 }.orFailure(endpoint)
  }

  /// A runner that connects by itself.
  private func unconnected(
    to address: SocketAddress,
    _ tallies: Tallies,
    _ make: @escaping @Sendable (BenchGround) -> any BenchRunner
  ) async throws(Failure) -> Runner {
    let (eventLoop, tally) = try next(tallies)
    let ground = ground(eventLoop, tally, address)
    let made: Runner? = try? await eventLoop.submit { NIOLoopBound(make(ground()), eventLoop: eventLoop) }.get()
    return try made.orFailure(endpoint)
  }

  /// A runner over a socket for datagrams.
  private func bound(
    to address: SocketAddress,
    _ tallies: Tallies,
    _ make: @escaping @Sendable (BenchGround) -> any BenchRunner & ChannelHandler
  ) async throws(Failure) -> Runner {
    var options = DatagramOptions()
    options.family = address.protocol == .inet6 ? .v6 : .v4
    let made = Mutex<Runner?>(nil)
    let grounds = tallies.mapValues { tally in ground(tally.eventLoop, tally, address) }
    let place = Endpoint(location: .network(host: nil, port: 0))
    _ = try await transport.bindDatagrams(on: place, options: options) { channel in
      guard let ground = grounds[ObjectIdentifier(channel.eventLoop)] else { return }
      let runner = make(ground())
      try channel.pipeline.syncOperations.addHandler(runner)
      made.withLock { $0 = NIOLoopBound(runner, eventLoop: channel.eventLoop) }
    }
    return try made.withLock { $0 }.orFailure(endpoint)
  }

  private func next(_ tallies: Tallies) throws(Failure) -> (any EventLoop, NIOLoopBound<BenchTally>) {
    let eventLoop = transport.eventLoopGroup.next()
    guard let tally = tallies[ObjectIdentifier(eventLoop)] else { throw Failure(.other, .programIsEnding) }
    return (eventLoop, tally)
  }

  // MARK: Watching

  /// Waits until it is over, and looks at how far it is in between.
  private func watch(
    _ meter: BenchMeter,
    from start: NIODeadline,
    _ result: inout BenchResult,
    _ progress: Progress
  ) async throws(Failure) {
    let clock = transport.surroundings
    let end = start + settings.duration
    var (last, lastTime) = (meter.reading, start)
    var (told, toldTime) = (last, start)
    var (up, down) = (BenchResult.Bulk(), BenchResult.Bulk())
    while clock.now < end, !isInterrupted() {
      try? await clock.sleep(for: min(Self.sampling, end - clock.now))
      let (now, reading) = (clock.now, meter.reading)
      let interval = Double((now - lastTime).nanoseconds) / 1e9
      up.sample(reading.bytesUp - last.bytesUp, in: interval)
      down.sample(reading.bytesDown - last.bytesDown, in: interval)
      (last, lastTime) = (reading, now)
      if now - toldTime >= .seconds(1), now < end {
        progress(
          seconds(since: start),
          reading.since(told),
          Double((now - toldTime).nanoseconds) / 1e9
        )
        (told, toldTime) = (reading, now)
      }
      try lookForFailures(meter, reading)
    }
    guard settings.mode == .bulk else { return }
    if settings.directions.contains(.up) { result.up = up }
    if settings.directions.contains(.down) { result.down = down }
  }

  /// Connections that stand are lost for good, and the others were tried often enough.
  private func lookForFailures(_ meter: BenchMeter, _ reading: BenchMeter.Reading) throws(Failure) {
    let most: UInt64
    switch settings.mode {
    case .bulk, .echo: most = UInt64(settings.connections * (settings.mode == .bulk ? settings.directions.count : 1))
    case .connections, .http, .datagrams: most = reading.operations > 0 ? .max : Self.mostFailures
    }
    guard reading.failures >= most else { return }
    let reason = meter.error.map { ($0 as? Failure)?.phrase ?? .literal("\($0)") }
    throw Failure(.network, .cannotMeasure(endpoint, reason ?? ProgramSentence.noConnectionStands.phrase))
  }

  // MARK: What came of it

  private static func add(_ tally: NIOLoopBound<BenchTally>, to result: inout BenchResult) async {
    let counted = try? await tally.eventLoop.submit {
      let tally = tally.value
      return (tally.latencies, tally.sent, tally.duplicates, tally.reordered, tally.refusals)
    }.get()
    guard let (latencies, sent, duplicates, reordered, refusals) = counted else { return }
    result.latencies.add(latencies)
    result.sent += sent
    result.duplicates += duplicates
    result.reordered += reordered
    result.refusals += refusals
  }

  /// What went up counts when it has arrived.
  private func addBulk(
    _ runners: [Runner],
    _ reading: BenchMeter.Reading,
    since start: NIODeadline,
    to result: inout BenchResult
  ) async {
    result.down?.bytes = reading.bytesDown
    result.down?.seconds = result.seconds
    guard var up = result.up else { return }
    up.seconds = result.seconds
    for runner in runners {
      guard let arrival = try? await runner.eventLoop.submit({ runner.value.arrival }).get() else { continue }
      up.bytes += arrival.bytes
      up.seconds = max(up.seconds, Double((arrival.time - start).nanoseconds) / 1e9)
    }
    result.up = up
  }
}

extension Optional {
  /// The value, which is missing where a connection was closed as soon as it stood.
  fileprivate func orFailure(_ endpoint: Endpoint) throws(Failure) -> Wrapped {
    guard let self else { throw Failure(.network, .closedAtOnce(endpoint)) }
    return self
  }
}
