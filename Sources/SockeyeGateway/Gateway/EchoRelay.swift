internal import Glibc
internal import NIOCore
internal import SockeyeHost
internal import SockeyeNIO
internal import SockeyeTransport
internal import SockeyeWire

/// Carries a child's echo requests to whom they are for, by the kernel's sockets for that, and the replies back.
///
/// All requests of a family go by one socket, told apart by a sequence number of ours.
final class EchoRelay: @unchecked Sendable {
  // Unchecked for its sockets and what waits, which `loop` alone touches: its host calls `take` there, and a socket that can be
  // read has `hear` executed on it.

  private enum Port {
    case unopened
    case open(PingSocket)
    /// The system doesn't let this user.
    case closed
  }

  private struct Pending {
    let request: StrayMessage
    let expiry: NIODeadline
  }

  private let loop: HostEventLoop
  private let gatekeeper: Gatekeeper
  private let report: @Sendable (GatewayEvent) -> Void
  private var port4 = Port.unopened
  private var port6 = Port.unopened
  /// Requests that wait for their replies, by the sequence numbers that they went out with.
  private var pending: [UInt16: Pending] = [:]
  private var nextSequence: UInt16 = 0
  /// Whom the child was refused, so that each is told of once; as many as are remembered.
  private var told: Set<GatewayFlow> = []

  /// Requests that wait at once, at most, and how long.
  private static let mostPending = 4_096
  private static let patience = TimeAmount.seconds(10)
  private static let mostTold = 1_024
  /// Replies that are taken in one turn of the loop.
  private static let readAtOnce = 64

  init(on loop: HostEventLoop, _ gatekeeper: Gatekeeper, report: @escaping @Sendable (GatewayEvent) -> Void) {
    self.loop = loop
    self.gatekeeper = gatekeeper
    self.report = report
  }

  func take(_ request: StrayMessage) {
    let (flow, refusal) = gatekeeper.judge(
      .echoes,
      from: HostEndpoint(request.source, port: 0),
      to: HostEndpoint(request.destination, port: 0)
    )
    if let refusal {
      loop.host.report(.unreachable(.prohibited), about: request)
      if told.count < Self.mostTold, told.insert(flow).inserted { report(.refused(flow, refusal)) }
      return
    }
    guard let socket = socket(isIPv4: request.source.isIPv4) else {
      loop.host.report(.unreachable(.prohibited), about: request)
      if told.count < Self.mostTold, told.insert(flow).inserted { report(.failed(flow, .prohibited)) }
      return
    }
    guard let sequence = register(request) else { return }
    switch socket.send(Self.message(request, sequence), to: flow.destination) {
    case 0, EAGAIN, ENOBUFS: break
    case ENETUNREACH, EINVAL: fail(sequence, .network)
    case EACCES, EPERM: fail(sequence, .prohibited)
    case EMSGSIZE:
      if let request = pending.removeValue(forKey: sequence)?.request {
        loop.host.report(.tooLong(most: 1280), about: request)
      }
    default: fail(sequence, .host)
    }
  }

  private func fail(_ sequence: UInt16, _ reason: Unreachability) {
    guard let request = pending.removeValue(forKey: sequence)?.request else { return }
    loop.host.report(.unreachable(reason), about: request)
  }

  /// The sequence number that a request goes out with; nil if too many wait.
  private func register(_ request: StrayMessage) -> UInt16? {
    let now = loop.now
    if pending.count >= Self.mostPending { pending = pending.filter { $0.value.expiry > now } }
    guard pending.count < Self.mostPending else { return nil }
    while pending[nextSequence] != nil { nextSequence &+= 1 }
    defer { nextSequence &+= 1 }
    pending[nextSequence] = Pending(request: request, expiry: now + Self.patience)
    return nextSequence
  }

  /// An echo request as the kernel takes it: it fills in identifier and checksum.
  private static func message(_ request: StrayMessage, _ sequence: UInt16) -> [UInt8] {
    let type: UInt8 = request.source.isIPv4 ? 8 : 128
    return [type, 0, 0, 0, 0, 0, UInt8(sequence >> 8), UInt8(sequence & 0xFF)] + request.payload
  }

  // MARK: Replies

  private func socket(isIPv4: Bool) -> PingSocket? {
    switch isIPv4 ? port4 : port6 {
    case .open(let socket): return socket
    case .closed: return nil
    case .unopened: break
    }
    // In virtual time there is no kernel.
    guard !loop.isInVirtualTime else { return nil }
    let loop = loop
    let socket = try? PingSocket(isIPv4: isIPv4) { loop.execute { self.hear(isIPv4: isIPv4) } }
    socket?.wait()
    let port = socket.map { Port.open($0) } ?? .closed
    if isIPv4 { port4 = port } else { port6 = port }
    return socket
  }

  private func hear(isIPv4: Bool) {
    guard case .open(let socket) = isIPv4 ? port4 : port6 else { return }
    for _ in 0..<Self.readAtOnce {
      guard let message = socket.receive() else { break }
      answer(message, isIPv4: isIPv4)
    }
    socket.wait()
  }

  private func answer(_ message: [UInt8], isIPv4: Bool) {
    guard message.count >= 8, message[0] == (isIPv4 ? 0 : 129) else { return }
    let sequence = UInt16(message[6]) << 8 | UInt16(message[7])
    guard let waiting = pending[sequence], waiting.request.source.isIPv4 == isIPv4, waiting.expiry > loop.now else {
      return
    }
    pending[sequence] = nil
    loop.host.send(waiting.request.answer(Array(message[8...])))
  }

  /// Closes the sockets: the gateway ends.
  func stop() {
    for case .open(let socket) in [port4, port6] { socket.close() }
    port4 = .closed
    port6 = .closed
    pending = [:]
  }
}
