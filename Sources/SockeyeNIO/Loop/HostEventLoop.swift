internal import DequeModule
internal import Glibc
public import NIOCore
package import SockeyeHost
package import SockeyeTCP
internal import Synchronization

/// An event loop that owns a network host: its link, its TCP and UDP, timers, pipelines and tasks, all on one thread. A
/// packet reaches its handler without a hop, and what the handler writes leaves in the same turn.
///
/// It is also a serial executor, for actors, and a task executor, for tasks:
///
/// ```swift
/// try await withTaskExecutorPreference(loop) {
///   // Runs where the packets arrive.
/// }
/// ```
///
/// Its time is its link's: the machine's monotonic clock on a device, a virtual clock in a simulated network. `now` tells it,
/// and timers go by it; `NIODeadline.now()` always tells the machine's.
public final class HostEventLoop: @unchecked Sendable {
  // What isn't Sendable in it is only touched by the thread that runs the loop, which `inEventLoop` tells apart: every
  // entry from elsewhere goes through `queue`, which has a lock.

  // MARK: From any thread

  let queue = LoopQueue()
  let waker: any LoopWaker
  /// The thread that runs the loop, as `pthread_self` names it; 0 while none does.
  private let runner = Atomic<UInt>(0)
  private let clock: LoopClock
  /// Finds the address of a host by its name, for bootstraps; nil for the machine's own way.
  package let resolve: (@Sendable (_ host: String, _ port: Int) throws -> SocketAddress)?
  /// Draws what applications need of chance; nil for the machine's own.
  package let random: (@Sendable () -> UInt64)?

  // MARK: On the loop

  /// The host. No call on it calls back into the loop.
  package var host: StreamHost
  let link: any LoopLink
  var channels = ChannelTable()
  /// Channels that want to read and may have something to be read, in their order.
  var readers = Deque<HostChannel>()
  /// Sockets whose channels have closed, to be closed once the turn has sent what they took.
  private var closing: [Handle] = []
  /// Who is asked about flows to addresses that aren't the host's. It is let go of when the loop ends.
  package var flowOwner: (any FlowOwner)?
  var progress = LoopProgress.running
  /// How long connections may take to end in order once the loop is told to; set before it is turned.
  package var drainLimit = Interval.seconds(2)
  private var tasks = Deque<LoopTask>()
  private var dueTimers: [UInt64] = []
  private var channelCount: UInt64 = 0

  /// A loop that nobody turns yet.
  ///
  /// - Parameters:
  ///   - resolve: finds a host by its name, at once; nil for the machine's own way, which takes its time.
  ///   - random: draws what applications need of chance; nil for the machine's own.
  package init(
    _ configuration: HostConfiguration,
    link: any LoopLink,
    resolve: (@Sendable (_ host: String, _ port: Int) throws -> SocketAddress)? = nil,
    random: (@Sendable () -> UInt64)? = nil
  ) {
    self.link = link
    self.resolve = resolve
    self.random = random
    waker = link.waker
    clock = link.clock
    host = StreamHost(configuration: configuration, now: link.clock.now)
  }

  /// Whether time passes only when whoever turns the loop lets it.
  package var isInVirtualTime: Bool { !clock.passesByItself }

  /// Counts the channels in the order in which they are made.
  func nextChannelNumber() -> UInt64 {
    channelCount += 1
    return channelCount
  }

  /// What `body` does is on the loop: to be called by the only thread that turns it.
  package func asRunner<Result>(_ body: () throws -> Result) rethrows -> Result {
    let before = runner.exchange(pthread_self(), ordering: .relaxed)
    defer {
      runner.store(before, ordering: .relaxed)
      if before == 0 { leave() }
    }
    return try body()
  }

  /// Runs what an ended loop was given meanwhile. Once this thread has left, whoever gives it more runs that.
  private func leave() {
    while !queue.leave() {
      runner.store(pthread_self(), ordering: .relaxed)
      runTasks()
      runner.store(0, ordering: .relaxed)
    }
  }

  // MARK: One turn

  /// Goes once around: takes packets, or waits for some until `limit` where nothing else is to be done; runs what is due;
  /// lets ready channels read and write; runs tasks; sends.
  package func turn(until limit: Instant = .never) {
    let deadline = sleepEnd(limit)
    if case .linkLost = progress {
      waker.sleep(until: deadline)
    } else {
      attempt { try link.receive(into: &host, until: deadline) }
    }
    queue.endSleep()
    host.advance(to: clock.now)
    tellChannels()
    runTasks()
    tellChannels()
    attempt { try link.send(from: &host) }
    if !closing.isEmpty { closeSockets() }
    // What the host sent to itself has arrived.
    tellChannels()
    continueShutdown()
  }

