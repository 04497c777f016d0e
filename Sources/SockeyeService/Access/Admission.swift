import NIOCore
import Synchronization

/// How many connections are open, against how many there may be.
final class Admission: Sendable {
  private struct State {
    var open = 0
    var waiting: [@Sendable () -> Void] = []
  }

  private let limit: Int
  private let state = Mutex(State())

  init(limit: Int) { self.limit = max(1, limit) }

  /// Counts a connection for as long as it is open.
  func entered(_ channel: any Channel) {
    self.state.withLock { $0.open += 1 }
    channel.closeFuture.whenComplete { [self] _ in
      let waiting = self.state.withLock { state in
        state.open -= 1
        defer { state.waiting = [] }
        return state.waiting
      }
      for wake in waiting { wake() }
    }
  }

  /// Whether one more may come in; if not, `wake` is called when one has gone.
  func mayEnter(orElse wake: @escaping @Sendable () -> Void) -> Bool {
    self.state.withLock { state in
      if state.open < limit { return true }
      state.waiting.append(wake)
      return false
    }
  }
}

/// Accepts nothing as long as all places are taken: those who come then wait in the system's backlog, first come first
/// served.
final class AdmissionHandler: ChannelDuplexHandler {
  typealias InboundIn = any Channel
  typealias InboundOut = any Channel
  typealias OutboundIn = Never

  private let admission: Admission

  init(_ admission: Admission) { self.admission = admission }

  func read(context: ChannelHandlerContext) {
    let channel = context.channel
    if admission.mayEnter(orElse: { channel.read() }) { context.read() }
  }
}
