internal import CSockeyeLinux
internal import Glibc
public import SockeyeLink
internal import SockeyeTransport
internal import Synchronization

/// How a command came to its end.
public enum ChildEnd: Hashable, Sendable {
  /// It ended by itself, with this exit code.
  case exited(Int32)
  /// This signal ended it.
  case killed(Int32)
  /// It could not be executed, for this reason (`errno`).
  case notStarted(Int32)
}

/// The other end of a command's only link.
public struct ChildDevice: Hashable, Sendable {
  /// Whoever got this closes it, or has a `TunnelDevice` adopt it.
  public let descriptor: Int32
  /// What it is: a TUN device's, or that of a packet socket where TUN is closed.
  public let kind: TunnelDevice.Kind
}

/// A command in a network of its own.
///
/// A thread that lasts as long as the command starts it and follows it: the kernel kills the child when the thread that
/// started it is gone.
public final class ChildProcess: Sendable {
  private let socket: Int32
  private let process: pid_t
  private let terminal: ControllingTerminal?
  private let group: sockeye_child_group
  private let ignoredSignals: IgnoredSignals
  private let state = Mutex(State.running(nil))

  private enum State {
    case running(CheckedContinuation<ChildEnd, Never>?)
    case ended(ChildEnd)
  }

  private init(
    socket: Int32,
    process: pid_t,
    terminal: ControllingTerminal?,
    group: sockeye_child_group,
    ignoredSignals: IgnoredSignals
  ) {
    self.socket = socket
    self.process = process
    self.terminal = terminal
    self.group = group
    self.ignoredSignals = ignoredSignals
  }

  deinit {
    close(socket)
    if let terminal { close(terminal.descriptor) }
  }

  /// Makes the namespaces and the network; the command waits for ``proceed()``.
  ///
  /// - Returns: the child, who finds its processes, and its device; nil where it has none. The network lasts until both the
  ///   command and the device are gone.
  /// - Throws: `ChildError`.
  public static func prepare(
    _ configuration: ChildConfiguration
  ) async throws(ChildError) -> (child: ChildProcess, processes: ProcessFinder, device: ChildDevice?) {
    let result = await withCheckedContinuation { (continuation: CheckedContinuation<Prepared, Never>) in
      do throws(Failure) {
        try DedicatedThread.start {
          do throws(ChildError) {
            let prepared = try launch(configuration)
            continuation.resume(returning: .success(prepared))
            prepared.child.follow()
          } catch {
            continuation.resume(returning: .failure(error))
          }
        }
      } catch {
        continuation.resume(returning: .failure(.step(.process, number: EAGAIN)))
      }
    }
    return try result.get()
  }

  private typealias Prepared = Result<(child: ChildProcess, processes: ProcessFinder, device: ChildDevice?), ChildError>

  /// Starts the command. From here on, signals to this process go to it.
  public func proceed() {
    let isShared: Int32 = group == SOCKEYE_CHILD_GROUP_SHARED ? 1 : 0
    sockeye_child_relay_signals(socket, isShared, ignoredSignals.bits)
    sockeye_child_tell(socket, Int32(SOCKEYE_CHILD_GO.rawValue), 0, 0)
  }

  /// Waits for the command's end. To be asked once.
  public var end: ChildEnd {
    get async {
      await withCheckedContinuation { continuation in
        let end: ChildEnd? = state.withLock { state in
          if case .ended(let end) = state { return end }
          state = .running(continuation)
          return nil
        }
        if let end { continuation.resume(returning: end) }
      }
    }
  }

  /// Whether the terminal's keys signal this process too, so that it should end by the signal that ended the command.
  public var sharesTerminal: Bool { group == SOCKEYE_CHILD_GROUP_SHARED }

  // MARK: On the child's thread

