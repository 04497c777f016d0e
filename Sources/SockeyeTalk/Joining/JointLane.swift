import DequeModule
import NIOCore

/// One direction of a joint: bytes, or datagrams, on their way to one of its ends. Confined to the joint's event loop.
///
/// What waits is bounded by whoever feeds it: ``isReady`` says when to stop reading.
final class JointLane {
  private enum Ending {
    /// More may come.
    case open
    /// Nothing more comes; the end is told behind what waits.
    case ending
    case told
  }

  /// How much may wait, in bytes, before nothing more is read.
  private static let most = 1 << 20

  /// What is longer is cut: datagrams have a length that they can't exceed, and pieces of a stream have none.
  private let longestPiece: Int
  private var waiting: Deque<ByteBuffer> = []
  private var size = 0
  private var ending = Ending.open
  private var target: ClientCore?
  /// Called when more can be taken again.
  var onReady: (() -> Void)?

  /// Creates a lane to an end that takes datagrams, or a stream.
  init(takesDatagrams: Bool) { longestPiece = takesDatagrams ? DatagramSession.largestPayload : .max }

  /// Whether more can be taken.
  var isReady: Bool { size < Self.most }

  /// Leads to an end that is there.
  func lead(to target: ClientCore) {
    self.target = target
    target.onWritable = { [weak self] in self?.drain() }
    drain()
  }

  func take(_ bytes: ByteBuffer) {
    var rest = bytes
    repeat {
      guard let piece = rest.readSlice(length: min(longestPiece, rest.readableBytes)) else { break }
      waiting.append(piece)
      // A datagram without a byte takes room all the same.
      size += max(1, piece.readableBytes)
    } while rest.readableBytes > 0
    drain()
  }

  /// Nothing more comes.
  func finish() {
    if case .open = ending { ending = .ending }
    drain()
  }

  /// Drops what waits: nobody takes it any more.
  func stop() {
    target = nil
    waiting.removeAll()
    size = 0
    ending = .told
  }

  private func drain() {
    guard let target, let session = target.life.session, !session.isFinishing else { return }
    let wasReady = isReady
    while session.isWritable, let bytes = waiting.popFirst() {
      size -= max(1, bytes.readableBytes)
      session.send(bytes)
    }
    session.flush()
    if !wasReady, isReady { onReady?() }
    guard waiting.isEmpty, case .ending = ending else { return }
    ending = .told
    session.endOutput()
    if target.configuration.isDatagram { target.armQuietTimer() }
  }
}
