internal import NIOCore
internal import SockeyeTransport

/// Keeps a console's state in a file: a moment after it has changed, and once at a time. Confined to the console's event loop.
final class StateKeeper {
  private enum Phase {
    case idle
    /// It has changed, and is written when the timer ends.
    case waiting(Scheduled<Void>)
    /// It is being written; whether it has changed since.
    case writing(changed: Bool)
  }

  /// How long is waited for more changes.
  private static let patience = TimeAmount.milliseconds(500)

  private let file: KeptFile
  private let threads: BlockingThreads
  private let eventLoop: any EventLoop
  private let text: () -> String?
  private let tell: (Failure?) -> Void
  private var phase = Phase.idle
  private var last: String?
  private var ended: [EventLoopPromise<Void>] = []

  /// Creates a keeper.
  ///
  /// - Parameters:
  ///   - file: Where the state is kept.
  ///   - transport: Whose threads write.
  ///   - eventLoop: The console's.
  ///   - text: What is to be kept just now; nothing once the console is gone.
  ///   - tell: Told what came of each attempt to write.
  init(
    _ file: KeptFile,
    _ transport: Transport,
    on eventLoop: any EventLoop,
    _ text: @escaping () -> String?,
    tell: @escaping (Failure?) -> Void
  ) {
    self.file = file
    threads = transport.surroundings.threads(1)
    self.eventLoop = eventLoop
    self.text = text
    self.tell = tell
    last = text()
  }

  /// Something may have changed.
  func changed() {
    switch phase {
    case .idle:
      phase = .waiting(eventLoop.assumeIsolated().scheduleTask(in: Self.patience) { [weak self] in self?.write() })
    case .waiting, .writing(changed: true): return
    case .writing(changed: false): phase = .writing(changed: true)
    }
  }

  /// Writes what has changed, and ends.
  func end() -> EventLoopFuture<Void> {
    let promise = eventLoop.makePromise(of: Void.self)
    ended.append(promise)
    switch phase {
    case .idle: write()
    case .waiting(let timer):
      timer.cancel()
      write()
    case .writing: phase = .writing(changed: true)
    }
    return promise.futureResult
  }

  private func write() {
    guard let text = self.text(), text != last else { return finish() }
    phase = .writing(changed: false)
    let file = self.file
    let written = threads.run(on: eventLoop) { try file.write(Array(text.utf8)) }
    written.assumeIsolated().whenComplete { [self] result in
      switch result {
      case .success:
        last = text
        tell(nil)
      case .failure(let error): tell(error as? Failure)
      }
      if case .writing(changed: true) = phase { return write() }
      finish()
    }
  }

  private func finish() {
    phase = .idle
    guard !ended.isEmpty else { return }
    threads.beginShutDown()
    for promise in ended { promise.succeed() }
    ended.removeAll()
  }
}