  private static func launch(
    _ configuration: ChildConfiguration
  ) throws(ChildError) -> (child: ChildProcess, processes: ProcessFinder, device: ChildDevice?) {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw .step(.process, number: errno) }
    // A caller that ignores the end of its children could not wait for this one.
    signal(SIGCHLD, SIG_DFL)
    let terminal = ControllingTerminal()
    let group = terminal?.group ?? SOCKEYE_CHILD_GROUP_OWN
    var plan = ChildPlan(
      configuration,
      socket: ends[1],
      terminal: terminal?.descriptor,
      group: group,
      groups: ChildIdentities.groups(isRoot: configuration.isRoot)
    )
    let process = plan.start()
    let number = errno
    close(ends[1])
    let child = ChildProcess(
      socket: ends[0],
      process: process,
      terminal: terminal,
      group: group,
      ignoredSignals: configuration.ignoredSignals
    )
    guard process >= 0 else { throw namespaceError(number) }
    do throws(ChildError) {
      try ChildIdentities.map(process, isRoot: configuration.isRoot)
      let (diagnostics, device) = try child.waitUntilReady()
      return (child, ProcessFinder(of: process, diagnostics: diagnostics), device)
    } catch {
      kill(process, SIGKILL)
      child.reap()
      throw error
    }
  }

  /// Each limit on namespaces has an error of its own (user_namespaces(7)).
  private static func namespaceError(_ number: Int32) -> ChildError {
    switch number {
    case EPERM, EACCES, ENOSPC, EUSERS, EINVAL: .forbidden(.current, number: number)
    default: .step(.process, number: number)
    }
  }

  private static let noDescriptors = [Int32](repeating: -1, count: Int(SOCKEYE_CHILD_DESCRIPTORS))

  private func waitUntilReady() throws(ChildError) -> (diagnostics: Int32, device: ChildDevice?) {
    sockeye_child_tell(socket, Int32(SOCKEYE_CHILD_MAPPED.rawValue), 0, 0)
    var message = sockeye_child_message()
    var descriptors: [Int32] = Self.noDescriptors
    guard sockeye_child_receive(socket, &message, &descriptors) == 1 else { throw .step(.process, number: ECHILD) }
    guard message.kind == SOCKEYE_CHILD_READY.rawValue else {
      throw ChildError(sockeye_child_step(rawValue: UInt32(message.step)), number: message.value)
    }
    guard descriptors[1] >= 0 else { return (descriptors[0], nil) }
    let isPair = UInt32(message.value) == SOCKEYE_CHILD_DEVICE_PAIR.rawValue
    return (descriptors[0], ChildDevice(descriptor: descriptors[1], kind: isPair ? .packetSocket : .tunnel))
  }

  private func follow() {
    var end: ChildEnd?
    var message = sockeye_child_message()
    var descriptors = Self.noDescriptors
    while end == nil, sockeye_child_receive(socket, &message, &descriptors) == 1 {
      switch UInt32(message.kind) {
      case SOCKEYE_CHILD_STOPPED.rawValue: stop(message.value)
      case SOCKEYE_CHILD_EXITED.rawValue: end = .exited(message.value)
      case SOCKEYE_CHILD_KILLED.rawValue: end = .killed(message.value)
      case SOCKEYE_CHILD_NOT_STARTED.rawValue: end = .notStarted(message.value)
      default: break
      }
      for descriptor in descriptors where descriptor >= 0 { close(descriptor) }
    }
    sockeye_child_end_relay()
    let status = reap()
    terminal?.takeFromTheDead()
    // Init that said nothing was killed, and all that was in the namespaces with it.
    let signal = status & 0x7F
    finish(end ?? (signal == 0 ? .exited(1) : .killed(signal)))
  }

  @discardableResult
  private func reap() -> Int32 {
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    return status
  }

  private func finish(_ end: ChildEnd) {
    let waiting = state.withLock { state in
      defer { state = .ended(end) }
      if case .running(let continuation) = state { return continuation }
      return nil
    }
    waiting?.resume(returning: end)
  }

  /// The command was stopped: whoever controls jobs shall see this process stopped, and continue both.
  private func stop(_ number: Int32) {
    // The job that the command is part of was stopped as a whole, if it was.
    guard group != SOCKEYE_CHILD_GROUP_SHARED else { return }
    if let terminal, group == SOCKEYE_CHILD_GROUP_FOREGROUND || !terminal.isOurs { terminal.take() }
    // It is this thread that is stopped, right here. A group without a shell to continue it is not stopped by the
    // terminal's signals at all, and goes on.
    var (unblocked, before) = (sigset_t(), sigset_t())
    sigemptyset(&unblocked)
    sigaddset(&unblocked, number)
    signal(number, SIG_DFL)
    pthread_sigmask(SIG_UNBLOCK, &unblocked, &before)
    raise(number)
    pthread_sigmask(SIG_SETMASK, &before, nil)
    sockeye_child_relay_signals(socket, 0, ignoredSignals.bits)
    sockeye_child_tell(socket, Int32(SOCKEYE_CHILD_CONTINUE.rawValue), 0, terminal?.isOurs == true ? 1 : 0)
  }
}