  /// Closes a socket, whose channel is gone. If it holds what nobody has read, its peer is reset for that (RFC 1122 section
  /// 4.2.2.13), and what was written in the same turn is sent first, as it would have been by a kernel: it may be the answer
  /// that says why the rest isn't read.
  func close(_ socket: Handle) {
    guard let counts = try? host.queuedCounts(of: socket), counts.readable > 0, isOpen else {
      try? host.close(socket)
      return
    }
    closing.append(socket)
  }

  private func closeSockets() {
    for socket in closing { try? host.close(socket) }
    closing = []
    attempt { try link.send(from: &host) }
  }

  /// When there will be something to do: now where there is already. Calling it has no effect that is seen.
  package func nextEvent() -> Instant {
    let now = clock.now
    guard readers.isEmpty, closing.isEmpty else { return now }
    let own = queue.nextDeadline(now: NIODeadline(now)).map(Instant.init) ?? .never
    return min(hostDeadline, own, progress.deadline)
  }

  /// When the host has something to do. What it would send without a link stays where it is, and is no reason to turn.
  private var hostDeadline: Instant {
    switch progress {
    case .running, .draining: host.nextDeadline
    case .linkLost, .ended: .never
    }
  }

  /// Until when the turn may wait for packets.
  private func sleepEnd(_ limit: Instant) -> Instant {
    let now = clock.now
    guard readers.isEmpty, closing.isEmpty else { return now }
    let deadline = min(hostDeadline, limit, progress.deadline)
    guard deadline > now, let end = queue.beginSleep(until: NIODeadline(deadline)) else { return now }
    return end == .distantFuture ? .never : Instant(end)
  }

  /// Lets channels know what changed at their sockets, and read what they want.
  private func tellChannels() {
    askAboutFlows()
    while let handle = host.nextReady() { channels[handle]?.socketIsReady() }
    for _ in 0..<readers.count {
      guard let channel = readers.popFirst() else { break }
      channel.readWhenReady()
    }
  }

  /// Runs what is due, and tasks until none is left; those that make new ones for ever let packets through now and then.
  private func runTasks() {
    let most = 4096
    var count = 0
    queue.nameDue(at: NIODeadline(clock.now), in: &dueTimers)
    for timer in dueTimers { queue.cancelTimer(timer)?.fire() }
    dueTimers.removeAll(keepingCapacity: true)
    while count < most {
      queue.takeTasks(into: &tasks)
      guard !tasks.isEmpty else { return }
      while let task = tasks.popFirst() {
        run(task)
        count += 1
      }
    }
  }

  private func run(_ task: LoopTask) {
    switch task {
    case .closure(let closure): closure()
    case .job(let job):
      job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
    }
  }

  /// Does what the link may fail at: a link that is gone takes all channels with it.
  private func attempt(_ body: () throws -> Void) {
    guard case .linkLost = progress else {
      do { try body() } catch { loseLink(error) }
      return
    }
  }
}

// MARK: EventLoop

extension HostEventLoop: NIOSerialEventLoopExecutor, TaskExecutor {
  /// Whether the caller is run by this loop.
  public var inEventLoop: Bool { runner.load(ordering: .relaxed) == pthread_self() }

  /// The time on the clock that the loop's timers go by.
  public var now: NIODeadline { NIODeadline(clock.now) }

  /// Runs `task` on the loop, after what was given to it before. When the loop has ended, a thread that gives it something
  /// runs that, one at a time: whoever waits for what was promised there is still told.
  public func execute(_ task: @escaping @Sendable () -> Void) {
    add(.closure(task))
  }

  /// Runs `task` on the loop.
  ///
  /// - Returns: what it returned, or threw; `EventLoopError.shutdown` of a loop that has ended.
  public func submit<T>(_ task: @escaping @Sendable () throws -> T) -> EventLoopFuture<T> {
    let promise = makePromise(of: T.self)
    guard !queue.hasEnded else {
      promise.fail(EventLoopError.shutdown)
      return promise.futureResult
    }
    add(
      .closure {
        promise.assumeIsolated().completeWith(Swift.Result { try task() })
      }
    )
    return promise.futureResult
  }

  /// Runs a job of a task or an actor on the loop, or as `execute` does when that has ended: a job can't be dropped, since
  /// whoever awaits it would wait for ever.
  public func enqueue(_ job: consuming ExecutorJob) {
    add(.job(UnownedJob(job)))
  }

