import SockeyeSimulator
import Testing

@testable import SockeyeHost

@Suite("Byte ring")
struct ByteRingTests {
  @Test("Bytes that are written in any order are read as they belong", arguments: 0..<60 as Range<UInt64>)
  func againstArray(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let stream = random.bytes(60_000)
    var ring = ByteRing()
    var start = 0
    var written = Set<Int>()
    var contiguous = 0
    while contiguous < stream.count {
      // A piece at or ahead of the gap, overlapping what is there.
      let offset = min(stream.count - 1, max(start, contiguous + Int.random(in: -200...3000, using: &random)))
      let count = min(Int.random(in: 1...4000, using: &random), stream.count - offset)
      let piece = Array(stream[offset..<offset + count])
      ring.write(piece.span.bytes, at: UInt64(offset))
      written.formUnion(offset..<offset + count)
      if offset > contiguous {
        let gap = stream[contiguous..<offset].withUnsafeBytes { [UInt8]($0) }
        ring.write(gap.span.bytes, at: UInt64(contiguous))
        written.formUnion(contiguous..<offset)
      }
      while written.contains(contiguous) { contiguous += 1 }
      let take = Int.random(in: 0...contiguous - start, using: &random)
      var read = [UInt8](repeating: 0, count: take)
      read.withUnsafeMutableBytes { buffer in
        var span = buffer.mutableBytes
        ring.read(from: UInt64(start), count: take, into: &span, at: 0)
      }
      guard read == Array(stream[start..<start + take]) else {
        Issue.record("seed \(seed): wrong bytes at \(start)")
        return
      }
      start += take
      ring.discard(upTo: UInt64(start))
    }
    ring.discard(upTo: UInt64(stream.count))
    #expect(ring.allocatedCount == 0)
  }

  @Test("Bytes that come again after they were let go of are left out")
  func late() {
    var ring = ByteRing()
    ring.write(([1, 2, 3, 4] as [UInt8]).span.bytes, at: 0)
    ring.discard(upTo: 3)
    ring.write(([1, 2, 3, 4, 5] as [UInt8]).span.bytes, at: 0)
    ring.write(([9] as [UInt8]).span.bytes, at: 1)
    var read: [UInt8] = [0, 0]
    read.withUnsafeMutableBytes { buffer in
      var span = buffer.mutableBytes
      ring.read(from: 3, count: 2, into: &span, at: 0)
    }
    #expect(read == [4, 5])
    #expect(ring.allocatedCount == 2048)
  }
}
