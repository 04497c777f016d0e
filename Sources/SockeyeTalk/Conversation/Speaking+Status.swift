internal import NIOCore
public import SockeyeTransport

extension ConversationClient {
  /// What TCP is doing for the peer. To be called on the transport's event loop.
  ///
  /// - Returns: Nothing where the peer isn't there, or its stream isn't TCP.
  public func status(of peer: Int) -> StreamStatus? { peer == 1 ? core.value.life.session?.status : nil }
}

extension ConversationServer {
  /// What TCP is doing for a peer. To be called on the transport's event loop.
  ///
  /// - Returns: Nothing where the peer isn't there, or its stream isn't TCP.
  public func status(of peer: Int) -> StreamStatus? { core.value.clientele.find(peer)?.status }
}

extension Session {
  fileprivate var status: StreamStatus? {
    (carrier as? StreamCarrier)?.status
  }
}
