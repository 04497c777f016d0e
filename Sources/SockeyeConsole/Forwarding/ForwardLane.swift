internal import DequeModule
internal import NIOCore
internal import SockeyeTalk

/// One direction of a forwarded connection: messages on their way from one side to the other, in their order. Confined to its
/// session's event loop.
///
/// What waits is bounded by whoever feeds it: ``isReady`` says when to stop reading.
final class ForwardLane {
  /// A message on its way.
  private struct Item {
    let number: Int
    var bytes: ByteBuffer
    var isHeld: Bool
  }

  /// How much may wait, in bytes, before nothing more is read.
  private static let most = 1 << 20
  /// How long one that takes no more is left alone.
  private static let patience = TimeAmount.milliseconds(10)

  private let eventLoop: any EventLoop
  private var items: Deque<Item> = []
  private var size = 0
  private var isEnded = false
  private var timer: Scheduled<Void>?
  /// Says something to the side where this leads.
  var say: ((ByteBuffer) -> Telling)?
  /// Tells the side where this leads that nothing more comes.
  var end: (() -> Void)?
  /// Called when more can be taken again.
  var onReady: (() -> Void)?

  init(on eventLoop: any EventLoop) { self.eventLoop = eventLoop }

  /// Whether more can be taken.
  var isReady: Bool { size < Self.most }

  func take(_ bytes: ByteBuffer, number: Int, isHeld: Bool) {
    items.append(Item(number: number, bytes: bytes, isHeld: isHeld))
    size += bytes.readableBytes
    drain()
  }

  /// Lets a held message go on, perhaps another in its place.
  ///
  /// - Parameter bytes: What goes in its place; nothing where nothing does.
  /// - Returns: Whether it is here, and held.
  func release(_ number: Int, as bytes: (ByteBuffer) -> ByteBuffer?) -> Bool {
    guard let index = items.firstIndex(where: { $0.number == number && $0.isHeld }) else { return false }
    size -= items[index].bytes.readableBytes
    if let bytes = bytes(items[index].bytes) {
      items[index].bytes = bytes
      items[index].isHeld = false
      size += bytes.readableBytes
    } else {
      items.remove(at: index)
    }
    drain()
    return true
  }

  /// Lets all held messages go on.
  func releaseAll() {
    for index in items.indices { items[index].isHeld = false }
    drain()
  }

  /// Nothing more comes.
  func finish() {
    isEnded = true
    drain()
  }

  func stop() {
    timer?.cancel()
    items.removeAll()
    size = 0
    say = nil
    end = nil
  }

  /// Moves what can be moved.
  func drain() {
    guard timer == nil, let say else { return }
    let wasReady = isReady
    while let first = items.first, !first.isHeld {
      guard say(first.bytes).behind.isEmpty else {
        timer = eventLoop.assumeIsolated().scheduleTask(in: Self.patience) { [weak self] in
          self?.timer = nil
          self?.drain()
        }
        break
      }
      items.removeFirst()
      size -= first.bytes.readableBytes
    }
    if !wasReady, isReady { onReady?() }
    guard items.isEmpty, isEnded, let end else { return }
    self.end = nil
    end()
  }
}
