/// The choice of a local port for an active open (RFC 6056 section 3.3.4, algorithm 4: double-hash port selection).
///
/// Ports to one destination follow each other, so a port is reused as late as can be; where the sequence stands is hashed
/// from the destination, so ports to one destination tell nothing about those to another.
public struct EphemeralPorts: Sendable {
  /// The ports to choose from.
  public let range: ClosedRange<UInt16>
  private let key: SecretKey
  /// How many ports were chosen for the destinations of each bucket.
  private var counters = InlineArray<16, UInt16>(repeating: 0)

  /// A chooser among `range`, by default the ports that IANA calls dynamic or private, and as many again below them, as
  /// RFC 6056 section 3.2 recommends to take more.
  public init(key: SecretKey, range: ClosedRange<UInt16> = 32_768...60_999) {
    self.key = key
    self.range = range
  }

  /// The first port, beginning with the next in turn for this destination, that `isFree` accepts; nil where none is.
  ///
  /// - Parameters:
  ///   - tuple: the connection to be opened; its local port is not looked at.
  ///   - isFree: whether a port may be used for it.
  public mutating func choose(for tuple: FourTuple, isFree: (UInt16) -> Bool) -> UInt16? {
    let hash = tuple.hash(key, purpose: .portOffset, includesLocalPort: false)
    let offset = Int(hash & 0xFFFF_FFFF)
    let bucket = Int(hash >> 60)
    let count = Int(range.upperBound) - Int(range.lowerBound) + 1
    for attempt in 0..<count {
      let turn = Int(counters[bucket]) + attempt
      let port = UInt16(clamping: Int(range.lowerBound) + (offset + turn) % count)
      guard isFree(port) else { continue }
      counters[bucket] = UInt16(truncatingIfNeeded: turn + 1)
      return port
    }
    return nil
  }
}
