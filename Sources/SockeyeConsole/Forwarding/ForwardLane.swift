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
  /// What a message costs beside its bytes: peers may say one byte at a time.
  private static let overhead = 256
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
  /// Called when no more can be taken, and when more can be again.
  var onChange: ((_ isReady: Bool) -> Void)?
  private var wasReady = true

  init(on eventLoop: any EventLoop) { self.eventLoop = eventLoop }

  /// Whether more can be taken.
  var isReady: Bool { size < Self.most }

  func take(_ bytes: ByteBuffer, number: Int, isHeld: Bool) {
    let item = Item(number: number, bytes: isHeld ? bytes.compact : bytes, isHeld: isHeld)
    items.append(item)
    size += Self.cost(item)
    drain()
    tellReadiness()
  }

  private func tellReadiness() {
    guard wasReady != isReady else { return }
    wasReady = isReady
    onChange?(wasReady)
  }

  private static func cost(_ item: Item) -> Int { item.bytes.readableBytes + overhead }

  /// Lets a held message go on, perhaps another in its place.
  ///
  /// - Parameter bytes: What goes in its place; nothing where nothing does.
  /// - Returns: Whether it is here, and held.
  func release(_ number: Int, as bytes: (ByteBuffer) -> ByteBuffer?) -> Bool {
    guard let index = items.firstIndex(where: { $0.number == number && $0.isHeld }) else { return false }
    size -= Self.cost(items[index])
    if let bytes = bytes(items[index].bytes) {
      items[index].bytes = bytes
      items[index].isHeld = false
      size += Self.cost(items[index])
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
    tellReadiness()
    say = nil
    end = nil
  }

  /// Moves what can be moved.
  func drain() {
    guard timer == nil, let say else { return }
    while let first = items.first, !first.isHeld {
      guard say(first.bytes).behind.isEmpty else {
        timer = eventLoop.assumeIsolated().scheduleTask(in: Self.patience) { [weak self] in
          self?.timer = nil
          self?.drain()
        }
        break
      }
      items.removeFirst()
      size -= Self.cost(first)
    }
    tellReadiness()
    guard items.isEmpty, isEnded, let end else { return }
    self.end = nil
    end()
  }
}

extension ByteBuffer {
  /// The bytes in a buffer of their own, where they are little of the one that they were read into: to keep them would keep it.
  var compact: ByteBuffer {
    readableBytes * 4 < storageCapacity ? ByteBuffer(bytes: readableBytesView) : self
  }
}
