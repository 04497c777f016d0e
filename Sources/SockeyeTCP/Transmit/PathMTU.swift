/// The path MTU as it is believed to be, and the search for it (RFC 1191, RFC 8201; RFC 4821, RFC 8899).
///
/// It starts from the MTU of the first link. ICMP lowers it at once; where ICMP is lost, full-sized segments that vanish
/// lower it to a size that nearly every path takes. From there it is raised by probing with segments of data that are
/// larger than what is known to work, whose loss is not held against the congestion window.
struct PathMTU {
  /// Bytes of the largest IP packet that is sent.
  private(set) var current: UInt16
  /// Bytes that are not known to be too large.
  private var ceiling: UInt16
  private let link: UInt16
  private let version: NetworkPath.Version
  /// The size of the probe that is under way; 0 where none is.
  private(set) var probe: UInt16 = 0
  private var failures: UInt8 = 0
  /// When the search may begin, or begin again.
  private var searchTime = Instant.never

  init(path: NetworkPath) {
    version = path.version
    link = path.maximumTransmissionUnit
    current = link
    ceiling = link
  }

  /// What is never gone below. IPv6 guarantees 1280 bytes; IPv4 only 68, but who reports less than 552 mostly lies.
  private var least: UInt16 {
    switch version {
    case .v4: min(552, link)
    case .v6: min(1_280, link)
    }
  }

  /// The size to fall back to where packets vanish (RFC 8899 section 5.1.2, BASE_PLPMTU, and what Linux takes).
  private var base: UInt16 {
    switch version {
    case .v4: 1_064
    case .v6: 1_280
    }
  }

  /// ICMP says that a packet was larger than `size`. The sequence number that it quotes has been checked.
  ///
  /// - Returns: whether the MTU is now less.
  mutating func tooBig(_ size: Int, at now: Instant) -> Bool {
    // Routers from before RFC 1191 say 0: then go down its table of plateaus (section 7.1).
    let reported = size <= 0 ? Self.plateau(below: current) : UInt16(clamping: size)
    let lowered = max(reported, least)
    guard lowered < current else {
      // A probe was too big: the search ends where the router says.
      if probe > lowered { ceiling = min(ceiling, lowered) }
      return false
    }
    current = lowered
    ceiling = link
    probe = 0
    failures = 0
    // RFC 1191 section 6.3, RFC 8899 section 5.1.1: look for a larger one no sooner than ten minutes later.
    searchTime = now + Self.raiseInterval
    return true
  }

  /// Full-sized segments time out again and again (RFC 4821 section 7.7): they may be too large for the path.
  ///
  /// - Returns: whether the MTU is now less.
  mutating func blackHoleSuspected(at now: Instant) -> Bool {
    let lowered = current > base ? base : least
    guard lowered < current else { return false }
    ceiling = current - 1
    current = lowered
    probe = 0
    failures = 0
    searchTime = now + .seconds(1)
    return true
  }

  /// The size of the packet to probe with now, if there is reason to probe: half way up to what is not known to fail.
  mutating func nextProbe(at now: Instant) -> UInt16? {
    guard probe == 0, searchTime <= now else { return nil }
    if current >= ceiling || ceiling - current < Self.resolution {
      // Found. In ten minutes the path may be another one.
      ceiling = link
      failures = 0
      searchTime = current < link ? now + Self.raiseInterval : .never
      return nil
    }
    // What links mostly have is worth a first try.
    if ceiling >= 1_500, current < 1_500 { return 1_500 }
    return current + (ceiling - current + 1) / 2
  }

  /// A probe of the given size has been sent.
  mutating func probeSent(_ size: UInt16) {
    probe = size
  }

  /// The probe has arrived: the path takes its size.
  mutating func probeDelivered() {
    current = max(current, probe)
    probe = 0
    failures = 0
  }

  /// The probe was lost; one loss may be chance (RFC 8899 section 5.1.2, MAX_PROBES).
  mutating func probeLost(at now: Instant) {
    guard probe > 0 else { return }
    failures += 1
    if failures >= 2 {
      ceiling = max(probe - 1, current)
      failures = 0
    }
    probe = 0
    searchTime = now + .seconds(1)
  }

  private static let resolution: UInt16 = 16
  private static var raiseInterval: Interval { .seconds(600) }

  /// The next lower common MTU (RFC 1191 section 7.1).
  private static func plateau(below size: UInt16) -> UInt16 {
    switch size {
    case 32_001...: 32_000
    case 17_915...: 17_914
    case 8_167...: 8_166
    case 4_353...: 4_352
    case 2_003...: 2_002
    case 1_493...: 1_492
    case 1_007...: 1_006
    case 509...: 508
    case 297...: 296
    default: 68
    }
  }
}
