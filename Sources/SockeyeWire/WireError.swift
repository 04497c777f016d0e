/// Why bytes are not the packet that they were taken for.
///
/// Each parser checks lengths once, before it reads anything; a value that it returns needs no further check. The bytes
/// of a failed parse are to be dropped and counted, never answered.
public enum WireError: Error, Equatable, Sendable {
  /// There are fewer bytes than the header, or the length that it names, needs.
  case truncated
  /// The version field of an IP header is neither 4 nor 6, or not the one that was asked for.
  case unsupportedVersion
  /// A header length field is less than the fixed header, or larger than the bytes that hold it.
  case invalidHeaderLength
  /// A total, payload or datagram length field contradicts the header that it stands in.
  case invalidLength
  /// The checksum does not match.
  case invalidChecksum
  /// A field holds a value that the format forbids.
  case invalidField
  /// A chain of headers is longer than is reasonable to follow.
  case tooManyHeaders
}
