/// One block of a selective acknowledgment: sequence numbers from `left` up to, not including, `right` (RFC 2018
/// section 3).
public struct SACKBlock: Hashable, Sendable {
  /// The first sequence number of the block.
  public var left: UInt32
  /// The sequence number just after the last of the block.
  public var right: UInt32

  /// A block of the sequence numbers from `left` up to, not including, `right`. What a peer sends needn't be in order.
  @_noLocks
  public init(left: UInt32, right: UInt32) {
    self.left = left
    self.right = right
  }
}

/// Up to four blocks of a selective acknowledgment, stored in place, in the order of the wire.
public struct SACKBlocks: Sendable {
  /// As many blocks as fit in a header that carries nothing else.
  public static var capacity: Int { @_noLocks get { 4 } }

  private var storage = InlineArray<4, SACKBlock>(repeating: SACKBlock(left: 0, right: 0))
  private var used: UInt8 = 0

  /// No blocks.
  @_noLocks
  public init() {}

  /// How many blocks there are, 0...4.
  public var count: Int {
    @_noLocks get { Int(used) }
  }

  /// Whether there are none.
  public var isEmpty: Bool {
    @_noLocks get { used == 0 }
  }

  /// The positions of the blocks.
  public var indices: Range<Int> {
    @_noLocks get { 0..<Int(used) }
  }

  /// The block at `position`, which must be one of `indices`.
  public subscript(position: Int) -> SACKBlock {
    @_noLocks get {
      precondition(position < count, "no SACK block at this position")
      return storage[position]
    }
  }

  /// Adds a block at the end. Returns whether there was room.
  @_noLocks
  @discardableResult
  public mutating func append(_ block: SACKBlock) -> Bool {
    guard count < Self.capacity else { return false }
    storage[count] = block
    used += 1
    return true
  }

  /// Drops all blocks from position `count` on.
  @_noLocks
  public mutating func truncate(to count: Int) {
    guard count >= 0, count < self.count else { return }
    used = UInt8(count)
  }
}

extension SACKBlocks: Equatable {
  /// Whether both hold the same blocks in the same order.
  public static func == (a: SACKBlocks, b: SACKBlocks) -> Bool {
    guard a.used == b.used else { return false }
    for position in a.indices where a.storage[position] != b.storage[position] { return false }
    return true
  }
}
