import Glibc
import NIOCore
import SockeyeText
import SockeyeTransport

/// Joins a session to a command: what the peer says is its input, what it writes is what the peer is told.
///
/// Confined to the session's event loop; two threads of its own do the waiting.
final class CommandBridge {
  private weak var session: Session?
  private var process: pid_t
  private let input: DescriptorWriter
  private let output: DescriptorReader
  private(set) var isRunning = true

  /// Starts the command.
  ///
  /// - Throws: A failure of kind `other` when it can't be started.
  init(command: String, session: Session) throws(Failure) {
    self.session = session
    let child = try ChildProcess.start(
      command,
      environment: [
        "SOCKEYE_PEER": session.peer.address,
        "SOCKEYE_PEER_NUMBER": "\(session.peer.number)",
      ]
    )
    process = child.identifier
    let eventLoop = session.eventLoop
    let reference = NIOLoopBound(Reference(), eventLoop: eventLoop)
    input = try DescriptorWriter(descriptor: child.input, limit: 262_144, closesDescriptor: true) { event in
      eventLoop.execute { reference.value.bridge?.inputChanged(event) }
    }
    output = try DescriptorReader(descriptor: child.output, limit: 262_144, closesDescriptor: true) {
      eventLoop.execute { reference.value.bridge?.pump() }
    }
    reference.value.bridge = self
    pump()
  }

  /// Leads from the threads back to the bridge, as long as there is one.
  private final class Reference {
    weak var bridge: CommandBridge?
  }

  /// Hands on what the peer said.
  func take(_ bytes: ByteBuffer) {
    if !input.write(bytes) { session?.commandIsReady(false) }
  }

  private func inputChanged(_ event: DescriptorWriter.Event) {
    // A command that does not read its input may still have something to say.
    session?.commandIsReady(true)
  }

  /// The peer has said everything.
  func inputEnded() { input.finish() }

  func sessionBecameWritable() { pump() }

  private func pump() {
    while isRunning, let session = self.session, session.isWritable {
      switch output.next() {
      case .bytes(let bytes): session.send(bytes)
      case .nothing:
        session.flush()
        return
      case .end, .failed:
        session.flush()
        isRunning = false
        reap()
        session.finish(.local(.commandEnded))
      }
    }
    self.session?.flush()
  }

  /// The peer is gone: so is the command's input, and a command that stays is told to end.
  func sessionClosed() {
    input.finish()
    output.stop()
    if isRunning {
      isRunning = false
      kill(process, SIGHUP)
      reap()
    }
  }

  private func reap() {
    let process = self.process
    self.process = 0
    guard process > 0 else { return }
    var status: CInt = 0
    if waitpid(process, &status, WNOHANG) == 0 {
      try? DedicatedThread.start {
        var status: CInt = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
      }
    }
  }
}

/// A command run by the shell, with pipes to its standard input and output.
struct ChildProcess {
  let identifier: pid_t
  /// Where its input is written.
  let input: CInt
  /// Where its output is read.
  let output: CInt

  static func start(_ command: String, environment extra: [String: String]) throws(Failure) -> ChildProcess {
    let input = try pipe()
    let output: (read: CInt, write: CInt)
    do {
      output = try pipe()
    } catch {
      close(input.read)
      close(input.write)
      throw error
    }
    defer {
      close(input.read)
      close(output.write)
    }

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, input.read, STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, output.write, STDOUT_FILENO)

    // The event loop ignores SIGPIPE and may block others; a command begins with the usual ones.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    for signal in [SIGPIPE, SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, signal) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    var process: pid_t = 0
    let status = withCStrings(["/bin/sh", "-c", command]) { arguments in
      withCStrings(self.environment(with: extra)) { environment in
        posix_spawn(&process, "/bin/sh", &actions, &attributes, arguments, environment)
      }
    }
    guard status == 0 else {
      close(input.write)
      close(output.read)
      throw Failure(.other, .cannotStart(command, .system(status)))
    }
    return ChildProcess(identifier: process, input: input.write, output: output.read)
  }

  private static func pipe() throws(Failure) -> (read: CInt, write: CInt) {
    var ends: [CInt] = [-1, -1]
    guard Glibc.pipe(&ends) == 0 else {
      throw Failure(.other, .noPipe(.system(errno)))
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }

  private static func environment(with extra: [String: String]) -> [String] {
    var result = extra.map { "\($0.key)=\($0.value)" }
    var next = environ
    while let entry = next.pointee {
      result.append(String(cString: entry))
      next += 1
    }
    return result
  }

  private static func withCStrings<Result>(
    _ strings: [String],
    _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    let copies: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    return copies.withUnsafeBufferPointer { buffer in
      // The array ends with nil, so it is never empty.
      withExtendedLifetime(copies) { body(buffer.baseAddress.unsafelyUnwrapped) }
    }
  }
}
