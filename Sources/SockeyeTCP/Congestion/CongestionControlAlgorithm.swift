/// The congestion control that a connection can be given.
public enum CongestionControlAlgorithm: Sendable, Equatable {
  /// RFC 5681 with RFC 6582.
  case newReno
  /// RFC 9438 with HyStart++ (RFC 9406).
  case cubic
  /// BBR version 3 (draft-ietf-ccwg-bbr).
  case bbr
  /// A controller of the embedder's own.
  case supplied(SuppliedCongestionController)

  /// Those that come with the engine.
  public static let builtIn: [CongestionControlAlgorithm] = [.newReno, .cubic, .bbr]
}
