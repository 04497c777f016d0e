internal import Glibc
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL
internal import SockeyeTransport

/// What to tell of an error of a connection's decoders and sockets.
enum ExchangeFailure {
  /// - Parameter cut: What to say when the connection ended too early.
  static func make(_ error: any Error, url: DownloadURL, cut: Failure) -> Failure {
    switch error {
    case let failure as Failure: return failure
    case HTTPParserError.invalidEOFState: return cut
    case HTTPParserError.headerOverflow:
      return Failure(.peerProtocol, .headersTooLong(url))
    case is HTTPParserError:
      return Failure(.peerProtocol, .notHTTP(url, "\(error)"))
    case NIOSSLError.uncleanShutdown: return cut
    case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError: return TLSFailure.make(error, url: url)
    case let error as IOError where error.errnoCode == ECONNRESET:
      return Failure(.network, .serverReset(url))
    default: return Failure(.network, .failed(url, "\(error)"))
    }
  }
}

extension TimeAmount {
  /// The amount in seconds, rounded up.
  var seconds: Int64 { (nanoseconds + 999_999_999) / 1_000_000_000 }
}
