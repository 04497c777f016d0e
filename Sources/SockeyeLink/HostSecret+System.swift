internal import Glibc
public import SockeyeTCP

extension HostSecret {
  /// A secret of the system's random numbers (getrandom(2), which waits until the machine has gathered enough).
  ///
  /// - Throws: `LinkError` where the system has none to give.
  public static func fromSystem() throws(LinkError) -> HostSecret {
    var bytes = [UInt8](repeating: 0, count: length)
    guard getentropy(&bytes, bytes.count) == 0, let secret = HostSecret(bytes.span.bytes) else {
      throw LinkError("cannot draw a secret from the system")
    }
    return secret
  }
}
