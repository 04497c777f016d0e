internal import NIOCore
internal import SockeyeTalk
internal import SockeyeTransport

/// The way of a forwarded message.
enum ForwardDirection: String, CaseIterable, Sendable {
  /// From who connected here to whom it is forwarded.
  case up
  /// Back.
  case down
}

/// A connection that is forwarded: who connected here, whom we connected to for it, and what is on its way between them.
/// Confined to its session's event loop.
final class ForwardedConnection: ConversationObserver {
  let peer: Peer
  let up: ForwardLane
  let down: ForwardLane
  private weak var session: ConsoleSession?
  private var client: ConversationClient?
  private var hasStarted = false
  private var hasEnded = false
  var onReady: (() -> Void)?

  init(_ peer: Peer, in session: ConsoleSession) {
    self.peer = peer
    self.session = session
    up = ForwardLane(on: session.eventLoop)
    down = ForwardLane(on: session.eventLoop)
    up.onChange = { [weak session] isReady in session?.laneChanged(isReady) }
    down.onChange = { [weak self] isReady in if isReady { self?.onReady?() } }
  }

  /// What comes from there is read as far as this side takes it.
  var isReady: Bool { down.isReady && session?.audience.isReady != false }

  /// Connects to whom it is forwarded.
  func start(_ server: ConversationServer, to remote: Endpoint, _ settings: SessionSettings, over transport: Transport)
  {
    guard !hasStarted else { return }
    hasStarted = true
    let number = peer.number
    down.say = { server.say($0, to: [number]) }
    down.end = { _ = server.endOutput(to: number) }
    guard let eventLoop = session?.eventLoop else { return }
    let this = NIOLoopBound(self, eventLoop: eventLoop)
    let started = eventLoop.makeFutureWithTask { () async -> Result<ConversationClient, Failure> in
      do throws(Failure) {
        return .success(
          try await ConversationClient.start(to: remote, over: transport, configuration: settings.upstream) { _ in
            this.value
          }
        )
      } catch {
        return .failure(error)
      }
    }
    started.assumeIsolated().whenSuccess { [self] result in connected(result, server) }
  }

  private func connected(_ result: Result<ConversationClient, Failure>, _ server: ConversationServer) {
    switch result {
    case .success(let client):
      guard !hasEnded else { return client.end() }
      self.client = client
      up.say = { client.say($0) }
      up.end = { _ = client.endOutput(to: 1) }
      up.drain()
    case .failure(let failure):
      session?.forwardingFailed(peer, failure)
      _ = server.kick(peer.number)
    }
  }

  /// The connection here has ended.
  func end() {
    hasEnded = true
    up.stop()
    down.stop()
    client?.end()
  }

  func conversation(_ event: ConversationEvent) {
    guard !hasEnded else { return }
    switch event {
    case .received(_, let message): session?.forward(message, of: self, .down)
    case .inputEnded: down.finish()
    case .closed: session?.forwardingEnded(peer)
    case .notice(_, let phrase): session?.tellNotice(phrase, peer)
    case .listening, .retrying, .opened, .secured, .waiting, .served, .sent, .outputEnded, .clients: return
    }
  }
}