  func add(_ task: LoopTask) {
    switch queue.add(task) {
    case .added: break
    case .addedToSleeping: waker.wake()
    // What was added is run on leaving.
    case .addedToEnded: asRunner {}
    }
  }

  /// Runs `task` at `deadline`, or as soon after as the loop can.
  public func scheduleTask<T>(
    deadline: NIODeadline,
    _ task: @escaping @Sendable () throws -> T
  ) -> Scheduled<T> {
    let promise = makePromise(of: T.self)
    let action = TimerQueue.Action(
      fire: { promise.assumeIsolated().completeWith(Swift.Result { try task() }) },
      // Who cancels it by hand has failed the promise before.
      cancel: { promise.fail(EventLoopError.shutdown) }
    )
    let identifier = add(action, at: deadline)
    if identifier == nil { promise.fail(EventLoopError.shutdown) }
    return Scheduled(promise: promise) { [queue] in
      if let identifier { _ = queue.cancelTimer(identifier) }
    }
  }

  /// Runs `task` once so much time has passed on the loop's clock.
  public func scheduleTask<T>(in delay: TimeAmount, _ task: @escaping @Sendable () throws -> T) -> Scheduled<T> {
    scheduleTask(deadline: now + delay, task)
  }

  /// Calls `handler` at `deadline`.
  ///
  /// - Throws: `EventLoopError.shutdown`.
  @discardableResult
  public func scheduleCallback(
    at deadline: NIODeadline,
    handler: some (NIOScheduledCallbackHandler & Sendable)
  ) throws -> NIOScheduledCallback {
    let action = TimerQueue.Action(
      fire: { handler.handleScheduledCallback(eventLoop: self) },
      cancel: { handler.didCancelScheduledCallback(eventLoop: self) }
    )
    guard let identifier = add(action, at: deadline) else { throw EventLoopError.shutdown }
    return NIOScheduledCallback(self, id: identifier)
  }

  /// Calls `handler` once so much time has passed on the loop's clock.
  ///
  /// - Throws: `EventLoopError.shutdown`.
  @discardableResult
  public func scheduleCallback(
    in amount: TimeAmount,
    handler: some (NIOScheduledCallbackHandler & Sendable)
  ) throws -> NIOScheduledCallback {
    try scheduleCallback(at: now + amount, handler: handler)
  }

  /// Cancels a callback, whose handler is told on the loop: at once if that is where the caller is.
  public func cancelScheduledCallback(_ scheduledCallback: NIOScheduledCallback) {
    guard let identifier = scheduledCallback.customCallbackID, let action = queue.cancelTimer(identifier) else {
      return
    }
    if inEventLoop { action.cancel() } else { execute(action.cancel) }
  }

  private func add(_ action: TimerQueue.Action, at deadline: NIODeadline) -> UInt64? {
    let (identifier, addition) = queue.add(action, at: deadline)
    if case .addedToSleeping = addition { waker.wake() }
    return identifier
  }

  /// Ends the process unless the caller is run by this loop.
  public func preconditionInEventLoop(file: StaticString, line: UInt) {
    precondition(inEventLoop, "not on the event loop", file: file, line: line)
  }

  /// Ends the process if the caller is run by this loop.
  public func preconditionNotInEventLoop(file: StaticString, line: UInt) {
    precondition(!inEventLoop, "on the event loop", file: file, line: line)
  }

  /// Ends the process where waiting for the loop would never end.
  public func _preconditionSafeToWait(file: StaticString, line: UInt) {
    precondition(
      clock.passesByItself,
      "nobody turns a loop in virtual time meanwhile: run the network until the future is fulfilled",
      file: file,
      line: line
    )
    preconditionNotInEventLoop(file: file, line: line)
  }

  /// The loop itself.
  public func next() -> any EventLoop { self }

  /// The loop alone.
  public func makeIterator() -> EventLoopIterator { EventLoopIterator([self]) }
}

extension NIODeadline {
  /// The same point in time: NIO's deadlines and the host's instants both count nanoseconds.
  package init(_ instant: Instant) {
    self = instant == .never ? .distantFuture : .uptimeNanoseconds(UInt64(max(0, instant.nanoseconds)))
  }
}

extension Instant {
  /// The same point in time.
  package init(_ deadline: NIODeadline) {
    self.init(nanoseconds: Int64(clamping: deadline.uptimeNanoseconds))
  }
}
