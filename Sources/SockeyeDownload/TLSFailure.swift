internal import Glibc
internal import NIOCore
internal import NIOSSL
internal import SockeyeText
internal import SockeyeTransport

/// What to tell of a TLS connection that didn't come about, as sentences.
enum TLSFailure {
  static func make(_ error: any Error, url: DownloadURL) -> Failure {
    if error is NIOSSLExtraError {
      return Failure(.tls, .certificateOfOther(url, url.host))
    }
    let text = "\(error)"
    // Whoever breaks off without an alert (RFC 8446, section 6) has refused nothing: it may be overloaded, or the network.
    if text.contains("EOF during") { return Failure(.network, .cutInHandshake(url)) }
    return Failure(.tls, .tlsFailed(url, TLSProblem(reason(in: text), host: url.host)))
  }

  /// BoringSSL's name for what went wrong, such as `WRONG_VERSION_NUMBER`.
  private static func reason(in text: String) -> Substring {
    guard let marker = text.firstRange(of: "OPENSSL_internal:") else { return "" }
    return text[marker.upperBound...].prefix { $0 == "_" || $0.isLetter || $0.isNumber }
  }

  /// What is wrong with a certificate's dates, if anything is. The library that verifies says only that it isn't one to
  /// trust.
  static func dates(from begin: Int64, to end: Int64, now: Int64, url: DownloadURL) -> Failure? {
    if now > end {
      return Failure(.tls, .certificateExpired(url, url.host, HTTPDate.internetText(end)))
    }
    if now < begin {
      return Failure(.tls, .certificateNotYetValid(url, url.host, HTTPDate.internetText(begin)))
    }
    return nil
  }
}

/// Looks at the certificate of a server that could not be verified, over a connection of its own that carries nothing.
enum CertificateInspection {
  /// Adds a handler that looks, and takes nothing.
  ///
  /// - Parameter verdict: Told what is wrong with the dates; nothing if they are all right.
  static func furnish(
    _ channel: any Channel,
    for url: DownloadURL,
    limit: TimeAmount,
    verdict: EventLoopPromise<Failure?>
  ) throws {
    let context = try NIOSSLContext(configuration: .makeClientConfiguration())
    let name = TLSClient.serverName(url.host)
    let handler = try NIOSSLClientHandler(context: context, serverHostname: name) { chain, end in
      let now = Int64(time(nil))
      let found = chain.lazy.compactMap {
        TLSFailure.dates(from: Int64($0.notValidBefore), to: Int64($0.notValidAfter), now: now, url: url)
      }.first
      verdict.succeed(found)
      end.succeed(NIOSSLVerificationResult.failed)
    }
    try channel.pipeline.syncOperations.addHandler(handler)
    try channel.pipeline.syncOperations.addHandler(HandshakeDeadline(url: url, limit: limit))
  }
}
