import NIOCore

/// Who ended a stream first (RFC 9293, section 3.6).
public enum ClosingOrder: String, Hashable, Sendable {
  /// This side: its FIN went out before the peer's came, and TIME-WAIT is its to keep.
  case active
  /// The peer.
  case passive
  /// Both, before either heard of the other (RFC 9293, figure 13).
  case simultaneous
}

/// Which directions of a stream have ended, and what has to be done for the rest to end.
///
/// NIO closes a channel when its second direction ends, and gives up what is queued then. So when the peer has ended, our
/// direction isn't ended by itself: what is queued drains, and the channel is closed.
struct StreamEnds {
  enum State: Equatable {
    case open
    /// All is said; our FIN goes out behind what is queued.
    case ending
    /// Our FIN is out.
    case ended(ours: NIODeadline)
    /// The peer's FIN has come.
    case peerEnded(theirs: NIODeadline)
    /// The peer's FIN has come, all is said, and what is queued goes out before ours.
    case endingAfterPeer(theirs: NIODeadline)
    case closed(ours: NIODeadline, theirs: NIODeadline, ClosingOrder)
  }

  /// What a transition asks for.
  enum Step: Equatable {
    case nothing
    /// Half-close behind what is queued, and tell when that is done.
    case endOutput
    /// Tell when what is queued is written.
    case drain
    /// Close the channel.
    case close
  }

  private(set) var state = State.open

  /// We have said everything.
  mutating func endOutput() -> Step {
    switch state {
    case .open:
      state = .ending
      return .endOutput
    case .peerEnded(let theirs):
      state = .endingAfterPeer(theirs: theirs)
      return .drain
    case .ending, .ended, .endingAfterPeer, .closed: return .nothing
    }
  }

  /// Everything that was queued is out, and our FIN with it or about to be.
  mutating func outputEnded(at now: NIODeadline) -> Step {
    switch state {
    case .ending:
      state = .ended(ours: now)
      return .nothing
    case .endingAfterPeer(let theirs):
      state = .closed(ours: now, theirs: theirs, .passive)
      return .close
    case .open, .ended, .peerEnded, .closed: return .nothing
    }
  }

  /// The peer's FIN has come.
  ///
  /// - Parameter roundTrip: The shortest time in which the peer could have answered our FIN. A FIN that comes sooner after
  ///   ours crossed it on the way.
  mutating func inputEnded(at now: NIODeadline, roundTrip: TimeAmount = .zero) -> Step {
    switch state {
    case .open:
      state = .peerEnded(theirs: now)
      return .nothing
    case .ending:
      // The half-close that is under way closes the channel when it is through.
      state = .endingAfterPeer(theirs: now)
      return .nothing
    case .ended(let ours):
      state = .closed(ours: ours, theirs: now, now - ours < roundTrip ? .simultaneous : .active)
      return .close
    case .peerEnded, .endingAfterPeer, .closed: return .nothing
    }
  }

  /// Whether more may be said.
  var takesOutput: Bool {
    switch state {
    case .open, .peerEnded: true
    case .ending, .ended, .endingAfterPeer, .closed: false
    }
  }

  /// Whether everything said is out.
  var isOutputOut: Bool {
    switch state {
    case .ended, .closed: true
    case .open, .ending, .peerEnded, .endingAfterPeer: false
    }
  }

  /// Whether the peer has ended.
  var isInputEnded: Bool { theirs != nil }

  /// When our FIN went out.
  var ours: NIODeadline? {
    switch state {
    case .ended(let ours), .closed(let ours, _, _): ours
    case .open, .ending, .peerEnded, .endingAfterPeer: nil
    }
  }

  /// When the peer's FIN came.
  var theirs: NIODeadline? {
    switch state {
    case .peerEnded(let theirs), .endingAfterPeer(let theirs), .closed(_, let theirs, _): theirs
    case .open, .ending, .ended: nil
    }
  }

  /// Who ended first, as far as it is known.
  var order: ClosingOrder? {
    switch state {
    case .closed(_, _, let order): order
    case .ended: .active
    case .peerEnded, .endingAfterPeer: .passive
    case .open, .ending: nil
    }
  }
}
