/// A 32-bit sequence number as it stands in a header (RFC 9293 section 3.4).
///
/// Sequence numbers wrap, so they have no order, only a signed distance that is meaningful while two
/// of them lie less than 2³¹ apart. Inside the engine positions are 64-bit `StreamOffset`s, which do
/// not wrap; the conversion happens at the border, here.
public struct SequenceNumber: Hashable, Sendable {
  /// The number as it stands in the header, in host byte order.
  public var value: UInt32

  /// The sequence number of the given value.
  @inlinable
  public init(_ value: UInt32) {
    self.value = value
  }

  /// The number `distance` further along, wrapping.
  @inlinable
  public static func + (number: SequenceNumber, distance: UInt32) -> SequenceNumber {
    SequenceNumber(number.value &+ distance)
  }

  /// How far `right` must advance to reach `left`: negative where `left` lies before `right`.
  @inlinable
  public static func - (left: SequenceNumber, right: SequenceNumber) -> Int32 {
    Int32(bitPattern: left.value &- right.value)
  }

  /// Adds in place, wrapping.
  @inlinable
  public static func += (number: inout SequenceNumber, distance: UInt32) { number = number + distance }
}

/// A position in one direction of a connection, in sequence space and never wrapping: the SYN lies at
/// 0, the first byte of data at 1, and the FIN directly after the last byte.
public typealias StreamOffset = UInt64

extension SequenceNumber {
  /// The sequence number that stands for `offset` in a stream whose SYN has the number `initial`.
  @inlinable
  public init(offset: StreamOffset, initial: SequenceNumber) {
    self.init(initial.value &+ UInt32(truncatingIfNeeded: offset))
  }

  /// The position nearest to `reference` for which this number stands, in a stream whose SYN has the
  /// number `initial`; nil where that lies before the SYN.
  ///
  /// The nearest of the positions that are 2³² apart is the right one, because no window exceeds 2³⁰
  /// bytes (RFC 7323 section 2.3).
  @inlinable
  public func offset(near reference: StreamOffset, initial: SequenceNumber) -> StreamOffset? {
    let distance = self - SequenceNumber(offset: reference, initial: initial)
    if distance >= 0 {
      let (offset, overflow) = reference.addingReportingOverflow(UInt64(distance.magnitude))
      return overflow ? nil : offset
    }
    let (offset, overflow) = reference.subtractingReportingOverflow(UInt64(distance.magnitude))
    return overflow ? nil : offset
  }
}

extension UInt32 {
  /// How far `reference` must advance to reach this number on a clock of 32 bits that wraps: negative
  /// where this one lies before (RFC 7323 section 5.2, the comparison of timestamps).
  func wrappingDistance(from reference: UInt32) -> Int32 {
    Int32(bitPattern: self &- reference)
  }
}
