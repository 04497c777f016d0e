import DequeModule
import Glibc
public import NIOCore
public import SockeyeTransport

/// Reads a descriptor that may block (a file, a pipe, a terminal) on a thread of its own.
///
/// The hand-over is bounded: the thread stops reading while ``next()`` has not taken what was read.
public final class DescriptorReader: Sendable {
  /// What there is to take.
  public enum Item: Sendable {
    /// Some bytes, never none.
    case bytes(ByteBuffer)
    /// The end of the input.
    case end
    /// The descriptor can't be read: the error number.
    case failed(CInt)
    /// Nothing for now; the owner is notified when there is.
    case nothing
  }

  private struct State {
    var chunks: Deque<ByteBuffer> = []
    var outstanding = 0
    var isStopped = false
    var ending: Item?
    /// Whether the owner took everything and waits to be notified.
    var isAwaited = true
  }

  private let descriptor: CInt
  private let limit: Int
  private let chunkSize: Int
  private let closesDescriptor: Bool
  private let monitor = Monitor(State())
  private let notify: @Sendable () -> Void

  /// Starts a reader.
  ///
  /// - Parameters:
  ///   - descriptor: Where to read.
  ///   - limit: How many bytes are read ahead of their being taken.
  ///   - chunkSize: The most bytes that one piece has.
  ///   - closesDescriptor: Whether the descriptor is closed at its end.
  ///   - notify: Called on the reader's thread when there is something to take and ``next()`` had nothing before.
  /// - Throws: A failure of kind `other` when no thread can be started.
  public init(
    descriptor: CInt,
    limit: Int = 1 << 20,
    chunkSize: Int = 131_072,
    closesDescriptor: Bool = false,
    notify: @escaping @Sendable () -> Void
  ) throws(Failure) {
    self.descriptor = descriptor
    self.limit = limit
    self.chunkSize = chunkSize
    self.closesDescriptor = closesDescriptor
    self.notify = notify
    try DedicatedThread.start { self.run() }
  }

  /// Takes the next piece of input.
  public func next() -> Item {
    let (item, mustWake) = monitor.withLock { state -> (Item, Bool) in
      if let chunk = state.chunks.popFirst() {
        let wasFull = state.outstanding >= limit
        state.outstanding -= chunk.readableBytes
        return (.bytes(chunk), wasFull && state.outstanding < limit)
      }
      if let ending = state.ending { return (ending, false) }
      state.isAwaited = true
      return (.nothing, false)
    }
    if mustWake { monitor.signal() }
    return item
  }

  /// Whether a read would find something at once: bytes, or the end.
  public var hasMoreAtHand: Bool {
    let isKnown = monitor.withLock { !$0.chunks.isEmpty || $0.ending != nil }
    if isKnown { return true }
    var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return Glibc.poll(&poll, 1, 0) > 0
  }

  /// Whether a read would find bytes at once.
  public var hasBytesAtHand: Bool {
    if monitor.withLock({ !$0.chunks.isEmpty }) { return true }
    var count: CInt = 0
    return ioctl(descriptor, UInt(FIONREAD), &count) == 0 && count > 0
  }

  /// Ends the thread as soon as it is not in a read.
  public func stop() {
    monitor.withLock { $0.isStopped = true }
    monitor.signal()
  }

  private func run() {
    defer { if closesDescriptor { close(descriptor) } }
    while true {
      let isStopped = monitor.wait { state -> Bool? in
        if state.isStopped { return true }
        return state.outstanding < limit ? false : nil
      }
      if isStopped { return }
      var chunk = ByteBufferAllocator().buffer(capacity: chunkSize)
      var error: CInt = 0
      let count = chunk.writeWithUnsafeMutableBytes(minimumWritableBytes: chunkSize) { space in
        // The space may be larger than was asked for.
        let count = Glibc.read(descriptor, space.baseAddress, chunkSize)
        if count < 0 { error = errno }
        return max(0, count)
      }
      switch (count, error) {
      case (1..., _):
        // A terminal's line does not need to hold on to a whole chunk.
        let piece = count * 4 < chunkSize ? ByteBuffer(buffer: chunk) : chunk
        deliver { state in
          state.chunks.append(piece)
          state.outstanding += count
        }
      case (_, 0):
        deliver { $0.ending = .end }
        return
      case (_, EINTR): continue
      case (_, EAGAIN):
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = Glibc.poll(&poll, 1, -1)
      default:
        deliver { [error] in $0.ending = .failed(error) }
        return
      }
    }
  }

  private func deliver(_ change: (inout State) -> Void) {
    let mustNotify = monitor.withLock { state in
      change(&state)
      defer { state.isAwaited = false }
      return state.isAwaited
    }
    if mustNotify { notify() }
  }
}
