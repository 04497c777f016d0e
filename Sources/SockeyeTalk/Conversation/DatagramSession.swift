import NIOCore
import SockeyeTransport

/// A conversation with an address that sends datagrams: a session that exists only in our memory, and ends when nothing
/// has come or gone for a while.
final class DatagramSession: Session {
  let channel: any Channel
  private var needsFlush = false
  /// A datagram larger than this does not fit any IP packet.
  static let largestPayload = 65_507

  /// What came before it was this peer's turn.
  private var held: [(bytes: ByteBuffer, marks: Message.Marks)] = []
  private var heldBytes = 0
  /// What is held for a peer that waits; the rest is dropped, as the network would.
  private static let mostHeld = (datagrams: 16, bytes: 65_536)

  init(channel: any Channel, peer: Peer, owner: any SessionOwner, configuration: ConversationConfiguration) {
    self.channel = channel
    super.init(
      peer: peer,
      owner: owner,
      configuration: configuration,
      eventLoop: channel.eventLoop,
      isDatagram: true
    )
  }

  // MARK: - Waiting

  override func holdForTurn() {
    super.holdForTurn()
    watchForSilence()
  }

  override func arrived(_ bytes: ByteBuffer, marks: Message.Marks = []) {
    guard pauses.contains(.turn) else { return super.arrived(bytes, marks: marks) }
    noteActivity()
    guard self.held.count < Self.mostHeld.datagrams else { return }
    guard heldBytes + bytes.readableBytes <= Self.mostHeld.bytes else { return }
    // A copy: the datagram is a slice of a buffer that is many times its size.
    self.held.append((ByteBuffer(bytes: bytes.readableBytesView), marks))
    heldBytes += bytes.readableBytes
  }

  override func serve() {
    super.serve()
    let held = self.held
    self.held = []
    for datagram in held where !self.isFinishing { super.arrived(datagram.bytes, marks: datagram.marks) }
    flush()
  }

  // MARK: - Sending

  override var isWritable: Bool { self.channel.isWritable }

  override func transmit(_ bytes: ByteBuffer) {
    guard let address = self.peer.remoteAddress else { return }
    needsFlush = true
    var rest = bytes
    // A stream of input is cut where it has to be; an empty message is an empty datagram.
    repeat {
      let piece = rest.readSlice(length: min(rest.readableBytes, Self.largestPayload)) ?? rest
      let sent = self.eventLoop.makePromise(of: Void.self)
      sent.futureResult.assumeIsolated().whenFailure { [weak self] error in self?.sendingFailed(error) }
      self.channel.write(AddressedEnvelope(remoteAddress: address, data: piece), promise: sent)
    } while rest.readableBytes > 0
  }

  private func sendingFailed(_ error: any Error) {
    guard !self.isClosed, let owner = self.owner else { return }
    let reason = (error as? IOError)?.description ?? "\(error)"
    owner.observer.conversation(.notice(self.peer, "a datagram could not be sent: \(reason)"))
  }

  override func flush() {
    guard needsFlush else { return }
    needsFlush = false
    self.channel.flush()
  }

  override func endOutput() { isOutputEnded = true }

  override func finish(_ cause: CloseCause) {
    flush()
    self.abort(cause)
  }

  override func abort(_ cause: CloseCause) {
    guard !self.isFinishing else { return }
    isFinishing = true
    if self.cause == nil { self.cause = cause }
    self.owner?.sessionLeaving(self)
    // The owner may be in the middle of using the session.
    self.eventLoop.assumeIsolated().execute { self.closed(cause) }
  }
}

extension DatagramOptions {
  /// Cuts a datagram that is longer than wanted, and marks it: one byte more is received than is wanted, so that one that
  /// was cut is told from one that just fits.
  func cut(_ datagram: ByteBuffer, _ marks: inout Message.Marks) -> ByteBuffer {
    let largest = largestDatagram - 1
    guard datagram.readableBytes > largest, largest < DatagramSession.largestPayload else { return datagram }
    marks.insert(.truncated)
    return datagram.getSlice(at: datagram.readerIndex, length: largest) ?? datagram
  }
}

/// Hands arriving datagrams to whoever sorts them by peer.
final class DatagramHandler: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>

  private let arrived: (any Channel, AddressedEnvelope<ByteBuffer>) -> Void
  private let completed: () -> Void

  init(
    arrived: @escaping (any Channel, AddressedEnvelope<ByteBuffer>) -> Void,
    completed: @escaping () -> Void
  ) {
    self.arrived = arrived
    self.completed = completed
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    self.arrived(context.channel, unwrapInboundIn(data))
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    self.completed()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // A datagram that did not get through says nothing about the next one.
  }
}
