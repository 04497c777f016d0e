import NIOCore
import SockeyeTransport

/// A connection that is lost is made again, and a conversation ends when its time is up.
extension ClientCore {
  /// Takes note that a session has ended.
  ///
  /// - Parameter lasted: How long the peer could be spoken to; nothing where it never could.
  /// - Returns: Whether its peer is connected to again.
  func reconnects(after cause: CloseCause, of session: Session, lasting lasted: TimeAmount?) -> Bool {
    guard configuration.reconnects, way != nil, !hasEndedOutput, failure == nil, let loss = cause.loss(session.peer)
    else {
      return false
    }
    // A peer that accepts and hangs up at once is no better than one that refuses.
    if let lasted, lasted >= configuration.backOff.upperBound { backOff = BackOff(configuration) }
    life = .away
    tryAgain(after: loss)
    return true
  }

  private func tryAgain(after loss: Failure) {
    guard let pause = backOff.next() else { return conclude(.failed(loss), loss) }
    observer.conversation(.retrying(loss, after: pause, attempt: backOff.attempt, of: backOff.limit))
    retry = eventLoop.assumeIsolated().scheduleTask(in: pause) { [weak self] in self?.connectAgain() }
  }

  private func connectAgain() {
    retry = nil
    guard case .away = life, let way else { return }
    let eventLoop = self.eventLoop
    let core = NIOLoopBound(self, eventLoop: eventLoop)
    Task {
      do throws(Failure) {
        try await way.connect(core)
      } catch {
        eventLoop.execute { core.value.stayedAway(error) }
      }
    }
  }

  private func stayedAway(_ failure: Failure) {
    guard case .away = life else { return }
    guard failure.kind == .network || failure.kind == .timedOut else { return conclude(.failed(failure), failure) }
    tryAgain(after: failure)
  }

  /// Ends the conversation at once, however far it has come.
  func timeIsUp() {
    let failure = Failure(.timedOut, .totalTimeIsUp)
    switch life {
    case .done: return
    case .speaking(let session): self.failure = session.isFinishing ? self.failure : failure
    case .connecting, .endingEarly, .away: self.failure = failure
    }
    guard let session = life.session ?? latest, !session.isClosed else { return conclude(.failed(failure), failure) }
    session.abort(.failed(failure))
  }
}

extension CloseCause {
  /// What has become of a connection that is to be made again; nothing where the conversation is over.
  fileprivate func loss(_ peer: Peer) -> Failure? {
    switch self {
    case .peerFinished: Failure(.network, .peerEnded(peer.address))
    case .peerReset, .timedOut: failure(peer)
    case .failed(let failure): failure.kind == .network || failure.kind == .timedOut ? failure : nil
    case .idle, .local: nil
    }
  }
}
