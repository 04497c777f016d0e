import CSockeyeGzip
import NIOCore
import Synchronization

/// How many bodies are compressed at once: beyond that they go as they are, so that nobody can have all processors.
final class CompressionSlots: Sendable {
  private let taken = Atomic(0)

  static let most = 16

  /// `nil` where there is no zlib.
  init?() {
    guard sockeye_gzip_is_there() != 0 else { return nil }
  }

  fileprivate func take() -> Bool {
    guard taken.add(1, ordering: .relaxed).newValue <= Self.most else {
      giveBack()
      return false
    }
    return true
  }

  fileprivate func giveBack() { taken.subtract(1, ordering: .relaxed) }
}

/// One stream in gzip's format (RFC 1952), by the system's zlib.
final class GzipEncoder {
  private let stream: UnsafeMutableRawPointer
  private let slots: CompressionSlots

  /// zlib went wrong.
  struct Broken: Error {}

  /// The fastest: a text comes to a third by it, and to a quarter by the slowest, at ten times the cost.
  private static let level: CInt = 1

  /// Takes one of the slots for as long as the object is there; `nil` if none is free.
  init?(in slots: CompressionSlots) {
    guard slots.take() else { return nil }
    guard let stream = sockeye_gzip_open(Self.level) else {
      slots.giveBack()
      return nil
    }
    self.stream = stream
    self.slots = slots
  }

  deinit {
    sockeye_gzip_close(stream)
    slots.giveBack()
  }

  /// Compresses bytes. What comes of them may be kept until more come.
  ///
  /// - Parameter isLast: Whether nothing follows.
  func encode(_ input: ByteBuffer, isLast: Bool, into output: inout ByteBuffer) throws(Broken) {
    var input = input
    while true {
      var step: CInt = -1
      var taken = 0
      output.writeWithUnsafeMutableBytes(minimumWritableBytes: 16 << 10) { room in
        var given = 0
        input.withUnsafeReadableBytes { bytes in
          step = sockeye_gzip_step(
            stream,
            bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
            bytes.count,
            room.baseAddress?.assumingMemoryBound(to: UInt8.self),
            room.count,
            isLast ? 1 : 0,
            &taken,
            &given
          )
        }
        return given
      }
      input.moveReaderIndex(forwardBy: taken)
      guard step >= 0 else { throw Broken() }
      if step == 1 { return }
    }
  }
}

/// A body that is compressed while it is made.
final class GzipProducer: BodyProducer {
  private let source: any BodyProducer
  private var encoder: GzipEncoder?

  init(_ source: any BodyProducer, by encoder: GzipEncoder) {
    self.source = source
    self.encoder = encoder
  }

  func next(_ allocator: ByteBufferAllocator) throws -> ByteBuffer? {
    guard let encoder else { return nil }
    var buffer = allocator.buffer(capacity: 32 << 10)
    guard let piece = try source.next(allocator) else {
      try encoder.encode(ByteBuffer(), isLast: true, into: &buffer)
      self.encoder = nil
      return buffer
    }
    try encoder.encode(piece, isLast: false, into: &buffer)
    return buffer
  }
}

/// A file's contents, piece by piece, for what has to go through memory.
final class FileProducer: BodyProducer {
  private let file: OpenedFile
  private var offset: Int64 = 0

  /// The file is no longer the one that was opened.
  struct Changed: Error {}

  init(_ file: OpenedFile) { self.file = file }

  func next(_ allocator: ByteBufferAllocator) throws -> ByteBuffer? {
    guard !file.hasChanged else { throw Changed() }
    let count = Int(min(64 << 10, file.metadata.size - offset))
    guard count > 0 else { return nil }
    var buffer = allocator.buffer(capacity: count)
    guard try file.read(into: &buffer, at: offset, count: count) == count else { throw Changed() }
    offset += Int64(count)
    return buffer
  }
}
