internal import NIOCore

/// What was written to a stream and hasn't found room in its socket: up to a mark it was flushed.
struct PendingWrites {
  private struct Write {
    var data: IOData
    let promise: EventLoopPromise<Void>?
  }

  /// What the first write has for the socket.
  enum Next {
    case bytes(ByteBuffer)
    case file(FileRegion)
  }

  private var writes = MarkedCircularBuffer<Write>(initialCapacity: 0)
  /// Bytes that wait, flushed or not.
  private(set) var count = 0
  /// Whether what waits is little enough for more.
  private(set) var isWritable = true
  var waterMark = ChannelOptions.Types.WriteBufferWaterMark(low: 32 * 1024, high: 64 * 1024)

  var isEmpty: Bool { writes.isEmpty }

  /// Takes a write in. Returns whether this made the channel unwritable.
  mutating func append(_ data: IOData, promise: EventLoopPromise<Void>?) -> Bool {
    writes.append(Write(data: data, promise: promise))
    count += data.readableBytes
    guard isWritable, count > waterMark.high else { return false }
    isWritable = false
    return true
  }

  /// All that was written so far is to be sent.
  mutating func flush() {
    writes.mark()
  }

  /// What is to be sent first; nil if nothing is flushed.
  var next: Next? {
    guard writes.hasMark, let first = writes.first else { return nil }
    switch first.data {
    case .byteBuffer(let buffer): return .bytes(buffer)
    case .fileRegion(let region): return .file(region)
    }
  }

  /// The first write's next `count` bytes were taken by the socket.
  ///
  /// - Returns: the write's promise if that was all of it, which is to be fulfilled.
  mutating func advance(by count: Int) -> EventLoopPromise<Void>? {
    guard let first = writes.first else { return nil }
    self.count -= count
    guard count >= first.data.readableBytes else {
      writes[writes.startIndex].data.moveReaderIndex(forwardBy: count)
      return nil
    }
    _ = writes.removeFirst()
    return first.promise
  }

  /// Whether the channel has become writable again since it was asked last.
  mutating func becameWritable() -> Bool {
    guard !isWritable, count < waterMark.low else { return false }
    isWritable = true
    return true
  }

  /// Gives up all writes, in their order.
  mutating func removeAll() -> [EventLoopPromise<Void>] {
    let promises = writes.compactMap(\.promise)
    writes = MarkedCircularBuffer(initialCapacity: 0)
    count = 0
    return promises
  }
}
