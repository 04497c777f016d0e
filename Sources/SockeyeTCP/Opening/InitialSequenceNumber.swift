/// The keys under which connections get their numbers.
public struct ConnectionKeys: Sendable {
  let initialSequenceNumber: SecretKey
  let timestampOffset: SecretKey

  /// Those of a host's secret.
  public init(_ secret: HostSecret) {
    initialSequenceNumber = secret.key(for: .initialSequenceNumber)
    timestampOffset = secret.key(for: .timestampOffset)
  }
}

extension ConnectionSecrets {
  /// The initial sequence number of a connection (RFC 9293 section 3.4.1, RFC 6528) and the offset of its timestamps.
  ///
  /// ISN = M + F(localip, localport, remoteip, remoteport, secretkey): M ticks every four microseconds (MUST-8), so that
  /// connections that follow each other between the same ports don't overlap; F is a keyed hash (SHLD-1) that nobody
  /// outside can compute (MUST-9). The timestamp offset hashes the same tuple under another key, so the timestamps of
  /// successive connections of one tuple go on rising, which RFC 6191 and PAWS count on, and tell nothing across tuples
  /// (RFC 7323 section 5.4).
  public init(for tuple: FourTuple, keys: ConnectionKeys, now: Instant) {
    let ticks = UInt32(truncatingIfNeeded: now.nanoseconds / 4_000)
    let hash = UInt32(truncatingIfNeeded: tuple.hash(keys.initialSequenceNumber))
    self.init(
      initialSequenceNumber: (SequenceNumber(hash) + ticks).value,
      timestampOffset: UInt32(truncatingIfNeeded: tuple.hash(keys.timestampOffset))
    )
  }
}
