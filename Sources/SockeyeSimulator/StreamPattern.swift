/// What a simulated application sends: each byte follows from the stream's seed and the byte's place, so that whoever
/// reads it can tell a byte that was lost, repeated or moved, without the sender keeping anything.
public struct StreamPattern: Sendable, Equatable {
  /// What tells this stream from others.
  public let seed: UInt64

  /// The pattern of the given seed.
  public init(seed: UInt64) {
    self.seed = seed
  }

  /// The byte at a place in the stream.
  public subscript(position: UInt64) -> UInt8 {
    let word = SplitMix64.scrambled(seed ^ (position >> 3))
    return UInt8(truncatingIfNeeded: word >> ((position & 7) * 8))
  }
}

/// A window of a byte stream: the bytes from a moving start up to a fixed capacity beyond it.
///
/// Reading what was overwritten gives other bytes than were written, which is the point: a retransmission of what has
/// been let go of, or a delivery of what never came, shows as a wrong byte.
struct ByteRing {
  private var bytes: [UInt8]

  init(capacity: Int) {
    bytes = [UInt8](repeating: 0, count: max(capacity, 1))
  }

  var capacity: Int { bytes.count }

  subscript(position: UInt64) -> UInt8 {
    get { bytes[Int(truncatingIfNeeded: position % UInt64(bytes.count))] }
    set { bytes[Int(truncatingIfNeeded: position % UInt64(bytes.count))] = newValue }
  }
}
