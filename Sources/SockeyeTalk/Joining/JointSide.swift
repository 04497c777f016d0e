import NIOCore
import SockeyeTransport

/// One end of a joint, as its conversation sees it: what is heard goes to the other end. Confined to the joint's event loop.
final class JointSide: ConversationObserver {
  private let audience: any ConversationObserver
  /// Where what is heard here goes.
  private let onwards: JointLane
  /// What comes here.
  private let inwards: JointLane
  private weak var other: JointSide?
  private var core: ClientCore?
  private var isEnded = false
  var onReady: (() -> Void)?

  private init(_ audience: any ConversationObserver, onwards: JointLane, inwards: JointLane) {
    self.audience = audience
    self.onwards = onwards
    self.inwards = inwards
    onwards.onReady = { [weak self] in self?.resume() }
  }

  /// The two ends of a joint that somebody looks at.
  ///
  /// - Parameter takeDatagrams: Whether each of them takes datagrams.
  static func pair(
    _ audience: any ConversationObserver,
    takeDatagrams: (first: Bool, second: Bool)
  ) -> (first: JointSide, second: JointSide) {
    let there = JointLane(takesDatagrams: takeDatagrams.second)
    let back = JointLane(takesDatagrams: takeDatagrams.first)
    let first = JointSide(audience, onwards: there, inwards: back)
    let second = JointSide(audience, onwards: back, inwards: there)
    (first.other, second.other) = (second, first)
    audience.onReady = { [weak first, weak second] in
      first?.resume()
      second?.resume()
    }
    return (first, second)
  }

  /// The conversation with this end has begun.
  func begin(_ core: ClientCore) {
    guard !isEnded else { return core.end() }
    self.core = core
    inwards.lead(to: core)
  }

  /// Nothing more is said to this end but what was heard for it.
  func end() {
    isEnded = true
    core?.end()
  }

  /// What is heard is read as far as the other end takes it.
  var isReady: Bool { onwards.isReady && audience.isReady }

  private func resume() {
    if isReady { onReady?() }
  }

  func conversation(_ event: ConversationEvent) {
    audience.conversation(event)
    switch event {
    // Anybody may send a datagram here; the other end is told what this one says.
    case .received(_, let message) where message.marks.contains(.unexpectedSource): return
    case .received(_, let message): onwards.take(message.bytes)
    case .inputEnded: onwards.finish()
    case .closed(_, let cause, _): closed(cause)
    case .listening, .retrying, .opened, .secured, .waiting, .served, .sent, .outputEnded, .notice, .clients: return
    }
  }

  /// An end that has ended well has said all, and been told all. Nobody waits for what one that has failed would have said.
  private func closed(_ cause: CloseCause) {
    inwards.stop()
    onwards.finish()
    if case .peerFinished = cause { return }
    other?.end()
  }
}
