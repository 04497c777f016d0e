import Glibc
import NIOCore
import SockeyeTransport

/// A conversation with an address that sends datagrams: a session that exists only in our memory, and ends when nothing
/// has come or gone for a while.
final class DatagramSession: Session {
  /// A datagram larger than this does not fit any IP packet.
  static let largestPayload = 65_507

  /// Begins a conversation.
  ///
  /// - Parameter asked: Which of our addresses the peer speaks to, where there are several and it is known.
  init(
    channel: any Channel,
    peer: Peer,
    asked: NIOPacketInfo? = nil,
    owner: any SessionOwner,
    configuration: ConversationConfiguration
  ) {
    let datagrams = DatagramCarrier(channel, to: peer.remoteAddress, from: asked)
    super.init(
      peer: peer,
      owner: owner,
      configuration: configuration,
      eventLoop: channel.eventLoop,
      carrier: datagrams,
      isDatagram: true
    )
    datagrams.whenFailed = { [weak self] error, count in
      guard let self, !isClosed else { return }
      notSent(count)
      self.owner?.session(self, couldNotSend: DatagramFailure.of(error, to: peer))
    }
  }
}

/// Carries a session's datagrams over a socket that it may share.
final class DatagramCarrier: SessionCarrier {
  private let channel: any Channel
  private let address: SocketAddress?
  private let metadata: AddressedEnvelope<ByteBuffer>.Metadata?
  private var needsFlush = false
  /// Told of each datagram that could not be sent, and of its size.
  var whenFailed: ((any Error, Int) -> Void)?

  init(_ channel: any Channel, to address: SocketAddress?, from source: NIOPacketInfo? = nil) {
    self.channel = channel
    self.address = address
    metadata = source.map { .init(ecnState: .transportNotCapable, packetInfo: $0) }
  }

  var lingering: TimeAmount? { nil }
  var isWritable: Bool { channel.isWritable }
  var roundTrip: TimeAmount { .zero }

  func transmit(_ bytes: ByteBuffer) {
    guard let address else { return }
    needsFlush = true
    let sent = channel.eventLoop.makePromise(of: Void.self)
    let count = bytes.readableBytes
    sent.futureResult.assumeIsolated().whenFailure { [weak self] error in self?.whenFailed?(error, count) }
    channel.write(AddressedEnvelope(remoteAddress: address, data: bytes, metadata: metadata), promise: sent)
  }

  func flush() {
    guard needsFlush else { return }
    needsFlush = false
    channel.flush()
  }

  /// Datagrams are read for all who share the socket.
  func read() {}

  func perform(_ step: StreamEnds.Step, whenOut: @escaping () -> Void) {
    if step == .endOutput || step == .drain { flush() }
  }

  func close() {}
}
