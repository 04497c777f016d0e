internal import SockeyeWire

/// The rules of the maximum segment size (RFC 9293 section 3.7.1, RFC 6691).
///
/// The option counts neither IP nor TCP options: whoever sends them makes room for them.
enum SegmentSize {
  /// Bytes of TCP header without options.
  static let headerLength: UInt16 = 20
  /// The least MSS that is believed. A peer that asks for less, down to a byte a segment, asks for an attack on itself
  /// and on this host; Linux draws the line at the same place.
  static let least: UInt16 = 48

  /// What a peer takes that doesn't say (MUST-15): the reassembly buffer that every host has, less two bare headers.
  static func defaultSend(_ version: NetworkPath.Version) -> UInt16 {
    switch version {
    case .v4: 536
    case .v6: 1_220
    }
  }

  /// Bytes of IP header without options or extensions.
  static func networkHeaderLength(_ version: NetworkPath.Version) -> UInt16 {
    switch version {
    case .v4: 20
    case .v6: 40
    }
  }

  /// What to announce: MMS_R - 20 (MUST-67), whatever options the segments will carry.
  static func announced(path: NetworkPath, limit: UInt16?) -> UInt16 {
    let headers = networkHeaderLength(path.version) + headerLength
    let size = max(path.maximumReceiveUnit, headers + least) - headers
    return min(size, max(limit ?? .max, least))
  }

  /// Eff.snd.MSS (MUST-16): min(SendMSS + 20, MMS_S) - TCPhdrsize - IPoptionsize, where TCPhdrsize counts the options
  /// that every segment carries.
  static func effective(
    peer: UInt16,
    path: NetworkPath,
    maximumTransmissionUnit: UInt16,
    limit: UInt16?,
    optionsLength: UInt16
  ) -> UInt16 {
    let headers = networkHeaderLength(path.version) + headerLength
    let local = max(maximumTransmissionUnit, headers + least) - headers
    let size = min(min(max(peer, least), local), max(limit ?? .max, least))
    let options = min(optionsLength + min(path.networkOptionsLength, 40), size - 1)
    return max(size - options, 1)
  }
}
