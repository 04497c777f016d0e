import Glibc
public import NIOCore
public import SockeyeTransport

/// Writes to a descriptor that may block (a file, a pipe, a terminal) from a thread of its own.
///
/// The hand-over is bounded by whoever writes: ``write(_:)`` never blocks and takes what it is given, and ``isFull``
/// says when to stop giving.
public final class DescriptorWriter: Sendable {
  /// What the owner is told, on the writer's thread.
  public enum Event: Sendable {
    /// The writer was full, and takes more again.
    case drained
    /// The descriptor takes nothing any more: the error number.
    case failed(CInt)
  }

  private struct State {
    var pending: [ByteBuffer] = []
    /// Bytes handed over and not yet written.
    var outstanding = 0
    var isFull = false
    var isFinished = false
    var error: CInt?
    var waiters: [CheckedContinuation<CInt?, Never>] = []
    /// Whether the last of `pending` is a buffer of our own with room for more small pieces.
    var canCoalesce = false
  }

  private let descriptor: CInt
  private let limit: Int
  private let closesDescriptor: Bool
  private let isNullDevice: Bool
  private let monitor = Monitor(State())
  private let notify: @Sendable (Event) -> Void

  /// Pieces below this size are copied together, so that many small messages are one system call.
  private static let coalescedBelow = 4096
  private static let coalescedSize = 65_536

  /// Starts a writer.
  ///
  /// - Parameters:
  ///   - descriptor: Where to write.
  ///   - limit: How many bytes may be outstanding before ``isFull``.
  ///   - closesDescriptor: Whether the descriptor is closed when all is written after ``finish()``, or writing fails.
  ///   - notify: Told on the writer's thread of what happened.
  /// - Throws: A failure of kind `other` when no thread can be started.
  public init(
    descriptor: CInt,
    limit: Int = 1 << 20,
    closesDescriptor: Bool = false,
    notify: @escaping @Sendable (Event) -> Void
  ) throws(Failure) {
    self.descriptor = descriptor
    self.limit = limit
    self.closesDescriptor = closesDescriptor
    self.notify = notify
    isNullDevice = Self.isNullDevice(descriptor)
    if !self.isNullDevice { try DedicatedThread.start { self.run() } }
  }

  /// Whether a descriptor is `/dev/null`, which takes everything at once and keeps nothing.
  public static func isNullDevice(_ descriptor: CInt) -> Bool {
    var status = stat()
    // Linux fixes the numbers of the null device: character device, major 1, minor 3.
    return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFCHR && status.st_rdev == 0x103
  }

  /// Whether as much is outstanding as should be; `drained` follows.
  public var isFull: Bool {
    isNullDevice ? false : monitor.withLock { $0.isFull }
  }

  /// Hands bytes over. Never blocks. After a failure they are dropped.
  ///
  /// - Returns: Whether more may follow at once.
  @discardableResult
  public func write(_ buffer: ByteBuffer) -> Bool {
    guard !isNullDevice, buffer.readableBytes > 0 else { return true }
    let (mayContinue, mustWake) = monitor.withLock { state in
      guard state.error == nil else { return (true, false) }
      let wasEmpty = state.pending.isEmpty
      if buffer.readableBytes < Self.coalescedBelow {
        coalesce(buffer, into: &state)
      } else {
        // A small slice would keep the whole of the buffer that it was read into.
        let isSmallSlice = buffer.readableBytes * 4 < buffer.storageCapacity
        state.pending.append(isSmallSlice ? ByteBuffer(bytes: buffer.readableBytesView) : buffer)
        state.canCoalesce = false
      }
      state.outstanding += buffer.readableBytes
      if state.outstanding >= limit { state.isFull = true }
      return (!state.isFull, wasEmpty)
    }
    if mustWake { monitor.signal() }
    return mayContinue
  }

  private func coalesce(_ buffer: ByteBuffer, into state: inout State) {
    let last = state.pending.endIndex - 1
    if state.canCoalesce, last >= 0, state.pending[last].writableBytes >= buffer.readableBytes {
      state.pending[last].writeImmutableBuffer(buffer)
    } else {
      var copy = ByteBufferAllocator().buffer(capacity: Self.coalescedSize)
      copy.writeImmutableBuffer(buffer)
      state.pending.append(copy)
      state.canCoalesce = true
    }
  }

  /// Waits until everything handed over is written, or can't be.
  ///
  /// - Returns: The error number, if writing failed.
  public func flush() async -> CInt? {
    if isNullDevice { return nil }
    return await withCheckedContinuation { continuation in
      let answer: CInt?? = monitor.withLock { state in
        if let error = state.error { return .some(error) }
        if state.outstanding == 0 { return .some(nil) }
        state.waiters.append(continuation)
        return nil
      }
      if let answer { continuation.resume(returning: answer) }
    }
  }

  /// Ends the thread once everything is written.
  public func finish() {
    monitor.withLock { $0.isFinished = true }
    monitor.signal()
  }

  private func run() {
    defer { if closesDescriptor { close(descriptor) } }
    while true {
      let batch: [ByteBuffer]? = monitor.wait { state -> [ByteBuffer]?? in
        if !state.pending.isEmpty {
          let batch = state.pending
          state.pending = []
          state.canCoalesce = false
          return .some(batch)
        }
        return state.isFinished ? .some(nil) : nil
      }
      guard let batch else { return }
      for buffer in batch {
        guard writeAll(buffer) else { return }
        account(buffer.readableBytes)
      }
    }
  }

  private func account(_ count: Int) {
    let (isDrained, waiters) = monitor.withLock { state in
      state.outstanding -= count
      var waiters: [CheckedContinuation<CInt?, Never>] = []
      if state.outstanding == 0 { swap(&waiters, &state.waiters) }
      guard state.isFull, state.outstanding <= limit / 4 else { return (false, waiters) }
      state.isFull = false
      return (true, waiters)
    }
    for waiter in waiters { waiter.resume(returning: nil) }
    if isDrained { notify(.drained) }
  }

  private func writeAll(_ buffer: ByteBuffer) -> Bool {
    let error: CInt? = buffer.withUnsafeReadableBytes { bytes in
      var written = 0
      while written < bytes.count {
        let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
        if count >= 0 {
          written += count
        } else if errno == EAGAIN {
          // Whoever started us may have left the descriptor non-blocking.
          var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          _ = Glibc.poll(&poll, 1, -1)
        } else if errno != EINTR {
          return errno
        }
      }
      return nil
    }
    guard let error else { return true }
    let waiters = monitor.withLock { state in
      state.error = error
      state.pending = []
      state.outstanding = 0
      state.isFull = false
      var waiters: [CheckedContinuation<CInt?, Never>] = []
      swap(&waiters, &state.waiters)
      return waiters
    }
    for waiter in waiters { waiter.resume(returning: error) }
    notify(.failed(error))
    return false
  }
}
