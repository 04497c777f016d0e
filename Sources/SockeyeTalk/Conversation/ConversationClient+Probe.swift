import NIOCore
import SockeyeTransport

extension ConversationClient {
  /// Sees by one empty datagram whether anybody receives there, as far as that can be known.
  ///
  /// - Returns: How it went; nothing where the transport has no such question, or many may answer it.
  /// - Throws: A failure of kind `network` when every address refused, or could not be reached.
  static func probe(
    _ endpoint: Endpoint,
    _ transport: Transport,
    _ configuration: ClientConfiguration,
    telling tell: @escaping @Sendable (ConversationEvent) -> Void
  ) async throws(Failure) -> ConversationOutcome? {
    guard configuration.isProbe, !configuration.datagrams.broadcast, !endpoint.isMulticast else { return nil }
    let patience = configuration.conversation.idleTimeout ?? configuration.datagramPatience
    let begin = NIODeadline.now()
    guard
      let result = try await transport.probeDatagrams(to: endpoint, options: configuration.connect, patience: patience)
    else { return nil }

    let peer = Peer(number: 1, remoteAddress: result.address, localAddress: nil, isDatagram: true)
    tell(.opened(peer))
    var received: UInt64 = 0
    switch result {
    case .answered(_, let bytes):
      received = UInt64(bytes.readableBytes)
      tell(.received(peer, Message(bytes, marks: .datagram)))
    case .silent:
      let meaning = "no answer within \(patience.text), and no refusal: whether anybody receives there can't be known"
      tell(.notice(peer, meaning))
    case .failed(_, let error): throw DatagramFailure.of(error, to: peer)
    }
    let summary = ConversationSummary(received: received, sent: 0, lasted: .now() - begin)
    tell(.closed(peer, .local(.done), summary))
    return ConversationOutcome(cause: .local(.done), failure: nil)
  }
}

extension Endpoint {
  /// Whether it names a group, whose members answer under addresses of their own.
  fileprivate var isMulticast: Bool {
    guard let host else { return false }
    return (try? SocketAddress(ipAddress: host, port: 0))?.isMulticast ?? false
  }
}

extension DatagramProbeResult {
  fileprivate var address: SocketAddress {
    switch self {
    case .answered(let address, _), .silent(let address), .failed(let address, _): address
    }
  }
}
