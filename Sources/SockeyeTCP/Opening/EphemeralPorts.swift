/// The choice of a local port for an active open (RFC 6056 section 3.3.3, algorithm 3, with a counter for each destination).
///
/// Ports to one destination follow each other, so that a port is used again as late as can be. Where they begin is random, and
/// each destination has a count of its own: the ports that one server sees tell nothing about connections to another. (The
/// counters of algorithm 4 are shared by the destinations whose hashes collide, each of which can read how often the
/// others were called.)
public struct EphemeralPorts: Sendable {
  /// The ports to choose from.
  public let range: ClosedRange<UInt16>
  private let key: SecretKey
  /// Which place of the range is next in turn for a destination.
  private var turns: PeerTable<UInt16>

  /// A chooser among `range`, by default the ports that IANA calls dynamic or private, and as many again below them, as
  /// RFC 6056 section 3.2 recommends to take more. It remembers the turn of so many destinations.
  public init(key: SecretKey, range: ClosedRange<UInt16> = 32_768...60_999, destinations: Int = 1_024) {
    self.key = key
    self.range = range
    turns = PeerTable(limit: destinations)
  }

  /// The first port, beginning with the next in turn for this destination, that `isFree` accepts; nil where none is.
  ///
  /// - Parameters:
  ///   - tuple: the connection to be opened; its local port is not looked at.
  ///   - generator: where the turn begins for a destination that is not known.
  ///   - isFree: whether a port may be used for it.
  public mutating func choose(
    for tuple: FourTuple,
    using generator: inout SecretGenerator,
    isFree: (UInt16) -> Bool
  ) -> UInt16? {
    let range = self.range
    let count = Int(range.upperBound) - Int(range.lowerBound) + 1
    let start = UInt16(truncatingIfNeeded: generator.next(below: UInt64(count)))
    return turns.update(tuple.hash(key, includesLocalPort: false), new: start) { turn in
      for attempt in 0..<count {
        let place = (Int(turn) + attempt) % count
        let port = UInt16(clamping: Int(range.lowerBound) + place)
        guard isFree(port) else { continue }
        turn = UInt16(truncatingIfNeeded: (place + 1) % count)
        return port
      }
      return nil
    }
  }
}
