internal import NIOCore
internal import SockeyeHost
internal import SockeyeNIO
internal import SockeyeTransport

/// Carries the streams that a gateway's child opens to where it opens them to.
///
/// Each is two connections, one of our host's with the child and one of the machine's with the destination, which is asked
/// first; what it answers, the child is told.
final class StreamRelay: @unchecked Sendable {
  // Unchecked for its counts, which `loop` alone touches: its host asks `decide` there, what the destination answers hops to it
  // first, and the children's channels are on it.

  private let loop: HostEventLoop
  private let outside: Transport
  private let gatekeeper: Gatekeeper
  private let configuration: GatewayConfiguration
  private let report: @Sendable (GatewayEvent) -> Void
  private var pendingCount = 0
  private var openCount = 0

  /// Bytes that all streams together may hold in each direction beside their TCP's, roughly.
  private static let heldBytes = 256 << 20

  /// - Parameters:
  ///   - loop: that of the host that answers for every address.
  ///   - outside: the TCP by which destinations are reached.
  init(
    on loop: HostEventLoop,
    to outside: Transport,
    _ gatekeeper: Gatekeeper,
    _ configuration: GatewayConfiguration,
    report: @escaping @Sendable (GatewayEvent) -> Void
  ) {
    self.loop = loop
    self.outside = outside
    self.gatekeeper = gatekeeper
    self.configuration = configuration
    self.report = report
  }

  /// What is known of a stream before it is open.
  private struct Opening {
    let incoming: IncomingFlow
    let flow: GatewayFlow
    let start: NIODeadline
  }

  func decide(about incoming: IncomingFlow) {
    let (flow, refusal) = gatekeeper.judge(.stream, from: incoming.remote, to: incoming.local)
    if let refusal {
      loop.host.refuse(incoming, with: .reset)
      report(.refused(flow, refusal))
      return
    }
    guard pendingCount < configuration.mostPendingStreams, openCount < configuration.mostStreams else {
      loop.host.refuse(incoming, with: .reset)
      report(.refused(flow, .tooMany))
      return
    }
    ask(Opening(incoming: incoming, flow: flow, start: loop.now))
  }

  /// Asks the destination.
  private func ask(_ opening: Opening) {
    pendingCount += 1
    var options = ConnectOptions()
    options.autoRead = false
    options.timeout = configuration.openingTime
    // The more there are, the less each new one may hold.
    let share = min(JunctionEnd.mostUntaken, max(16 << 10, Self.heldBytes / (openCount + pendingCount)))
    outside.connect(to: opening.flow.destination, on: outside.eventLoopGroup.next(), options: options) { channel in
      try channel.pipeline.syncOperations.addHandler(JunctionEnd(mostUntaken: share))
    }.hop(to: loop).assumeIsolated().whenComplete { result in
      self.pendingCount -= 1
      switch result {
      case .success(let destination): self.join(opening, to: destination, share)
      case .failure(let error): self.pass(OpeningFailure(error), to: opening)
      }
    }
  }

  /// The destination has answered: now the child is.
  private func join(_ opening: Opening, to destination: any Channel, _ share: Int) {
    let recorder = StreamRecorder(opening.flow, since: opening.start)
    do {
      let (channel, opened) = try loop.accept(opening.incoming) { channel in
        let options = channel.syncOptions
        try options?.setOption(.autoRead, value: false)
        try options?.setOption(.allowRemoteHalfClosure, value: true)
        try channel.pipeline.syncOperations.addHandlers(recorder, JunctionEnd(mostUntaken: share))
      }
      openCount += 1
      report(.opened(opening.flow))
      channel.closeFuture.assumeIsolated().whenComplete { _ in
        self.openCount -= 1
        self.report(.closed(recorder.record(now: self.loop.now)))
      }
      // A channel that was never active tells nobody of its end.
      opened.whenFailure { _ in Junction.reset(destination) }
      Junction.join(channel, destination)
    } catch {
      // The child has given up, or the loop has.
      Junction.reset(destination)
    }
  }

  /// The destination has not answered, or not as was hoped.
  private func pass(_ failure: OpeningFailure, to opening: Opening) {
    var refusal = failure.refusal
    // Silence keeps a flow's place for a while, so that its SYNs aren't asked about again: not where others soon have none.
    if refusal == .silence, loop.host.pendingFlowCount > configuration.mostPendingStreams / 2 {
      refusal = .unreachable(.host)
    }
    loop.host.refuse(opening.incoming, with: refusal)
    report(.failed(opening.flow, failure))
  }
}
