internal import Dispatch
internal import NIOCore
internal import SockeyeHost
internal import SockeyeNIO
internal import Synchronization

/// A process of a gateway's child.
public struct FlowProcess: Hashable, Sendable {
  /// Its number, as the machine's own processes see it.
  public var number: Int32
  /// The name of its command: 15 bytes at most.
  public var command: String
}

/// Finds out which processes the flows of a gateway's child belong to, on a thread of its own, and tells of events once it is
/// known: nothing waits for it but what is told.
///
/// A question is put when a flow begins, since its socket, and its process, may soon be gone; whose socket can't be found in
/// time is told of without a process.
public final class ProcessFinder: Sendable {
  private let diagnostics: SocketDiagnostics
  private let queue = DispatchQueue(label: "sockeye.processes")
  private let state: Mutex<State>
  /// Questions that wait.
  private let waitingCount = Atomic(0)

  /// Only the queue's work touches it; the lock is there since the compiler can't know.
  private struct State {
    var processes: NamespaceProcesses
    /// What was found of flows that haven't ended.
    var found = RestingOrder<Key, FlowProcess>()
  }

  private struct Key: Hashable {
    let carrier: GatewayFlow.Carrier
    let source: HostEndpoint
    let destination: HostEndpoint
  }

  /// Questions that may wait at once; of flows beyond, no process is known. And flows of which what was found is kept.
  private static let mostWaiting = 1_024
  private static let mostFound = 32_768

  /// - Parameters:
  ///   - initProcess: the first process of the child's, which is in its namespaces.
  ///   - diagnostics: a netlink socket for sock_diag(7) that was made in the child's network; closed with this.
  init(of initProcess: Int32, diagnostics: Int32) {
    self.diagnostics = SocketDiagnostics(diagnostics)
    state = Mutex(State(processes: NamespaceProcesses(of: initProcess)))
  }

  /// A flow begins between those ends, the child's first.
  func ask(_ carrier: GatewayFlow.Carrier, from source: HostEndpoint, to destination: HostEndpoint) {
    guard carrier != .echoes, waitingCount.load(ordering: .relaxed) < Self.mostWaiting else { return }
    waitingCount.add(1, ordering: .relaxed)
    queue.async { [self] in
      waitingCount.subtract(1, ordering: .relaxed)
      find(Key(carrier: carrier, source: source, destination: destination))
    }
  }

  private func find(_ key: Key) {
    let isStream = key.carrier == .stream
    guard let inode = diagnostics.inode(isStream: isStream, local: key.source, remote: key.destination) else { return }
    state.withLock { state in
      guard let owner = state.processes.owner(ofSocket: inode) else { return }
      if state.found.count >= Self.mostFound, let oldest = state.found.oldest { state.found.remove(oldest.key) }
      state.found.insert(FlowProcess(number: owner.process, command: owner.command), for: key)
    }
  }

  /// Tells of an event, once the process of its flow is known, or known not to be found; in the order of calls.
  func tell(_ event: GatewayEvent, _ report: @escaping @Sendable (GatewayEvent) -> Void) {
    queue.async { [self] in report(complete(event)) }
  }

  /// Waits until what was to be told so far is told.
  func settle() async {
    await withCheckedContinuation { continuation in queue.async { continuation.resume() } }
  }

  private func complete(_ event: GatewayEvent) -> GatewayEvent {
    guard var flow = event.flow, let source = try? HostEndpoint(flow.source),
      let destination = try? HostEndpoint(flow.destination)
    else { return event }
    let key = Key(carrier: flow.carrier, source: source, destination: destination)
    flow.process = state.withLock { state in event.isEnd ? state.found.remove(key) : state.found[key] }
    var event = event
    event.flow = flow
    return event
  }
}

extension GatewayEvent {
  /// The flow that it is about, if it is about one.
  var flow: GatewayFlow? {
    get {
      switch self {
      case .asked: nil
      case .refused(let flow, _), .opened(let flow), .failed(let flow, _): flow
      case .closed(let record): record.flow
      case .datagramsEnded(let record): record.flow
      }
    }
    set {
      guard let flow = newValue else { return }
      switch self {
      case .asked: break
      case .refused(_, let reason): self = .refused(flow, reason)
      case .opened: self = .opened(flow)
      case .failed(_, let failure): self = .failed(flow, failure)
      case .closed(var record):
        record.flow = flow
        self = .closed(record)
      case .datagramsEnded(var record):
        record.flow = flow
        self = .datagramsEnded(record)
      }
    }
  }

  /// Whether nothing more is told of its flow.
  fileprivate var isEnd: Bool {
    switch self {
    case .asked, .opened: false
    case .refused, .failed, .closed, .datagramsEnded: true
    }
  }
}
