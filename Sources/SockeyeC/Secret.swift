internal import Glibc
internal import SockeyeTCP

/// Where a host's secret comes from.
extension HostSecret {
  /// The secret that the caller gave, the one that a simulation's seed stands for, or else one of the system's.
  static func choose(given bytes: UnsafeRawBufferPointer?, seed: UInt64?) throws(ConfigurationProblem) -> HostSecret {
    if let bytes {
      guard let secret = HostSecret(bytes.bytes) else {
        throw ConfigurationProblem("a secret has at least \(length) bytes, not \(bytes.count)")
      }
      return secret
    }
    if let seed { return HostSecret(seed: seed) }
    var drawn = [UInt8](repeating: 0, count: length)
    guard getentropy(&drawn, drawn.count) == 0, let secret = HostSecret(drawn.span.bytes) else {
      throw ConfigurationProblem("the system has no random numbers to give: \(String(cString: strerror(errno)))")
    }
    return secret
  }
}
