public import NIOCore

/// Something that a peer said.
public struct Message: Sendable {
  /// What is remarkable about a message.
  public struct Marks: OptionSet, Sendable {
    /// The marks as bits.
    public let rawValue: UInt8
    /// Creates a set from its bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// A datagram that was larger than what is received.
    public static let truncated = Marks(rawValue: 1 << 0)
    /// A frame whose end never came.
    public static let incomplete = Marks(rawValue: 1 << 1)
    /// A datagram from somebody else than was spoken to.
    public static let unexpectedSource = Marks(rawValue: 1 << 2)
    /// A datagram, which may be empty.
    public static let datagram = Marks(rawValue: 1 << 3)
  }

  /// Everything that came over the wire, framing included.
  public var bytes: ByteBuffer
  /// The message without its framing.
  public var payload: ByteBuffer
  /// What is remarkable about it.
  public var marks: Marks
  /// Where it came from, when that isn't the address that was spoken to.
  public var source: SocketAddress?

  /// Creates a message.
  ///
  /// - Parameters:
  ///   - bytes: Everything that came over the wire.
  ///   - payload: The part that is not framing; all of it by default.
  ///   - marks: What is remarkable about it.
  public init(_ bytes: ByteBuffer, payload: ByteBuffer? = nil, marks: Marks = []) {
    self.bytes = bytes
    self.payload = payload ?? bytes
    self.marks = marks
  }
}
