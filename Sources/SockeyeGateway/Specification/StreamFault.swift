internal import NIOCore

/// What happens to a stream once so many of its bytes have passed.
public struct StreamFault: Equatable, Sendable {
  /// What happens.
  public enum Kind: String, CaseIterable, Sendable {
    /// Both ends get a reset.
    case reset
    /// The stream ends there, as if its sender had said all.
    case close
    /// Nothing more passes, and nobody is told.
    case silence
  }

  /// What happens.
  public let kind: Kind
  /// How many bytes pass before it does.
  public private(set) var remaining: UInt64

  /// Creates a fault.
  ///
  /// - Parameters:
  ///   - kind: what happens.
  ///   - after: how many bytes pass before.
  public init(_ kind: Kind, after: UInt64) {
    self.kind = kind
    remaining = after
  }

  /// Counts what is to pass, and cuts off what isn't to. Returns what happens behind it, if anything does.
  mutating func take(_ buffer: inout ByteBuffer) -> Kind? {
    let length = UInt64(clamping: buffer.readableBytes)
    guard length >= remaining else {
      remaining -= length
      return nil
    }
    buffer = buffer.getSlice(at: buffer.readerIndex, length: Int(clamping: remaining)) ?? ByteBuffer()
    remaining = 0
    return kind
  }
}
