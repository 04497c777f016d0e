/// The options of a TCP header: each that is in use today, in fixed storage.
///
/// A value of this type is what a segment's option area said, or what one is to say. Nothing here judges whether an
/// option belongs on the segment at hand (a maximum segment size only belongs on a SYN): that is the connection's part.
public struct TCPOptions: Equatable, Sendable {
  /// The most that a TCP header has room for, in bytes: a data offset of 15 words less the fixed 20 bytes.
  public static var maximumLength: Int { @_noLocks get { 40 } }

  /// Maximum segment size in bytes (kind 2, RFC 9293 section 3.7.1).
  public var maximumSegmentSize: UInt16?
  /// Window scale as a shift (kind 3, RFC 7323 section 2), as it was sent: above 14 it counts as 14.
  public var windowScale: UInt8?
  /// Whether selective acknowledgments may be sent to whoever sends this (kind 4, RFC 2018 section 2).
  public var sackPermitted = false
  /// Selective acknowledgments (kind 5, RFC 2018 section 3), at most four blocks.
  public var sackBlocks = SACKBlocks()
  /// Timestamps (kind 8, RFC 7323 section 3).
  public var timestamp: Timestamp?
  /// User timeout (kind 28, RFC 5482).
  public var userTimeout: UserTimeout?
  /// Fast open (kind 34, RFC 7413 section 4.1.1): a cookie, or the request for one.
  public var fastOpen: FastOpenCookie?
  /// Byte counters of accurate ECN (kinds 172 and 174, RFC 9768 section 3.2.3).
  public var accurateECN: AccurateECN?

  /// No options.
  @_noLocks
  public init() {}

  /// Option kinds by IANA's registry.
  enum Kind {
    static var endOfList: UInt8 { @_noLocks get { 0 } }
    static var noOperation: UInt8 { @_noLocks get { 1 } }
    static var maximumSegmentSize: UInt8 { @_noLocks get { 2 } }
    static var windowScale: UInt8 { @_noLocks get { 3 } }
    static var sackPermitted: UInt8 { @_noLocks get { 4 } }
    static var sack: UInt8 { @_noLocks get { 5 } }
    static var timestamp: UInt8 { @_noLocks get { 8 } }
    static var userTimeout: UInt8 { @_noLocks get { 28 } }
    static var fastOpen: UInt8 { @_noLocks get { 34 } }
    static var accurateECN0: UInt8 { @_noLocks get { 172 } }
    static var accurateECN1: UInt8 { @_noLocks get { 174 } }
  }
}

extension TCPOptions {
  /// The two clocks of the timestamps option (RFC 7323 section 3.2).
  public struct Timestamp: Hashable, Sendable {
    /// TSval: the sender's clock.
    public var value: UInt32
    /// TSecr: the receiver's clock as the sender last saw it; means something only beside ACK.
    public var echo: UInt32

    /// A timestamp of `value` that echoes `echo`.
    @_noLocks
    public init(value: UInt32, echo: UInt32) {
      self.value = value
      self.echo = echo
    }
  }

  /// How long the sender will keep unacknowledged data before it gives up (RFC 5482 section 2).
  public struct UserTimeout: Hashable, Sendable {
    /// The count of seconds or minutes, 0...32767; zero is not a timeout.
    public var count: UInt16
    /// Whether `count` is of minutes.
    public var isMinutes: Bool

    /// A timeout of `count` seconds, or minutes. Bits above the fifteenth are dropped.
    @_noLocks
    public init(count: UInt16, isMinutes: Bool) {
      self.count = count & 0x7FFF
      self.isMinutes = isMinutes
    }

    /// The timeout in seconds, 0...1,966,020.
    public var seconds: UInt32 {
      isMinutes ? UInt32(count) * 60 : UInt32(count)
    }
  }
}
