/// The SACK blocks of the last acknowledgment, as far as they were believed.
///
/// Of each offset only the lower half is kept: blocks lie in what is outstanding, which is less than 2³¹ bytes,
/// so the offset nearest above SND.UNA is the one that was meant.
struct KnownBlocks {
  private var blocks: (Block, Block, Block, Block) = (Block(), Block(), Block(), Block())
  private(set) var count: UInt8 = 0

  private struct Block {
    var start: UInt32 = 0
    var end: UInt32 = 0
  }

  init() {}

  /// Adds a block; a fifth is ignored.
  mutating func append(_ range: Range<StreamOffset>) {
    let block = Block(
      start: UInt32(truncatingIfNeeded: range.lowerBound),
      end: UInt32(truncatingIfNeeded: range.upperBound)
    )
    switch count {
    case 0: blocks.0 = block
    case 1: blocks.1 = block
    case 2: blocks.2 = block
    case 3: blocks.3 = block
    default: return
    }
    count += 1
  }

  /// The block at `index`, as far as it lies above `unacknowledged`; nil where nothing of it does.
  func block(at index: UInt8, above unacknowledged: StreamOffset) -> Range<StreamOffset>? {
    let block: Block
    switch index {
    case 0: block = blocks.0
    case 1: block = blocks.1
    case 2: block = blocks.2
    default: block = blocks.3
    }
    let reference = UInt32(truncatingIfNeeded: unacknowledged)
    let end = block.end.wrappingDistance(from: reference)
    guard end > 0 else { return nil }
    let start = max(block.start.wrappingDistance(from: reference), 0)
    guard start < end else { return nil }
    return unacknowledged &+ UInt64(start.magnitude)..<unacknowledged &+ UInt64(end.magnitude)
  }
}
