/// Which of the two Internet protocols may be used.
public enum AddressFamily: Hashable, Sendable, CaseIterable {
  /// IPv4 and IPv6.
  case any
  /// IPv4 alone.
  case v4
  /// IPv6 alone.
  case v6
}
