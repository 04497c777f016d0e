import NIOCore
import SockeyeSimulator
import Testing

@testable import SockeyeNIO

@Suite("A stream's bytes in NIO's buffers")
struct ByteBufferQueueTests {
  @Test(
    "Whatever the order and overlap of segments, the stream comes out as it is",
    arguments: 0..<40 as Range<UInt64>
  )
  func anyOrder(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let stream = pattern(random.within(1...5_000))
    let bytes = [UInt8](stream.readableBytesView)
    var queue = ByteBufferQueue()
    var have = [Bool](repeating: false, count: bytes.count)
    var consumed = 0
    var out = ByteBuffer()
    while consumed < bytes.count {
      let start =
        random.chance(0.5) ? (have[consumed...].firstIndex(of: false) ?? consumed) : random.within(0...bytes.count - 1)
      let end = min(bytes.count, start + random.within(1...1 + Int(random.logarithmic(bits: 0...11))))
      bytes.span.bytes.withUnsafeBytes { all in
        queue.write(UnsafeRawBufferPointer(rebasing: all[start..<end]).bytes, at: UInt64(start))
      }
      for index in start..<end { have[index] = true }
      let ready = (have[consumed...].firstIndex(of: false) ?? bytes.count) - consumed
      guard ready > 0, random.chance(0.4) else { continue }
      var read = [UInt8](repeating: 0, count: ready)
      read.withUnsafeMutableBytes { room in
        var span = room.mutableBytes
        queue.read(from: UInt64(consumed), count: ready, into: &span, at: 0)
      }
      #expect(read == [UInt8](bytes[consumed..<consumed + ready]), "seed \(seed)")
      let piece = queue.buffer(from: UInt64(consumed), count: random.within(1...ready))
      out.writeImmutableBuffer(piece)
      consumed += piece.readableBytes
      queue.discard(upTo: UInt64(consumed))
    }
    #expect(out == stream, "seed \(seed)")
    #expect(queue.allocatedCount == 0, "seed \(seed)")
  }

  @Test("Bytes that come one by one, in whatever order, don't take a buffer each", arguments: [true, false])
  func smallSegments(descending: Bool) {
    var queue = ByteBufferQueue()
    let offsets = Array(1..<10_000)
    for offset in descending ? offsets.reversed() : offsets {
      let byte: [UInt8] = [UInt8(truncatingIfNeeded: offset)]
      queue.write(byte.span.bytes, at: UInt64(offset))
    }
    #expect(queue.allocatedCount < 10_000 * 8)
  }

  @Test("What is written is kept by reference, and given out so")
  func byReference() {
    var queue = ByteBufferQueue()
    var buffer = pattern(10_000)
    let place = buffer.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
    queue.append(4_000, of: &buffer, at: 0)
    #expect(buffer.readableBytes == 6_000)
    queue.append(6_000, of: &buffer, at: 4_000)
    let (first, second) = (queue.buffer(from: 0, count: 4_000), queue.buffer(from: 4_000, count: 10_000))
    #expect(first.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) } == place)
    #expect(second.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) } == place + 4_000)
  }

  @Test("Of an application's large buffer counts what is held of it, until it is let go of")
  func costOfASlice() {
    var queue = ByteBufferQueue()
    var buffer = pattern(1_000_000)
    queue.append(4_000, of: &buffer, at: 0)
    queue.append(1_000, of: &buffer, at: 4_000)
    #expect(queue.allocatedCount == 5_000)
    queue.discard(upTo: 4_500)
    #expect(queue.allocatedCount == 1_000)
    queue.discard(upTo: 5_000)
    #expect(queue.allocatedCount == 0)
  }
}
