public import NIOCore
public import SockeyeTransport

/// Two conversations that this side begins, each of which is told what the other one hears.
///
/// An end of stream is passed on behind everything that came before it; the other direction goes on. What one end doesn't take is
/// not read from the other.
public struct ConversationJoint: Sendable {
  /// One end of a joint: whom to speak to, and how. Its conversation has no input.
  public final class End: Sendable {
    let endpoint: Endpoint
    let configuration: ClientConfiguration

    /// What keeps a record of it, if anything does.
    public var recorder: ConversationRecorder? { configuration.conversation.recorder }

    /// Creates an end.
    ///
    /// - Parameters:
    ///   - endpoint: Whom to speak to.
    ///   - configuration: How; what concerns the ends of the input and of the peer's stream is the joint's business.
    public init(_ endpoint: Endpoint, _ configuration: ClientConfiguration) {
      self.endpoint = endpoint
      var configuration = configuration
      configuration.input = nil
      configuration.utterance = nil
      configuration.conversation.isDirected = true
      configuration.conversation.onInputEnd = .hold
      configuration.conversation.onPeerEnd = .hold
      self.configuration = configuration
    }
  }

  private let sides: NIOLoopBound<(first: JointSide, second: JointSide)>
  private let eventLoop: any EventLoop
  private let clients: [ConversationClient]

  /// Connects both ends, the first one first, and joins them.
  ///
  /// - Parameters:
  ///   - first: One end.
  ///   - second: The other; its configuration's number is another.
  ///   - transport: Whose TCP and UDP; it must have a single event loop.
  ///   - makeObserver: Makes the observer of both conversations, on the event loop.
  /// - Throws: A failure of kind `network`, `timedOut`, `usage` or `localFile`; neither end is left connected.
  public static func start(
    _ first: End,
    _ second: End,
    over transport: Transport,
    makeObserver: @escaping @Sendable (any EventLoop) -> any ConversationObserver
  ) async throws(Failure) -> ConversationJoint {
    let eventLoop = transport.eventLoopGroup.next()
    let kinds = (first: first.configuration.isDatagram, second: second.configuration.isDatagram)
    let sides = try await eventLoop.make { JointSide.pair(makeObserver(eventLoop), takeDatagrams: kinds) }
    let one = try await connect(first, transport) { sides.value.first }
    eventLoop.execute { sides.value.first.begin(one.core.value) }
    do {
      let other = try await connect(second, transport) { sides.value.second }
      eventLoop.execute { sides.value.second.begin(other.core.value) }
      return ConversationJoint(sides: sides, eventLoop: eventLoop, clients: [one, other])
    } catch {
      one.end()
      _ = await one.waitUntilDone()
      throw error
    }
  }

  private static func connect(
    _ end: End,
    _ transport: Transport,
    _ side: @escaping @Sendable () -> JointSide
  ) async throws(Failure) -> ConversationClient {
    try await ConversationClient.start(to: end.endpoint, over: transport, configuration: end.configuration) { _ in
      side()
    }
  }

  /// Ends both conversations once what was said is sent.
  public func end() {
    eventLoop.execute { [sides] in
      sides.value.first.end()
      sides.value.second.end()
    }
  }

  /// Waits for the end of both.
  ///
  /// - Returns: What went wrong with either, if anything did.
  public func waitUntilDone() async -> Failure? {
    var failure: Failure?
    for client in clients {
      let outcome = await client.waitUntilDone()
      failure = failure ?? outcome.failure
    }
    return failure
  }
}
