import NIOCore
import SockeyeTransport

/// What follows when a peer has ended its stream: its FIN says that it has no more to say, not that it no longer listens.
struct PeerEndPolicy {
  /// Where what this side says comes from, and what of it is left.
  enum Input {
    /// Nothing more comes.
    case ended
    /// Something can be read at once.
    case atHand
    /// A file or a pipe that has not ended.
    case open
    /// A person who may type.
    case person
  }

  enum Verdict: Equatable {
    /// The conversation is over.
    case finish
    /// The input goes on.
    case goOn
    /// The input goes on, unless the peer turns out to have gone altogether.
    case goOnWhilePeerStays
  }

  static func verdict(_ action: ConversationConfiguration.PeerEndAction, _ input: Input) -> Verdict {
    switch (action, input) {
    case (_, .ended): .finish
    case (.hold, _): .goOn
    case (_, .atHand): .goOn
    case (.exit, _), (.deliver, .person): .finish
    case (.deliver, .open): .goOnWhilePeerStays
    }
  }

  /// After how long it is looked again whether a peer is gone, doubling up to the longest pause.
  static let firstLook = TimeAmount.milliseconds(10)
  static let longestPause = TimeAmount.seconds(1)
}

extension Session {
  /// Watches, after the peer's end, whether it is still there to be spoken to, and ends the conversation when it isn't.
  func watchForGonePeer(after pause: TimeAmount = PeerEndPolicy.firstLook) {
    _ = schedule(in: pause) { session in
      guard !session.isFinishing else { return }
      guard PeerPresence.isKnownGone(session.peer.remoteAddress, to: session.peer.localAddress) else {
        let next = TimeAmount.nanoseconds(pause.nanoseconds * 2)
        return session.watchForGonePeer(after: min(next, PeerEndPolicy.longestPause))
      }
      session.finish(.peerFinished)
    }
  }
}
