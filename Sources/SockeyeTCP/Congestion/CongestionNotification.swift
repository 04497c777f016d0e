internal import SockeyeWire

/// Explicit congestion notification: what was negotiated, and the feedback in both directions (RFC 3168, RFC 9768).
///
/// What to do about marks that the peer reports is up to the congestion controller.
struct CongestionNotification {
  /// Which feedback is in use.
  enum Mode: UInt8 {
    /// None.
    case off
    /// RFC 3168: ECE from the first mark until CWR.
    case classic
    /// RFC 9768: counts of marked packets and bytes.
    case accurate
  }

  private(set) var mode = Mode.off
  /// Packets that carry data may be sent as capable.
  private(set) var isSendingCapable = false

  // RFC 3168, as a receiver: a mark has come, and the peer has not said CWR since.
  private var echoes = false

  // RFC 9768 section 3.2.1, as a receiver: r.cep modulo 8; r.ceb, r.e0b, r.e1b modulo 2^24, as the option carries them.
  private var receivedPackets: UInt8 = 5
  private var receivedMarkedBytes: UInt32 = 0
  private var receivedCapable0Bytes: UInt32 = 1
  private var receivedCapable1Bytes: UInt32 = 1
  /// The counters have changed since they were last told in full.
  private var isOptionDue = false
  /// The code point of the peer's SYN or SYN,ACK, which the answer to it echoes.
  private var handshakeCodepoint = ECNCodepoint.notCapable
  private var echoesHandshake = false

  // RFC 9768 section 3.2.1, as a sender: s.cep and s.ceb, what the peer has reported so far, modulo the same.
  private var reportedPackets: UInt8 = 5
  private var reportedMarkedBytes: UInt32 = 0

  /// Marks that have arrived.
  private(set) var marksReceived: UInt64 = 0
}

/// The handshake (RFC 3168 section 6.1.1; RFC 9768 section 3.1).
extension CongestionNotification {
  /// The flags of a SYN that asks for what is configured. One that has timed out twice asks for nothing, in case that
  /// something on the way drops such SYNs (RFC 9768 section 3.1.4).
  static func flagsOfSYN(_ wish: ExplicitCongestionNotification, timeouts: UInt8) -> TCPFlags {
    guard timeouts < 2 else { return TCPFlags(counter: 0) }
    switch wish {
    case .off, .acceptOnly: return TCPFlags(counter: 0)
    case .classic: return TCPFlags(counter: 0b011)
    case .accurate: return TCPFlags(counter: 0b111)
    }
  }

  /// Takes in the SYN of a peer that opens: flags are tested as bits, and a bit more than is understood is no reason to
  /// refuse the rest.
  mutating func takeSYN(_ flags: TCPFlags, codepoint: ECNCodepoint, wish: ExplicitCongestionNotification) {
    handshakeCodepoint = codepoint
    if flags.counter == 0b111, wish == .accurate {
      mode = .accurate
      // The answer tells that the option gets through, or doesn't (RFC 9768 section 3.2.3.2).
      isOptionDue = true
    } else if flags.contains(.cwr), flags.contains(.ece), wish != .off {
      mode = .classic
    }
    isSendingCapable = mode != .off
  }

  /// The flags of the answer to such a SYN: for accurate feedback, which code point it came with. One that has timed out
  /// twice has none, as a SYN.
  func flagsOfSYNACK(timeouts: UInt8) -> TCPFlags {
    guard timeouts < 2 else { return TCPFlags(counter: 0) }
    return switch mode {
    case .off: TCPFlags(counter: 0)
    case .classic: .ece
    case .accurate: Self.handshakeEcho(of: handshakeCodepoint)
    }
  }

  /// Takes in the answer to a SYN of ours (RFC 9768 section 3.1.2, table 2). Broken reflections mean nothing.
  mutating func takeSYNACK(_ flags: TCPFlags, codepoint: ECNCodepoint, wish: ExplicitCongestionNotification) {
    mode = .off
    switch flags.counter {
    case 0b001 where wish == .accurate || wish == .classic:
      mode = .classic
    case 0b010, 0b011, 0b100, 0b110:
      guard wish == .accurate else { break }
      mode = .accurate
      handshakeCodepoint = codepoint
      echoesHandshake = true
      isOptionDue = true
      if codepoint == .congestionExperienced { receivedPackets = 6 }
    default:
      break
    }
    isSendingCapable = mode != .off
  }

  /// Takes in the ACK that ends the handshake of a peer that opened: its counter field echoes the code point of our
  /// SYN,ACK (RFC 9768 section 3.2.2.1, table 4). Zero means that something on the way clears the field.
  mutating func takeHandshakeACK(_ flags: TCPFlags) {
    guard mode == .accurate else { return }
    switch flags.counter {
    case 0: isSendingCapable = false
    case 6: reportedPackets = 6
    default: break
    }
  }

