import NIOCore
import SockeyeTalk
import SockeyeTransport
import Synchronization

/// `connect A --to B`: two endpoints, joined.
extension Connect {
  func join(_ other: Endpoint, over transport: Transport) async throws {
    let (first, second) = try ends(other)
    let output = try flags.outputDescriptor()
    let settings = try flags.printingJoint(to: output)
    let (writers, make) = try await ConversationPrinter.prepare(settings, on: transport.eventLoopGroup.next())
    let running = RunningJoint()
    let isQuiet = flags.quiet
    Signals.shared.onEnding { signal in
      guard let joint = running.joint.withLock({ $0 }) else { Exit.now(signal: signal) }
      if !isQuiet { StandardError.say(.endingClient) }
      joint.end()
    }
    do {
      let joint = try await ConversationJoint.start(first, second, over: transport) { _ in make() }
      running.joint.withLock { $0 = joint }
      let failure = await joint.waitUntilDone()
      try await writers.finish()
      try await flags.finishRecord(first.recorder)
      if let signal = Signals.shared.ending { throw SignalEnding(signal: signal) }
      if let failure { throw failure }
    } catch {
      try? await writers.finish()
      throw error
    }
  }

  private func ends(_ other: Endpoint) throws(Failure) -> (ConversationJoint.End, ConversationJoint.End) {
    let endpoint = try Endpoint.parse(self.endpoint)
    let configuration = try self.configuration(endpoint)
    let onwards = flags.onwards(other, like: configuration)
    return (ConversationJoint.End(endpoint, configuration), ConversationJoint.End(other, onwards))
  }

  /// The joint that a signal ends.
  private final class RunningJoint: Sendable {
    let joint = Mutex<ConversationJoint?>(nil)
  }
}
