import Glibc
public import NIOCore
import NIOPosix
import Synchronization

extension EventLoop {
  /// Runs something after the event loop has looked at its sockets, and after everything else that waits for the same.
  ///
  /// What is given to `execute`, and timers that are due, run before an event loop of NIO looks at a socket again, however
  /// often that repeats: whoever sends piece after piece to a socket that takes all of them would keep out everybody else.
  ///
  /// To be called on the event loop. What waits when the event loop shuts down doesn't run.
  public func executeAfterPolling(_ body: @escaping () -> Void) {
    preconditionInEventLoop()
    PollingRound.of(self).add(body)
  }
}

/// What waits until an event loop has looked at its sockets. Confined to the event loop.
private final class PollingRound {
  /// Those of all event loops that have one.
  private static let all = Mutex<[ObjectIdentifier: NIOLoopBound<PollingRound>]>([:])

  private let eventLoop: any EventLoop
  /// The end of a pair of sockets whose other end the event loop looks at as it looks at its sockets. Other event loops than NIO's have
  /// none: they look at their sockets before timers that are due next.
  private var doorbell: CInt?
  private var waiting: [() -> Void] = []
  private var isRunning = false

  static func of(_ eventLoop: any EventLoop) -> PollingRound {
    let identifier = ObjectIdentifier(eventLoop)
    if let round = all.withLock({ $0[identifier] }) { return round.value }
    let round = NIOLoopBound(PollingRound(eventLoop), eventLoop: eventLoop)
    all.withLock { $0[identifier] = round }
    round.value.openDoorbell(round)
    return round.value
  }

  private init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

  private func openDoorbell(_ round: NIOLoopBound<PollingRound>) {
    guard let bootstrap = NIOPipeBootstrap(validatingGroup: eventLoop) else { return }
    var ends: [CInt] = [-1, -1]
    let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
    guard socketpair(AF_UNIX, Int32(kind), 0, &ends) == 0 else { return }
    let (heard, doorbell) = (ends[0], ends[1])
    self.doorbell = doorbell
    let opened = bootstrap.channelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.addHandler(DoorbellHandler { round.value.run() })
      }
    }
    .takingOwnershipOfDescriptor(input: heard)
    opened.whenFailure { _ in Glibc.close(heard) }
    // The channel is closed when its event loop ends.
    opened.flatMap(\.closeFuture).whenComplete { _ in
      round.value.forget()
      Glibc.close(doorbell)
    }
  }

  func add(_ body: @escaping () -> Void) {
    waiting.append(body)
    // Those who come during a round wait for the next one, which its end calls for.
    if waiting.count == 1, !isRunning { ring() }
  }

  private func ring() {
    var byte: UInt8 = 0
    // Nothing is on its way there: there is room for a byte.
    if let doorbell, Glibc.write(doorbell, &byte, 1) == 1 { return }
    let scheduled = eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(1)) { self.run() }
    scheduled.futureResult.assumeIsolated().whenFailure { _ in self.forget() }
  }

  private func run() {
    let bodies = waiting
    waiting = []
    isRunning = true
    for body in bodies { body() }
    isRunning = false
    if !waiting.isEmpty { return ring() }
    // Another event loop may have the place in memory of one without such a pair, which doesn't say when it ends.
    if doorbell == nil { forget() }
  }

  private func forget() {
    doorbell = nil
    Self.all.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(eventLoop)) }
  }
}

/// Hears the doorbell.
private final class DoorbellHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let rung: () -> Void

  init(_ rung: @escaping () -> Void) { self.rung = rung }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) { rung() }
}
