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
  private let reference: NIOLoopBound<Reference>
  private var state = State.running

  private enum State {
    /// It may say something yet.
    case running
    /// It has closed its output, and is waited for.
    case ending
    case ended(CommandEnd?)
  }

  /// Whether the conversation isn't over because of it.
  var isRunning: Bool { if case .ended = state { false } else { true } }

  /// How the command ended, once that is known.
  var end: CommandEnd? { if case .ended(let end) = state { end } else { nil } }

  /// How long a command that has closed its output may take to end; one that stays longer is left to itself.
  private static let patience = TimeAmount.seconds(5)

  /// Starts the command.
  ///
  /// - Throws: A failure of kind `other` when it can't be started.
  init(command: String, session: Session) throws(Failure) {
    self.session = session
    let child = try ChildProcess.start(command, environment: session.variables)
    process = child.identifier
    let eventLoop = session.eventLoop
    let reference = NIOLoopBound(Reference(), eventLoop: eventLoop)
    self.reference = reference
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
    while case .running = state, let session = self.session, session.isWritable {
      switch output.next() {
      case .bytes(let bytes): session.send(bytes)
      case .nothing:
        session.flush()
        return
      case .end, .failed:
        session.flush()
        state = .ending
        awaitEnd(session)
      }
    }
    self.session?.flush()
  }

  /// The peer is gone: so is the command's input, and a command that stays is told to end.
  func sessionClosed() {
    input.finish()
    output.stop()
    if case .running = state {
      state = .ended(nil)
      kill(process, SIGHUP)
      reap()
    }
  }

  /// Waits for the end of a command that has said everything: how it ended is part of the report.
  private func awaitEnd(_ session: Session) {
    let eventLoop = session.eventLoop
    let reference = self.reference
    reap { end in eventLoop.execute { reference.value.bridge?.ended(end) } }
    _ = session.schedule(in: Self.patience) { [weak self] _ in self?.ended(nil) }
  }

  private func ended(_ end: CommandEnd?) {
    guard isRunning else { return }
    state = .ended(end)
    session?.finish(.local(.commandEnded))
  }

  /// Waits for the command on a thread of its own.
  private func reap(_ whenEnded: @escaping @Sendable (CommandEnd) -> Void = { _ in }) {
    let process = self.process
    self.process = 0
    guard process > 0 else { return }
    try? DedicatedThread.start {
      var status: CInt = 0
      var waited = waitpid(process, &status, 0)
      while waited < 0, errno == EINTR { waited = waitpid(process, &status, 0) }
      if waited == process { whenEnded(CommandEnd(status)) }
    }
  }
}

extension Session {
  /// What a command learns of the peer that it serves. A variable that doesn't apply is empty.
  fileprivate var variables: [String: String] {
    let remote = peer.remoteAddress
    let local = peer.localAddress
    return [
      "SOCKEYE_PEER": peer.address,
      "SOCKEYE_PEER_NUMBER": "\(peer.number)",
      "SOCKEYE_PEER_ADDRESS": remote?.hostText ?? "",
      "SOCKEYE_PEER_PORT": remote?.port.map { "\($0)" } ?? "",
      "SOCKEYE_LOCAL": local?.text ?? "",
      "SOCKEYE_LOCAL_ADDRESS": local?.hostText ?? "",
      "SOCKEYE_LOCAL_PORT": local?.port.map { "\($0)" } ?? "",
      "SOCKEYE_PROTOCOL": protocolName,
    ]
  }

  private var protocolName: String {
    if peer.isDatagram { return "udp" }
    if configuration.tls != nil { return "tls" }
    return peer.isUnix ? "unix" : "tcp"
  }
}
