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
  /// - Returns: Nothing if its dates are all right, or it can't be seen.
  static func problem(of url: DownloadURL, transport: Transport, options: DownloadOptions) async -> Failure? {
    guard url.scheme == .https, options.certificateFingerprint == nil else { return nil }
    let promise = transport.eventLoopGroup.next().makePromise(of: Failure?.self)
    do throws(Failure) {
      let channel = try await transport.connect(to: url.endpoint, options: options.connect) { channel in
        let context = try NIOSSLContext(configuration: .makeClientConfiguration())
        let handler = try NIOSSLClientHandler(
          context: context,
          serverHostname: TLSClient.serverName(url.host)
        ) { chain, verdict in
          let now = Int64(time(nil))
          let found = chain.lazy.compactMap {
            TLSFailure.dates(from: Int64($0.notValidBefore), to: Int64($0.notValidAfter), now: now, url: url)
          }.first
          promise.succeed(found)
          verdict.succeed(NIOSSLVerificationResult.failed)
        }
        try channel.pipeline.syncOperations.addHandler(handler)
        try channel.pipeline.syncOperations.addHandler(HandshakeDeadline(url: url, limit: options.connect.timeout))
      }
      channel.closeFuture.whenComplete { _ in promise.succeed(nil) }
    } catch {
      promise.succeed(nil)
    }
    return try? await promise.futureResult.get()
  }
}
