/// The control bits of a TCP header (RFC 9293 section 3.1), the ninth, AE, from RFC 9768.
///
/// Test bits, never equality: a SYN that negotiates explicit congestion notification is still a SYN.
public struct TCPFlags: OptionSet, Hashable, Sendable {
  /// The bits as they stand in the low nine bits of the header's thirteenth and fourteenth bytes.
  public let rawValue: UInt16

  /// Takes bits as they stand in the header. Bits above the ninth are reserved and don't survive an emission.
  @_noLocks
  @inlinable
  public init(rawValue: UInt16) {
    self.rawValue = rawValue
  }

  /// FIN: the sender has no more data.
  public static var fin: TCPFlags { @_noLocks get { TCPFlags(rawValue: 0x001) } }
  /// SYN: the sequence number is the initial one.
  public static var syn: TCPFlags { @_noLocks get { TCPFlags(rawValue: 0x002) } }
  /// RST: the connection is reset.
  public static var rst: TCPFlags { @_noLocks get { TCPFlags(rawValue: 0x004) } }
  /// PSH: the data should reach the application without waiting for more.
  public static var psh: TCPFlags { @_noLocks get { TCPFlags(rawValue: 0x008) } }
  /// ACK: the acknowledgment number means something.
  public static var ack: TCPFlags { @_noLocks get { TCPFlags(rawValue: 0x010) } }
  /// URG: the urgent pointer means something.
  public static var urg: TCPFlags { @_noLocks get { TCPFlags(rawValue: 0x020) } }
  /// ECE: the echo of a congestion mark (RFC 3168), or a bit of the ACE counter (RFC 9768).
  public static var ece: TCPFlags { @_noLocks get { TCPFlags(rawValue: 0x040) } }
  /// CWR: the congestion window was reduced (RFC 3168), or a bit of the ACE counter (RFC 9768).
  public static var cwr: TCPFlags { @_noLocks get { TCPFlags(rawValue: 0x080) } }
  /// AE: accurate ECN on a SYN, or the high bit of the ACE counter (RFC 9768 section 3.1.1).
  public static var ae: TCPFlags { @_noLocks get { TCPFlags(rawValue: 0x100) } }

  /// The nine bits that have a meaning, as a number.
  static var mask: UInt16 { @_noLocks get { 0x1FF } }

  /// The nine bits that have a meaning.
  public static var all: TCPFlags { @_noLocks get { TCPFlags(rawValue: mask) } }
}
