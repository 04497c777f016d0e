import NIOCore
import SockeyeText
import SockeyeTransport

/// What the connections of one event loop have in common: their list, a coarse clock, and the `Date` of the second.
///
/// Deadlines are of seconds, so one timer a second serves all of them, while there are any; a connection that is busy costs no
/// timer at all.
final class ServiceWorker {
  let shared: ServiceShared
  let eventLoop: any EventLoop
  /// The time, no older than a second.
  var now: NIODeadline {
    if case .ticking(_, let now) = clock { now } else { eventLoop.now }
  }
  /// The `Date` field with its line's end.
  private(set) var date: ByteBuffer
  /// Whether channels of this event loop take file regions.
  let sendsFiles: Bool

  /// The timer that looks at deadlines.
  private enum Clock {
    case stopped
    /// There are no connections to look at.
    case idle
    /// `now` is the time of the last look.
    case ticking(RepeatedTask, now: NIODeadline)
  }

  private var connections: [ConnectionGate] = []
  /// Decoders that no connection needs at the moment.
  private var decoders: [RequestDecoder] = []
  private var clock = Clock.stopped
  private var random: any RandomNumberGenerator
  private var whenEmpty: [EventLoopPromise<Void>] = []

  /// - Parameter sendsFiles: Whether `FileRegion`s may be written: not to every transport.
  init(shared: ServiceShared, eventLoop: any EventLoop, sendsFiles: Bool = true) {
    self.shared = shared
    self.eventLoop = eventLoop
    self.sendsFiles = sendsFiles
    random = shared.surroundings.generator
    date = Self.dateField(shared.surroundings)
  }

  var configuration: FileServiceConfiguration { shared.configuration }

  /// Begins to look at deadlines. To be called on the event loop.
  func start() { clock = .idle }

  /// Stops looking at deadlines.
  func stop() {
    if case .ticking(let timer, _) = clock { timer.cancel() }
    clock = .stopped
  }

  private func beginTicking() {
    guard case .idle = clock else { return }
    let worker = NIOLoopBound(self, eventLoop: eventLoop)
    let timer = eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { timer in
      worker.value.tick(timer)
    }
    clock = .ticking(timer, now: eventLoop.now)
    date = Self.dateField(shared.surroundings)
  }

  private func tick(_ timer: RepeatedTask) {
    guard case .ticking = clock else { return }
    guard !connections.isEmpty else {
      timer.cancel()
      clock = .idle
      return
    }
    let now = eventLoop.now
    clock = .ticking(timer, now: now)
    date = Self.dateField(shared.surroundings)
    // Backwards, because one that is closed at once is replaced by the last one in the list.
    for index in connections.indices.reversed() where index < connections.count {
      connections[index].checkDeadline(now)
    }
  }

  private static func dateField(_ surroundings: Surroundings) -> ByteBuffer {
    ByteBuffer(string: "Date: \(HTTPDate.text(surroundings.secondsSince1970))\r\n")
  }

  // MARK: Connections

  func add(_ connection: ConnectionGate) {
    beginTicking()
    connection.index = connections.count
    connections.append(connection)
    shared.metrics.connectionOpened()
  }

  func remove(_ connection: ConnectionGate, context: ChannelHandlerContext) {
    guard connection.index < connections.count, connections[connection.index] === connection else { return }
    let last = connections.removeLast()
    if last !== connection {
      last.index = connection.index
      connections[connection.index] = last
    }
    shared.metrics.connectionClosed()
    if connections.isEmpty {
      for promise in whenEmpty { promise.succeed() }
      whenEmpty = []
      for decoder in decoders { decoder.retire(context: context) }
      decoders = []
    }
  }

  /// A decoder for a request that begins.
  func borrowDecoder(_ context: ChannelHandlerContext) -> RequestDecoder {
    decoders.popLast() ?? RequestDecoder(context: context)
  }

  /// Takes back a decoder that is between requests.
  func giveBack(_ decoder: RequestDecoder, context: ChannelHandlerContext) {
    if decoders.count < Self.mostDecoders {
      decoders.append(decoder)
    } else {
      decoder.retire(context: context)
    }
  }

  private static let mostDecoders = 64

  /// Ends connections that are idle, and the others once they have their response.
  func drain() -> EventLoopFuture<Void> {
    for connection in connections { connection.drain() }
    let promise = eventLoop.makePromise(of: Void.self)
    if connections.isEmpty { promise.succeed() } else { whenEmpty.append(promise) }
    return promise.futureResult
  }

  /// How a body is brought to a client.
  func way(isEncrypted: Bool) -> BodyTransmission.Way {
    BodyTransmission.Way(byCopy: isEncrypted || !sendsFiles, rate: configuration.rate, pool: shared.filePool)
  }

  /// Whether a connection from this address has to begin with a PROXY header.
  func mustExpectProxyHeader(from peer: SocketAddress?) -> Bool {
    guard !self.configuration.proxies.isEmpty, let peer else { return false }
    return configuration.proxies.contains { $0.contains(peer) }
  }

  /// What names a lock: a UUID of version 4 (RFC 9562, section 5.4).
  func lockToken() -> String {
    func digits(_ value: UInt64, _ count: Int) -> String {
      let text = String(value, radix: 16)
      return String(repeating: "0", count: max(0, count - text.count)) + text.suffix(count)
    }
    let high = random.next()
    let low = random.next()
    let version = digits(high & 0xfff | 0x4000, 4)
    let variant = digits(low >> 48 & 0x3fff | 0x8000, 4)
    return "urn:uuid:\(digits(high >> 32, 8))-\(digits(high >> 16, 4))-\(version)-\(variant)-\(digits(low, 12))"
  }

  /// What separates the parts of a body. Nobody can put it into a file beforehand.
  func boundary() -> String {
    String(random.next(), radix: 16) + String(random.next(), radix: 16)
  }
}
