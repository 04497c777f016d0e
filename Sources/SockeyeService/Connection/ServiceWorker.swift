import Glibc
import NIOCore
import SockeyeText

/// What the connections of one event loop have in common: their list, a coarse clock, and the `Date` of the second.
///
/// Deadlines are of seconds, so one timer a second serves all of them; a connection that is busy costs no timer at all.
final class ServiceWorker {
  let shared: ServiceShared
  let eventLoop: any EventLoop
  /// The time, no older than a second.
  private(set) var now: NIODeadline
  /// The `Date` field with its line's end.
  private(set) var date: ByteBuffer
  /// Whether channels of this event loop take file regions.
  let sendsFiles: Bool

  private var connections: [ConnectionGate] = []
  /// Decoders that no connection needs at the moment.
  private var decoders: [RequestDecoder] = []
  private var timer: RepeatedTask?
  private var random = SystemRandomNumberGenerator()
  private var whenEmpty: [EventLoopPromise<Void>] = []

  /// - Parameter sendsFiles: Whether `FileRegion`s may be written: not to every transport.
  init(shared: ServiceShared, eventLoop: any EventLoop, sendsFiles: Bool = true) {
    self.shared = shared
    self.eventLoop = eventLoop
    self.sendsFiles = sendsFiles
    now = eventLoop.now
    date = Self.dateField()
  }

  var configuration: FileServiceConfiguration { self.shared.configuration }

  /// Begins to look at deadlines. To be called on the event loop.
  func start() {
    let worker = NIOLoopBound(self, eventLoop: self.eventLoop)
    timer = self.eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
      worker.value.tick()
    }
  }

  /// Stops looking at deadlines.
  func stop() { timer?.cancel() }

  private func tick() {
    now = self.eventLoop.now
    date = Self.dateField()
    // Backwards, because one that is closed at once is replaced by the last one in the list.
    for index in connections.indices.reversed() where index < connections.count {
      connections[index].checkDeadline(now)
    }
  }

  private static func dateField() -> ByteBuffer {
    ByteBuffer(string: "Date: \(HTTPDate.text(Int64(time(nil))))\r\n")
  }

  // MARK: Connections

  func add(_ connection: ConnectionGate) {
    connection.index = connections.count
    connections.append(connection)
    self.shared.metrics.connectionOpened()
  }

  func remove(_ connection: ConnectionGate, context: ChannelHandlerContext) {
    guard connection.index < connections.count, connections[connection.index] === connection else { return }
    let last = connections.removeLast()
    if last !== connection {
      last.index = connection.index
      connections[connection.index] = last
    }
    self.shared.metrics.connectionClosed()
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
    let promise = self.eventLoop.makePromise(of: Void.self)
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

  /// What separates the parts of a body. Nobody can put it into a file beforehand.
  func boundary() -> String {
    String(random.next(), radix: 16) + String(random.next(), radix: 16)
  }
}