  private static func handshakeEcho(of codepoint: ECNCodepoint) -> TCPFlags {
    switch codepoint {
    case .notCapable: TCPFlags(counter: 0b010)
    case .capable1: TCPFlags(counter: 0b011)
    case .capable0: TCPFlags(counter: 0b100)
    case .congestionExperienced: TCPFlags(counter: 0b110)
    }
  }
}

/// Feedback.
extension CongestionNotification {
  /// Takes in the code point and flags of a segment that arrived.
  ///
  /// - Returns: whether it was marked, so that it should be acknowledged at once.
  mutating func arrived(_ codepoint: ECNCodepoint, flags: TCPFlags, length: Int, count: Int) -> Bool {
    let isMarked = codepoint == .congestionExperienced
    switch mode {
    case .off:
      return false
    case .classic:
      // CWR answers the echo; a mark on the same segment starts it again.
      if flags.contains(.cwr) { echoes = false }
      if isMarked { echoes = true }
    case .accurate:
      countBytes(codepoint, UInt32(clamping: length))
      if isMarked { receivedPackets = (receivedPackets + UInt8(truncatingIfNeeded: count) % 8) % 8 }
    }
    if isMarked { marksReceived += UInt64(count) }
    return isMarked
  }

  private mutating func countBytes(_ codepoint: ECNCodepoint, _ length: UInt32) {
    guard length > 0, codepoint != .notCapable else { return }
    let added = length & Self.counterMask
    switch codepoint {
    case .notCapable: break
    case .capable0: receivedCapable0Bytes = (receivedCapable0Bytes + added) & Self.counterMask
    case .capable1: receivedCapable1Bytes = (receivedCapable1Bytes + added) & Self.counterMask
    case .congestionExperienced: receivedMarkedBytes = (receivedMarkedBytes + added) & Self.counterMask
    }
    isOptionDue = true
  }

  /// The flags that every segment after the handshake carries.
  mutating func takeFlags() -> TCPFlags {
    switch mode {
    case .off:
      return TCPFlags(counter: 0)
    case .classic:
      return TCPFlags(counter: echoes ? 0b001 : 0)
    case .accurate:
      if echoesHandshake {
        echoesHandshake = false
        return Self.handshakeEcho(of: handshakeCodepoint)
      }
      return TCPFlags(counter: receivedPackets)
    }
  }

  /// Adds the byte counters to a segment, where they have changed and there is room (RFC 9768 section 3.2.3).
  mutating func addOption(to options: inout TCPOptions) {
    guard mode == .accurate, isOptionDue else { return }
    options.accurateECN = TCPOptions.AccurateECN(
      order: .ect0First,
      ect0Bytes: receivedCapable0Bytes,
      ceBytes: receivedMarkedBytes,
      ect1Bytes: receivedCapable1Bytes
    )
    guard options.length <= TCPOptions.maximumLength else {
      options.accurateECN = nil
      return
    }
    isOptionDue = false
  }

  /// Whether the peer says that RFC 3168's way that it has seen a mark.
  func isEcho(_ flags: TCPFlags) -> Bool {
    mode == .classic && flags.contains(.ece)
  }

  /// How many bytes the peer newly reports as marked (RFC 9768 section 3.2.2.5 and appendix A).
  ///
  /// The byte counter tells exactly. Without it the counter of packets does, modulo eight, each taken for a full segment.
  mutating func newlyMarkedBytes(_ header: TCPHeader, segmentSize: UInt16) -> UInt64 {
    guard mode == .accurate, !header.flags.contains(.syn) else { return 0 }
    let packets = (header.flags.counter + 8 - reportedPackets) % 8
    reportedPackets = header.flags.counter
    if let bytes = header.options.accurateECN?.ceBytes {
      let change = (bytes + Self.counterMask + 1 - reportedMarkedBytes) & Self.counterMask
      // A counter that goes backwards belongs to a segment that was overtaken.
      guard change <= Self.counterMask / 2 else { return 0 }
      reportedMarkedBytes = bytes
      return UInt64(change)
    }
    return UInt64(packets) * UInt64(segmentSize)
  }

  private static let counterMask: UInt32 = 0xFF_FFFF
}

extension TCPFlags {
  /// AE, CWR and ECE as a number (ACE, RFC 9768 section 3.1.1): ECE is its lowest bit.
  var counter: UInt8 { UInt8(rawValue >> 6 & 7) }

  /// The flags of which `counter` is the number, modulo eight.
  init(counter: UInt8) {
    self.init(rawValue: UInt16(counter & 7) << 6)
  }
}
