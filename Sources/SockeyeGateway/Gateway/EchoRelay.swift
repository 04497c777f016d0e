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
  private let network: GatewayNetwork
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

  init(
    on loop: HostEventLoop,
    _ gatekeeper: Gatekeeper,
    _ network: GatewayNetwork,
    report: @escaping @Sendable (GatewayEvent) -> Void
  ) {
    self.loop = loop
    self.gatekeeper = gatekeeper
    self.network = network
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
    guard request.hopLimit > 1 else {
      loop.host.report(.hopLimitExceeded(at: network.gateway(isIPv4: request.source.isIPv4)), about: request)
      return
    }
    guard let sequence = register(request) else { return }
    let message = Self.message(request, sequence)
    var number = socket.send(message, to: flow.destination, hopLimit: request.hopLimit - 1)
    // What ICMP said of an earlier one says nothing of this one.
    if number != 0, hearErrors(of: socket) {
      number = socket.send(message, to: flow.destination, hopLimit: request.hopLimit - 1)
    }
    if let reason = Self.undeliverability(number) { fail(sequence, reason) }
  }

  /// What an error of a socket's means inside; nil for what means nothing, or that there is no room.
  private static func undeliverability(_ number: CInt) -> Undeliverability? {
    switch number {
    case 0, EAGAIN, ENOBUFS: nil
    case ENETUNREACH, EINVAL: .unreachable(.network)
    case EACCES, EPERM: .unreachable(.prohibited)
    case EMSGSIZE: .tooLong(most: 1280)
    default: .unreachable(.host)
    }
  }

  private func fail(_ sequence: UInt16, _ reason: Undeliverability) {
    guard let request = pending.removeValue(forKey: sequence)?.request else { return }
    loop.host.report(reason, about: request)
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
    _ = hearErrors(of: socket)
    for _ in 0..<Self.readAtOnce {
      guard let message = socket.receive() else { break }
      answer(message, isIPv4: isIPv4)
    }
    socket.wait()
  }

  /// Tells what ICMP said of requests. Returns whether it said anything.
  private func hearErrors(of socket: PingSocket) -> Bool {
    var hasHeard = false
    for _ in 0..<Self.readAtOnce {
      guard let told = socket.takeError() else { break }
      hasHeard = true
      guard told.start.count >= 8, told.start[0] == 8 || told.start[0] == 128 else { continue }
      let sequence = UInt16(told.start[6]) << 8 | UInt16(told.start[7])
      guard let waiting = pending[sequence], waiting.request.source.isIPv4 == (told.start[0] == 8) else { continue }
      if let router = told.exceeded.flatMap({ try? HostEndpoint($0.router) })?.address {
        fail(sequence, .hopLimitExceeded(at: router))
      } else if let reason = Self.undeliverability(told.error.errnoCode) {
        fail(sequence, reason)
      }
    }
    return hasHeard
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
